"""Signing in with a password, signing out, signing up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cms import signing_in
from cms.access import public
from cms.forms.account import SignInForm, SignUpForm
from cms.models import User
from cms.services import accounts
from cms.services.codes import texts_are_sent
from cms.signing_in import landing_url
from cms.throttling import Throttle, address_of
from cms.views.errors import render_too_many
from cms.views.tries import next_url, submit, with_next

_sign_in_tries = Throttle("sign_in")
_sign_up_tries = Throttle("sign_up")


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Phone, e-mail or user name, and password; ten wrong tries from one place and the rest must wait."""
    target = next_url(request)
    if request.user.is_authenticated and request.method == "GET":
        return redirect(target or landing_url(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        answer = _try_password(request, form.cleaned_data["name"], form.cleaned_data["password"], target)
        if answer is not None:
            return answer
        form.add_error(None, _("手机号（或用户名）和密码对不上，请再看看。忘了密码，点下面的“忘了密码”。"))
    code_url = with_next("account:code", target) if texts_are_sent() else ""
    context = {"form": form, "next": target, "code_url": code_url}
    return render(request, "cms/account/sign_in.html", context)


def _try_password(request: HttpRequest, name: str, password: str, target: str) -> HttpResponseBase | None:
    """Return the way on or a 429 page, or ``None`` after a wrong password."""
    at, address = timezone.now(), address_of(request)
    from_here = Throttle("sign_in_address", limit=settings.THROTTLE_ADDRESS_FAILURES)
    who = (name.strip().casefold(), address)
    if wait := from_here.take(address, at=at) or _sign_in_tries.take(*who, at=at):
        return render_too_many(request, wait)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        return None
    _sign_in_tries.forget(*who)
    from_here.give_back(address)
    return signing_in.begin(request, user, way="password", target=target, at=at)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; asked by POST only, so that no picture on another site can do it."""
    logout(request)
    messages.success(request, _("已经退出。合用的手机，退出了才放心。"))
    return redirect("/")


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponseBase:
    """Open an account on the phone; the answer never tells whether the number is in the register."""
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        user = submit(request, form, _sign_up_tries, _sign_up_with, guesses={"phone_taken"})
        if isinstance(user, HttpResponse):
            return user
        if isinstance(user, User):
            messages.success(request, _("账号开好了。下次用手机号和密码登录。"))
            home = reverse("account:home")
            return signing_in.begin(request, user, way="sign_up", target=home, at=timezone.now())
    return render(request, "cms/account/sign_up.html", {"form": form})


def _sign_up_with(data: dict[str, Any]) -> User:
    names = ("phone", "password", "legal_name", "id_type", "number")
    return accounts.sign_up(**{name: data[name] for name in names}, at=timezone.now())
