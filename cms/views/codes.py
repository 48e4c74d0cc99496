"""Codes by text message or e-mail: to sign in, and to set a forgotten password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cms import signing_in
from cms.access import public
from cms.enums import CodePurpose
from cms.forms.refusals import RefusalForm
from cms.forms.sign_in import CodePhoneForm, ForgottenForm, SentCodeForm, SentCodePasswordForm
from cms.models import User
from cms.services.codes import mails_are_sent, redeem_code, send_code, texts_are_sent
from cms.services.passwords import reset_with_code
from cms.throttling import Throttle
from cms.views.tries import next_url, submit

# The code this browser asked for: {"id", "purpose", "next"}. Nobody else can try it.
CODE_KEY = "sign_in_code"

# Asking counts each time, whatever the answer; trying is bounded by the code itself too.
_asked = Throttle("code_asked", limit=30, seconds=3600)
_tries = Throttle("code")


@public
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code for signing in; there is no such page without a gateway."""
    if not texts_are_sent():
        raise Http404
    form = CodePhoneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        answer = _ask(request, form, CodePurpose.SIGN_IN)
        if answer is not None:
            return answer
    return render(request, "cms/account/code.html", {"form": form, "next": next_url(request)})


def _ask(request: HttpRequest, form: RefusalForm, purpose: CodePurpose) -> HttpResponseBase | None:
    sent = submit(
        request,
        form,
        _asked,
        lambda data: send_code(purpose, data["target"], at=timezone.now()),
        counts_all=True,
    )
    if sent is None or isinstance(sent, HttpResponse):
        return sent
    request.session[CODE_KEY] = {"id": str(sent.pk), "purpose": purpose, "next": next_url(request)}
    return redirect("account:code_enter" if purpose == CodePurpose.SIGN_IN else "account:forgotten_code")


def _asked_for(request: HttpRequest, purpose: CodePurpose) -> dict[str, Any] | None:
    kept = request.session.get(CODE_KEY)
    return kept if kept and kept["purpose"] == purpose else None


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def code_enter(request: HttpRequest) -> HttpResponseBase:
    """Take the code and sign in."""
    kept = _asked_for(request, CodePurpose.SIGN_IN)
    if kept is None:
        return redirect("account:sign_in")
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    return _with_code(
        request,
        form,
        "cms/account/code_enter.html",
        lambda data: redeem_code(kept["id"], data["code"], purpose=CodePurpose.SIGN_IN, at=timezone.now()),
        way="code",
        target=kept["next"],
    )


def _with_code(
    request: HttpRequest,
    form: RefusalForm,
    template: str,
    act: Callable[[dict[str, Any]], User],
    *,
    way: str,
    target: str,
) -> HttpResponseBase:
    if request.method == "POST":
        user = submit(request, form, _tries, act, guesses={"code_wrong"})
        if isinstance(user, HttpResponse):
            return user
        if isinstance(user, User):
            request.session.pop(CODE_KEY, None)
            if way == "reset":
                messages.success(request, _("新密码设好了，其他设备上都退出了。"))
            return signing_in.begin(request, user, way=way, target=target, at=timezone.now())
    return render(request, template, {"form": form})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponseBase:
    """Say how to get a new password here; ask where to send a code, if one can be sent."""
    can_send = texts_are_sent() or mails_are_sent()
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and can_send:
        answer = _ask(request, form, CodePurpose.RESET)
        if answer is not None:
            return answer
    return render(request, "cms/account/forgotten.html", {"form": form, "can_send": can_send})


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def forgotten_code(request: HttpRequest) -> HttpResponseBase:
    """Take the code and the new password, and sign in."""
    kept = _asked_for(request, CodePurpose.RESET)
    if kept is None:
        return redirect("account:forgotten")
    form = SentCodePasswordForm(request.POST if request.method == "POST" else None)
    return _with_code(
        request,
        form,
        "cms/account/forgotten_code.html",
        lambda data: reset_with_code(kept["id"], data["code"], password=data["password"], at=timezone.now()),
        way="reset",
        target=kept["next"],
    )
