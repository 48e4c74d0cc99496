"""The second factor: shown at sign-in, added, renewed and taken off by its owner."""

from __future__ import annotations

from typing import Any, cast

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import signing_in
from cms.access import public, signed_in
from cms.forms.sign_in import FactorForm, NewFactorForm
from cms.models import User
from cms.services import second_factor as factors
from cms.throttling import Throttle
from cms.views.tries import next_url, submit

# The key shown on the page and not yet confirmed.
SECRET_KEY = "new_factor_secret"  # noqa: S105  the name of a place, no secret
# Until when this session may see the recovery codes, and where its owner was going.
SHOW_CODES_KEY = "show_recovery_codes"
SHOW_CODES_SECONDS = 10 * 60

_tries = Throttle("second_factor")
_GUESSES = frozenset({"code_wrong"})


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second factor; only who gave the first in this session gets here."""
    waiting = signing_in.pending(request, at=timezone.now())
    if waiting is None:
        return redirect("account:sign_in")
    user, way, target = waiting
    form = FactorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = submit(
            request, form, _tries, lambda data: _shown(user, data), guesses=_GUESSES, who=str(user.pk)
        )
        if isinstance(done, HttpResponse):
            return done
        if done is not None:
            _warn_of_few_codes(request, user)
            return signing_in.finish(request, user, way=way, target=target, factor=True, at=timezone.now())
    return render(request, "cms/account/second_factor.html", {"form": form})


def _shown(user: User, data: dict[str, Any]) -> bool:
    factors.check_code(user, data["code"], at=timezone.now())
    return True


def _warn_of_few_codes(request: HttpRequest, user: User) -> None:
    left = factors.recovery_codes_left(user)
    if left <= 2:  # the paper is nearly used up: say so while the owner can still get in
        messages.warning(
            request, _("备用码只剩 %(left)s 个，请到“账号与安全”重新打印一张。") % {"left": left}
        )


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def factor(request: HttpRequest) -> HttpResponseBase:
    """Say whether the second factor is on; take a code to renew the recovery codes or to take it off."""
    user = cast(User, request.user)
    is_on = factors.is_enrolled(user)
    is_required = factors.needs_factor(user, required=settings.STAFF_SECOND_FACTOR)
    form = FactorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and is_on:
        act = _switch_off if request.POST.get("act") == "off" else _renew
        done = submit(
            request, form, _tries, lambda data: act(request, user, data), guesses=_GUESSES, who=str(user.pk)
        )
        if done is not None:
            return cast(HttpResponseBase, done)
    left = factors.recovery_codes_left(user) if is_on else 0
    context = {"form": form, "is_on": is_on, "is_required": is_required, "left": left}
    return render(request, "cms/me/factor.html", context)


def _switch_off(request: HttpRequest, user: User, data: dict[str, Any]) -> HttpResponseBase:
    factors.leave(user, data["code"], required=settings.STAFF_SECOND_FACTOR, at=timezone.now())
    request.session.pop(signing_in.FACTOR_KEY, None)
    messages.success(request, _("第二重验证关掉了。"))
    return redirect("account:factor")


def _renew(request: HttpRequest, user: User, data: dict[str, Any]) -> HttpResponseBase:
    factors.renew_recovery_codes(user, data["code"], at=timezone.now())
    _show_codes(request, "")
    return redirect("account:factor_codes")


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def factor_new(request: HttpRequest) -> HttpResponseBase:
    """Show the key as a picture and as text, and take the first code of the app."""
    user = cast(User, request.user)
    if factors.is_enrolled(user):
        return redirect("account:factor")
    secret = request.session.setdefault(SECRET_KEY, factors.new_secret())
    form = NewFactorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        at = timezone.now()
        done = submit(
            request,
            form,
            _tries,
            lambda data: factors.enrol(
                user, secret, data["code"], keep_session=request.session.session_key or "", at=at
            ),
            guesses=_GUESSES,
            who=str(user.pk),
        )
        if isinstance(done, HttpResponse):
            return done
        if done is not None:
            del request.session[SECRET_KEY]
            signing_in.mark_factor(request, at=at)
            _show_codes(request, next_url(request))
            return redirect("account:factor_codes")
    picture = segno.make(factors.app_address(user, secret), error="m", micro=False)
    context = {
        "form": form,
        "next": next_url(request),
        "picture": picture.svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "is_required": factors.needs_factor(user, required=settings.STAFF_SECOND_FACTOR),
    }
    return render(request, "cms/me/factor_new.html", context)


def _show_codes(request: HttpRequest, target: str) -> None:
    until = timezone.now().timestamp() + SHOW_CODES_SECONDS
    request.session[SHOW_CODES_KEY] = {"until": until, "next": target}


@signed_in
@never_cache
@require_safe
def factor_codes(request: HttpRequest) -> HttpResponseBase:
    """Show the recovery codes to print, in the minutes after they were made; never later."""
    shown = request.session.get(SHOW_CODES_KEY)
    if not shown or shown["until"] < timezone.now().timestamp():
        return redirect("account:factor")
    codes = [f"{code[:4]} {code[4:]}" for code in factors.recovery_codes(cast(User, request.user))]
    return render(request, "cms/me/factor_codes.html", {"codes": codes})


@signed_in
@require_POST
def factor_codes_done(request: HttpRequest) -> HttpResponseBase:
    """Put the recovery codes away and go on."""
    shown = request.session.pop(SHOW_CODES_KEY, None)
    return redirect((shown and shown["next"]) or signing_in.landing_url(request))
