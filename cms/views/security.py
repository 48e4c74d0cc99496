"""One's own account: password, devices, second factor."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import signing_in
from cms.access import signed_in
from cms.errors import DomainError
from cms.forms.sign_in import ChangePasswordForm
from cms.models import User
from cms.phones import mask_phone
from cms.services import second_factor as factors
from cms.services import sessions as devices
from cms.services.passwords import change_password
from cms.throttling import Throttle
from cms.views.tries import submit

_tries = Throttle("password")


@signed_in
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What one signs in with, and the way to change each."""
    user = cast(User, request.user)
    context = {
        "account": user,
        "phone": mask_phone(user.phone) if user.phone else "",
        "has_factor": factors.is_enrolled(user),
        "works_in_office": user.works_in_backoffice,
    }
    return render(request, "cms/me/security.html", context)


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponseBase:
    """Change one's own password; every other device is signed out."""
    user = cast(User, request.user)
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        key = request.session.session_key or ""
        done = submit(
            request,
            form,
            _tries,
            lambda data: change_password(
                user, old=data["old"], new=data["password"], keep_session=key, by=user, at=timezone.now()
            ),
            guesses={"password_old"},
            who=str(user.pk),
        )
        if isinstance(done, HttpResponse):
            return done
        if isinstance(done, User):
            update_session_auth_hash(request, done)
            signing_in.keep_session(request, key)
            messages.success(request, _("密码改好了，其他设备上都退出了。"))
            return redirect("account:security")
    return render(request, "cms/me/password.html", {"form": form})


@signed_in
@never_cache
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the account is signed in."""
    current = request.session.session_key or ""
    found = devices.signed_in_devices(cast(User, request.user), current=current, at=timezone.now())
    return render(request, "cms/me/sessions.html", {"devices": found, "others": len(found) > 1})


@signed_in
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Sign one device out; this one too, if it is meant."""
    user = cast(User, request.user)
    try:
        devices.end_session(user, pk, by=user, at=timezone.now())
    except DomainError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("那台设备退出了。"))
    return redirect("account:sessions")


@signed_in
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponseBase:
    """Sign every other device out."""
    user = cast(User, request.user)
    key = request.session.session_key or ""
    count = devices.end_sessions(user, keep=key, by=user, at=timezone.now())
    messages.success(request, _("%(count)s 台设备退出了。") % {"count": count})
    return redirect("account:sessions")
