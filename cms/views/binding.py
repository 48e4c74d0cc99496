"""Bind the signed-in account to a person in the register by a code to the phone on record."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cms.access import SignedInRequest, signed_in
from cms.acting import switch_to
from cms.forms.account import BindForm
from cms.forms.sign_in import BindCodeForm
from cms.models import Person
from cms.services.binding import ask_binding, redeem_binding
from cms.services.codes import texts_are_sent
from cms.throttling import Throttle
from cms.views.tries import submit

# The code this browser asked for; nobody else can try it.
BIND_KEY = "bind_code"

_asked = Throttle("bind_asked", limit=30, seconds=3600)
_tries = Throttle("bind")


@never_cache
@sensitive_post_parameters("number")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def ask(request: SignedInRequest) -> HttpResponseBase:
    """Ask for name, document and phone on record; there is no such page without a gateway."""
    if not texts_are_sent():
        raise Http404
    form = BindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        row = submit(
            request,
            form,
            _asked,
            lambda data: ask_binding(request.user, **data, at=timezone.now()),
            counts_all=True,
        )
        if isinstance(row, HttpResponse):
            return row
        if row is not None:
            request.session[BIND_KEY] = str(row.pk)
            return redirect("account:bind_code")
    return render(request, "cms/me/bind.html", {"form": form})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def enter(request: SignedInRequest) -> HttpResponseBase:
    """Take the code; the page is the same whether one was sent or not."""
    code_id = request.session.get(BIND_KEY)
    if code_id is None or not texts_are_sent():
        return redirect("account:home")
    form = BindCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        person = submit(
            request,
            form,
            _tries,
            lambda data: _bind(request, code_id, data),
            guesses={"code_wrong"},
            who=str(request.user.pk),
        )
        if isinstance(person, HttpResponse):
            return person
        if isinstance(person, Person):
            del request.session[BIND_KEY]
            switch_to(request, person)
            messages.success(request, _("绑好了。"))
            return redirect("account:home")
    return render(request, "cms/me/bind_code.html", {"form": form})


def _bind(request: SignedInRequest, code_id: str, data: dict[str, Any]) -> Person:
    return redeem_binding(
        code_id, data["code"], user=request.user, relation=data["relation"], at=timezone.now()
    )
