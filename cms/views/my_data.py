"""我的数据: what is kept about the person, who looked, take it along, put it right, have it deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms.access import SignedInRequest, signed_in
from cms.acting import acting_link
from cms.enums import DATA_REQUEST_MOVES, AccountRelation, DataRequestState
from cms.errors import DomainError
from cms.forms.my_data import CorrectionForm, DeletionForm, ExportForm
from cms.models import DataRequest, PersonAccount
from cms.my_data import holds_on, kept_fields, sections_of
from cms.services.data_requests import (
    MAY_DELETE,
    ask_correction,
    ask_deletion,
    withdraw_request,
    words_of,
)
from cms.services.my_data_export import export_my_data
from cms.throttling import Throttle
from cms.views.consents import agreements_of
from cms.views.tries import submit

_tries = Throttle("my_data_password")
# Shown with their own buttons, not as a plain section.
_ELSEWHERE = frozenset({"agreements"})


def _link(request: SignedInRequest) -> PersonAccount:
    link = acting_link(request)
    if link is None:
        raise Http404
    return link


@never_cache
@require_safe
@signed_in
def data(request: SignedInRequest) -> HttpResponse:
    """Everything that is kept, in plain words; requests and what became of them."""
    link = _link(request)
    rows = link.person.data_requests.order_by("-pk")
    context = {
        "link": link,
        "person": link.person,
        "sections": [(name, section) for name, section in sections_of(link.person) if name not in _ELSEWHERE],
        "requests": [
            {"row": row, "words": words_of(row), "may_withdraw": _may_withdraw(row)} for row in rows
        ],
        "may_delete": link.relation in MAY_DELETE,
        **agreements_of(link),
    }
    return render(request, "cms/me/data.html", context)


def _may_withdraw(request: DataRequest) -> bool:
    moves = DATA_REQUEST_MOVES[request.kind][request.state]
    return DataRequestState.WITHDRAWN in moves and request.erased_at is None


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def export(request: SignedInRequest) -> HttpResponseBase:
    """Make the file; whole numbers only for one's own, and only after the password again."""
    link = _link(request)
    typed = request.POST if request.method == "POST" else None
    form = ExportForm(typed, may_see_clear=link.relation == AccountRelation.SELF)
    if request.method == "POST":
        address = submit(
            request,
            form,
            _tries,
            lambda found: _export(link, found, request),
            guesses={"password_old"},
            who=str(request.user.pk),
        )
        if isinstance(address, HttpResponse):
            return address
        if address is not None:
            return render(request, "cms/me/export_ready.html", {"link": link, "address": address})
    return render(request, "cms/me/export_ask.html", {"form": form, "link": link})


def _export(link: PersonAccount, found: dict[str, Any], request: SignedInRequest) -> str:
    return export_my_data(
        link.person,
        in_clear=found.get("numbers") == ExportForm.clear,
        password=found.get("password", ""),
        by=request.user,
        at=timezone.now(),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def correct(request: SignedInRequest) -> HttpResponseBase:
    """Ask that something be put right."""
    link = _link(request)
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _asked(request, form, link, ask_correction):
        messages.success(request, _("收到了。办的人答复以后，会发消息给您。"))
        return redirect("account:data")
    return render(request, "cms/me/correct.html", {"form": form, "link": link})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: SignedInRequest) -> HttpResponseBase:
    """Say what would be deleted and what the law keeps; then ask for it."""
    link = _link(request)
    form = DeletionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _asked(request, form, link, ask_deletion):
        messages.success(request, _("收到了。要两个人看过才会删，结果会发消息给您。"))
        return redirect("account:data")
    holds = holds_on(link.person, timezone.localdate())
    context = {
        "form": form,
        "link": link,
        "blocking": [hold for hold in holds if hold.blocks],
        "holds": [hold for hold in holds if not hold.blocks],
        "kept": [field.label for field in sorted(kept_fields(holds), key=lambda field: field.value)],
        "may_delete": link.relation in MAY_DELETE,
    }
    return render(request, "cms/me/delete.html", context)


def _asked(request: SignedInRequest, form: Any, link: PersonAccount, ask: Any) -> bool:
    """Call the service with the form's words; show what it refuses."""
    if not form.is_valid():
        return False
    facts = {name: value for name, value in form.cleaned_data.items() if name != "understood"}
    try:
        ask(link.person, **facts, by=request.user, at=timezone.now())
    except DomainError as error:
        form.add_refusals(error)
        return False
    return True


@require_POST
@signed_in
def withdraw(request: SignedInRequest, pk: str) -> HttpResponseBase:
    """Take one's own request back."""
    found = get_object_or_404(DataRequest, pk=pk, person_id=_link(request).person_id)
    try:
        withdraw_request(found, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("申请撤回了。"))
    return redirect("account:data")
