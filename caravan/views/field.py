"""On the trainer's phone: today's sessions and the roll. Each tap is one POST that works without script."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caravan import rolls
from caravan.duties import may_correct_roll
from caravan.enums import EventKind, Mark, SessionKind
from caravan.forms.rolls import CloseRollForm, CorrectionForm, TapForm
from caravan.models import AttendanceEvent, Session
from caravan.permissions import FIELD_ROLES
from caravan.services.attendance import close_roll, record_event
from cms.access import SignedInRequest, get_visible_or_404, role_required
from cms.errors import DomainError
from cms.models import User

_BUTTONS = (Mark.PRESENT, Mark.LATE, Mark.LEAVE, Mark.ABSENT)


@require_safe
@role_required(*FIELD_ROLES)
def today(request: SignedInRequest) -> HttpResponse:
    """Sessions of today, earlier ones with an open roll, and what comes."""
    return render(request, "caravan/field/today.html", {"day": rolls.field_day(request.user, timezone.now())})


@require_safe
@role_required(*FIELD_ROLES)
def roll(request: SignedInRequest, pk: int) -> HttpResponse:
    """The roll of one session."""
    session = _session_for(request.user, pk)
    return render(request, "caravan/field/roll.html", _roll_context(request, session))


@require_POST
@role_required(*FIELD_ROLES)
def add_event(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take one tap; the same tap again answers the same."""
    session = _session_for(request.user, pk)
    form = TapForm(request.POST)
    row = rolls.find_row(session, form.cleaned_data["enrolment"]) if form.is_valid() else None
    if row is None:
        raise Http404
    at = timezone.now()
    asked = Mark(form.cleaned_data["mark"])
    try:
        mark = record_event(
            session, row.enrolment, kind=EventKind.MARK, mark=asked, client_id=form.cleaned_data["client_id"],
            device_time=at, by=request.user, at=at,
        )  # fmt: skip
    except DomainError as error:
        return _answer(request, session, row.enrolment.pk, refused=str(error))
    if mark is not None and mark.mark != asked:
        words = _("%(name)s已经点过：%(mark)s。要改请点“改”，写明原因。") % {
            "name": row.name,
            "mark": mark.get_mark_display(),
        }
        return _answer(request, session, row.enrolment.pk, refused=words)
    return _answer(request, session, row.enrolment.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*FIELD_ROLES)
def correct(request: SignedInRequest, pk: int, enrolment_pk: int) -> HttpResponse:
    """Change one mark, or mark with a reason; what was said before is shown."""
    session = _session_for(request.user, pk)
    row = rolls.find_row(session, enrolment_pk)
    if row is None:
        raise Http404
    form = CorrectionForm(
        request.POST or None, has_mark=row.mark is not None, initial={"client_id": uuid.uuid4()}
    )
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        kind, mark = form.event
        try:
            record_event(
                session, row.enrolment, kind=kind, mark=mark, client_id=form.cleaned_data["client_id"],
                device_time=at, reason=form.cleaned_data["reason"], by=request.user, at=at,
            )  # fmt: skip
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect(f"{reverse('caravan:roll', args=[pk])}#row-{enrolment_pk}")
    events = AttendanceEvent.objects.filter(session=session, enrolment=row.enrolment).select_related(
        "recorded_by"
    )
    context = {"session": session, "row": row, "form": form, "events": events.order_by("device_time", "pk")}
    return render(request, "caravan/field/correct.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*FIELD_ROLES)
def close(request: SignedInRequest, pk: int) -> HttpResponse:
    """End the roll; who has no mark gets one, said beforehand."""
    session = _session_for(request.user, pk)
    at = timezone.now()
    left = rolls.read_roll(session).open_rows
    form = CloseRollForm(
        request.POST if request.method == "POST" else None, has_rest=bool(left),
        needs_reason=rolls.times_of(session).needs_reason(request.user, session, at), initial={"rest": Mark.ABSENT},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        rest = form.cleaned_data.get("rest")
        try:
            close_roll(
                session, rest=Mark(rest) if rest else None, reason=form.cleaned_data.get("reason", ""),
                by=request.user, at=at,
            )  # fmt: skip
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("caravan:roll", pk=pk)
    return render(request, "caravan/field/close.html", {"session": session, "left": left, "form": form})


def _session_for(user: User, pk: int) -> Session:
    rows = Session.objects.select_related("training_class__venue", "room__venue", "trainer").exclude(
        kind=SessionKind.LECTURE
    )
    session = get_visible_or_404(rows, user, pk=pk)
    if not may_correct_roll(user, session):
        raise PermissionDenied
    return session


def _roll_context(request: SignedInRequest, session: Session) -> dict[str, object]:
    at = timezone.now()
    by_name = request.GET.get("order") == "name"
    times = rolls.times_of(session)
    return {
        "session": session,
        "roll": rolls.read_roll(session, by_name=by_name),
        "by_name": by_name,
        "buttons": _BUTTONS,
        "is_open": at >= times.opens_at,
        "opens_at": times.opens_at,
        "needs_reason": times.needs_reason(request.user, session, at),
        "now": at,
    }


def _answer(request: HttpRequest, session: Session, enrolment_pk: int, *, refused: str = "") -> HttpResponse:
    """Answer a tap: to the script the counts and the row, else the page again."""
    if request.headers.get("X-Part") != "row":
        if refused:
            messages.error(request, refused)
        return redirect(f"{reverse('caravan:roll', args=[session.pk])}#row-{enrolment_pk}")
    context = {
        "session": session,
        "roll": rolls.read_roll(session),
        "row": rolls.find_row(session, enrolment_pk),
        "buttons": _BUTTONS,
        "refused": refused,
        "is_open": True,
    }
    return render(request, "caravan/field/_tapped.html", context)
