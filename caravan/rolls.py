"""The roll of one session as a trainer reads it; the field app will download the same."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from caravan.duties import leads_class, teaches
from caravan.enums import ClassState, Mark, SessionKind, SessionState, StaffRole
from caravan.models import AttendanceMark, AttendanceRule, Enrolment, Session, TrainingClass
from caravan.rules import attendance_rule_of
from caravan.services.attendance import roll_opens_at
from cms.models import PersonDocument, User

# How far ahead the field page looks.
_COMING_DAYS = 7
_BEFORE_FILING = frozenset({ClassState.DRAFT, ClassState.SUBMITTED, ClassState.RETURNED})


@dataclass(frozen=True)
class RollRow:
    """One person on the roll: name, last four of the document, the mark that holds."""

    enrolment: Enrolment
    mark: AttendanceMark | None
    last_four: str
    # A new one for each showing, so that the same tap sent twice is one event.
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def name(self) -> str:
        """Return the legal name."""
        return self.enrolment.person.legal_name


@dataclass(frozen=True)
class Roll:
    """A session's roll, split into those without and those with a mark."""

    session: Session
    open_rows: list[RollRow]
    marked_rows: list[RollRow]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Return label and number for each mark of the count bar; 早退 only where there is one."""
        marks = [row.mark.mark for row in self.marked_rows if row.mark]
        shown = [mark for mark in Mark if mark != Mark.LEFT_EARLY or mark in marks]
        return [(str(mark.label), marks.count(mark)) for mark in shown]


def sessions_of(user: User) -> QuerySet[Session]:
    """Return the sessions whose roll ``user`` takes: those taught, and of classes led as class teacher."""
    leads = Q(training_class__staff__user=user, training_class__staff__role=StaffRole.CLASS_TEACHER)
    rows = Session.objects.filter(Q(trainer__user=user) | leads).distinct()
    return (
        rows.filter(training_class__state__in=[ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING])
        .exclude(state=SessionState.CANCELLED)
        .exclude(kind=SessionKind.LECTURE)
        .select_related("training_class__venue", "room__venue", "trainer")
        .order_by("starts_at", "pk")
    )


def rolls_open_to(user: User, training_class: TrainingClass, sessions: Iterable[Session]) -> set[int]:
    """Return the keys of ``sessions`` of the class whose roll page opens for ``user``, past ones too."""
    if training_class.state in _BEFORE_FILING:
        return set()
    leads = leads_class(user, training_class)
    return {
        session.pk
        for session in sessions
        if (leads or teaches(user, session))
        and session.state != SessionState.CANCELLED
        and session.kind != SessionKind.LECTURE
    }


@dataclass(frozen=True)
class FieldDay:
    """What the field page lists."""

    today: list[Session]
    open_before: list[Session]
    coming: list[Session]


def field_day(user: User, at: dt.datetime) -> FieldDay:
    """Return today's sessions, earlier ones whose roll is open, and the next week's (one query)."""
    today = timezone.localdate(at)
    rows = sessions_of(user).filter(
        Q(starts_at__date=today)
        | Q(starts_at__lt=at, roll_closed_at__isnull=True)
        | Q(starts_at__gt=at, starts_at__date__lte=today + dt.timedelta(days=_COMING_DAYS))
    )
    found = FieldDay([], [], [])
    for session in rows:
        day = timezone.localdate(session.starts_at)
        group = found.today if day == today else found.open_before if day < today else found.coming
        group.append(session)
    return found


def read_roll(session: Session, *, by_name: bool = False) -> Roll:
    """Return the roll in its order, or by the names' pinyin (three queries)."""
    rows = [roll_row(enrolment) for enrolment in _enrolments(session)]
    if by_name:
        rows.sort(key=lambda row: (row.enrolment.person.name_pinyin or row.name, row.enrolment.roll_no or 0))
    return Roll(session, [row for row in rows if not row.mark], [row for row in rows if row.mark])


def find_row(session: Session, enrolment_id: int) -> RollRow | None:
    """Return one person's row, or ``None`` when she is not on this roll."""
    found = _enrolments(session).filter(pk=enrolment_id).first()
    return roll_row(found) if found else None


def roll_row(enrolment: Enrolment) -> RollRow:
    """Return the row of an enrolment read by this module."""
    marks: list[AttendanceMark] = enrolment.session_marks  # type: ignore[attr-defined]  # prefetched
    documents: list[Any] = enrolment.person.current_documents  # type: ignore[attr-defined]  # prefetched
    return RollRow(enrolment, marks[0] if marks else None, documents[0].last_four if documents else "")


@dataclass(frozen=True)
class RollTimes:
    """From when on the roll may be taken, and until when without a reason."""

    opens_at: dt.datetime
    late_after: dt.datetime

    def needs_reason(self, user: User, session: Session, at: dt.datetime) -> bool:
        """Say whether a mark by ``user`` at ``at`` needs a reason: in the trainer's place, or late."""
        return not teaches(user, session) or at > self.late_after


def times_of(session: Session) -> RollTimes:
    """Return the times that the region's rule gives the roll (one query)."""
    rule: AttendanceRule = attendance_rule_of(session)
    return RollTimes(
        roll_opens_at(session, rule), session.ends_at + dt.timedelta(hours=rule.reason_after_hours)
    )


def _enrolments(session: Session) -> QuerySet[Enrolment]:
    documents = PersonDocument.objects.filter(superseded_at__isnull=True).order_by("pk")
    marks = AttendanceMark.objects.filter(session=session)
    return (
        Enrolment.objects.on_roll()
        .filter(training_class=session.training_class_id)
        .select_related("person")
        .prefetch_related(
            Prefetch("person__documents", queryset=documents, to_attr="current_documents"),
            Prefetch("marks", queryset=marks, to_attr="session_marks"),
        )
    )
