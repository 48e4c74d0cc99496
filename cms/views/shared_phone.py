"""Leaving a shared phone, and coming back to it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import shared_phone
from cms.access import SignedInRequest, signed_in
from cms.errors import DomainError
from cms.forms.account import UnlockForm
from cms.signing_in import landing_url
from cms.throttling import Throttle
from cms.views.tries import submit

_tries = Throttle("unlock")


@require_POST
@signed_in
def leave(request: SignedInRequest) -> HttpResponseBase:
    """Lock now and keep the place; on a phone of one's own there is nothing to lock."""
    if shared_phone.is_shared(request) and not shared_phone.is_locked(request):
        shared_phone.lock(request, request.POST.get("next", ""))
    return redirect("account:locked")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def locked(request: SignedInRequest) -> HttpResponseBase:
    """Ask for the password, say nothing of anybody, and go on where one was."""
    if not shared_phone.is_locked(request):
        return redirect(landing_url(request))
    form = UnlockForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = submit(
            request,
            form,
            _tries,
            lambda data: _check(request, data),
            guesses={"password_old"},
            who=str(request.user.pk),
        )
        if isinstance(done, HttpResponse):
            return done
        if done is not None:
            place = shared_phone.unlock(request, at=timezone.now())
            return redirect(place or landing_url(request))
    name = str(request.user)
    # Nothing personal on this page: no menu of the account, no name but its first character.
    context = {"form": form, "hint": f"{name[:1]}＊", "user": AnonymousUser()}
    return render(request, "cms/account/locked.html", context)


def _check(request: SignedInRequest, data: dict[str, Any]) -> bool:
    if not request.user.check_password(data["password"]):
        raise DomainError("password_old", _("密码不对，请再看看。"), field="password")
    return True


@never_cache
@require_safe
@signed_in
def awake(request: SignedInRequest) -> HttpResponse:
    """Somebody touches the phone; the middleware has noted it."""
    return HttpResponse()
