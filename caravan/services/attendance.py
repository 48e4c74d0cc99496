"""Take the roll: add events, derive the marks. An event is written once, by its client id.

All writers of one class stand in line at the class's lock, so closing a class and marking in it
cannot cross.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from caravan.duties import leads_class, teaches
from caravan.enums import ON_ROLL, ClassState, EventKind, EventMethod, Mark, SessionKind, SessionState
from caravan.marks import DerivedMark, credited_hours, derive_mark
from caravan.models import AttendanceEvent, AttendanceMark, AttendanceRule, Enrolment, Session
from caravan.rules import attendance_rule_of
from caravan.services.crediting import credit_hours
from caravan.services.running import begin_class
from caravan.services.states import lock_class
from cms import audit
from cms.errors import DomainError
from cms.ids import uuid7
from cms.models import User
from cms.ui import dates

# What an event may change of a mark.
_MARK_FIELDS = ["mark", "method", "credited_hours", "marked_at", "is_late_entry", "is_corrected"]
_TAKES_MARKS = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING})


@transaction.atomic
def record_event(  # noqa: PLR0913  the facts of an event (requirement 9)
    session: Session,
    enrolment: Enrolment,
    *,
    kind: EventKind,
    mark: Mark | None,
    client_id: uuid.UUID,
    device_time: dt.datetime,
    by: User,
    at: dt.datetime,
    method: EventMethod = EventMethod.ROLL_CALL,
    reason: str = "",
) -> AttendanceMark | None:
    """Add what ``by`` says about one person in one session; return the mark that holds now.

    The same ``client_id`` again changes nothing. A mark that differs from a standing one is kept as an
    event and shown as a conflict, but changes no mark: that is a correction, with a reason. Refusals:
    ``class_closed``, ``class_not_open``, ``session_cancelled``, ``session_not_begun``, ``no_roll``,
    ``clock_ahead``, ``roll_closed``, ``not_on_roll``, ``not_the_trainer``, ``reason_missing``,
    ``client_id_taken``.
    """
    session = _lock_session(session)
    known = AttendanceEvent.objects.filter(client_id=client_id).first()
    if known is not None:
        return _standing_mark(known, session, enrolment)
    rule = attendance_rule_of(session)
    _refuse_session(session, kind, rule, device_time=device_time, at=at)
    _refuse_person(session, enrolment)
    _refuse_teller(session, kind, rule, by=by, reason=reason, device_time=device_time)
    if session.training_class.state == ClassState.FILED:
        begin_class(session.training_class, by=by, at=at)
    event = AttendanceEvent.objects.create(
        id=uuid7(),
        session=session,
        enrolment=enrolment,
        kind=kind,
        mark=mark or "",
        method=method,
        recorded_by=by,
        client_id=client_id,
        device_time=device_time,
        server_time=at,
        reason=reason.strip()[:200],
    )
    audit.record(
        f"attendance.{kind}", session, by=by, at=at, for_person=enrolment.person,
        enrolment=enrolment.pk, mark=event.mark, method=method, reason=event.reason,
    )  # fmt: skip
    mark_now = _project(session, enrolment, rule)
    if session.roll_closed_at is not None:
        credit_hours(session.training_class, [enrolment], by=by, at=at)
    return mark_now


@transaction.atomic
def take_roll(
    session: Session,
    marks: Mapping[int, Mark],
    *,
    by: User,
    at: dt.datetime,
    method: EventMethod = EventMethod.ROLL_CALL,
    reason: str = "",
) -> list[AttendanceMark]:
    """Mark several people at once: enrolment id → mark; all or nothing. Refusals as ``record_event``.

    The number of statements does not depend on the number of people.
    """
    session = _lock_session(session)
    enrolments = list(Enrolment.objects.filter(pk__in=marks).select_related("person").order_by("roll_no"))
    if not enrolments:
        return []
    rule = attendance_rule_of(session)
    _refuse_session(session, EventKind.MARK, rule, device_time=at, at=at)
    for enrolment in enrolments:
        _refuse_person(session, enrolment)
    _refuse_teller(session, EventKind.MARK, rule, by=by, reason=reason, device_time=at)
    if session.training_class.state == ClassState.FILED:
        begin_class(session.training_class, by=by, at=at)
    events = AttendanceEvent.objects.bulk_create(
        [
            AttendanceEvent(
                id=uuid7(), session=session, enrolment=enrolment, kind=EventKind.MARK, mark=marks[enrolment.pk],
                method=method, recorded_by=by, client_id=uuid7(), device_time=at, server_time=at,
                reason=reason.strip()[:200],
            )
            for enrolment in enrolments
        ],
        batch_size=500,
    )  # fmt: skip
    told = [
        (session, event.enrolment.person, {
            "enrolment": event.enrolment_id, "mark": event.mark, "method": method, "reason": event.reason,
        })
        for event in events
    ]  # fmt: skip
    audit.record_each(f"attendance.{EventKind.MARK}", told, by=by, at=at)
    return _project_many(session, enrolments, rule)


def _project_many(
    session: Session, enrolments: Sequence[Enrolment], rule: AttendanceRule
) -> list[AttendanceMark]:
    """Write the marks that the events of ``enrolments`` give, in the events' transaction."""
    ids = [enrolment.pk for enrolment in enrolments]
    derived = _derive(AttendanceEvent.objects.filter(session=session, enrolment__in=ids), session, rule)
    marks = [
        AttendanceMark(session=session, enrolment_id=pk, **_values(session, mark, rule))
        for pk, mark in derived.items()
        if mark is not None
    ]
    AttendanceMark.objects.filter(session=session, enrolment__in=ids).exclude(
        enrolment__in=[mark.enrolment_id for mark in marks]
    ).delete()
    AttendanceMark.objects.bulk_create(
        marks, batch_size=500, update_conflicts=True, unique_fields=["session", "enrolment"],
        update_fields=_MARK_FIELDS,
    )  # fmt: skip
    stored = AttendanceMark.objects.filter(session=session, enrolment__in=ids)
    return list(stored.select_related("enrolment").order_by("enrolment__roll_no"))


def _derive(
    events: Iterable[AttendanceEvent], session: Session, rule: AttendanceRule
) -> dict[int, DerivedMark | None]:
    by_person: dict[int, list[AttendanceEvent]] = {}
    for event in events:
        by_person.setdefault(event.enrolment_id, []).append(event)
    late_after = _late_after(session, rule)
    return {pk: derive_mark(rows, late_after=late_after) for pk, rows in by_person.items()}


@transaction.atomic
def close_roll(
    session: Session, *, rest: Mark | None, by: User, at: dt.datetime, reason: str = ""
) -> Session:
    """End the roll of a session: it was held, and everybody has a mark.

    ``rest`` is given to those without one; without it an unmarked person is refused
    (``roll_incomplete``). Again is no change. Other refusals as ``record_event``.
    """
    session = _lock_session(session)
    if session.roll_closed_at is not None:
        return session
    rule = attendance_rule_of(session)
    _refuse_session(session, EventKind.MARK, rule, device_time=at, at=at)
    _refuse_teller(session, EventKind.MARK, rule, by=by, reason=reason, device_time=at)
    missing = unmarked(session)
    if missing and rest is None:
        words = _("还有 %(n)s 个人没点。") % {"n": len(missing)}
        raise DomainError("roll_incomplete", words, people=[one.pk for one in missing])
    if missing and rest is not None:
        take_roll(session, {one.pk: rest for one in missing}, by=by, at=at, reason=reason)
    session.roll_closed_at = at
    session.state = SessionState.HELD
    session.save(update_fields=["roll_closed_at", "state"])
    credit_hours(
        session.training_class,
        Enrolment.objects.on_roll().filter(training_class=session.training_class).select_related("person"),
        by=by,
        at=at,
    )
    audit.record("session.close_roll", session, by=by, at=at, filled=len(missing), rest=rest or "")
    return session


@transaction.atomic
def rebuild_marks(session: Session) -> int:
    """Derive every mark of the session anew from the log; return how many hold.

    The projection holds nothing that this does not give again (a test proves it).
    """
    session = _lock_session(session)
    rule = attendance_rule_of(session)
    derived = _derive(AttendanceEvent.objects.filter(session=session), session, rule)
    session.marks.all().delete()
    marks = [
        AttendanceMark(session=session, enrolment_id=pk, **_values(session, mark, rule))
        for pk, mark in derived.items()
        if mark is not None
    ]
    AttendanceMark.objects.bulk_create(marks, batch_size=500)
    return len(marks)


def unmarked(session: Session) -> list[Enrolment]:
    """Return people on the roll without a mark, in its order."""
    rows = Enrolment.objects.on_roll().filter(training_class=session.training_class_id)
    return list(rows.exclude(marks__session=session).select_related("person"))


def roll_opens_at(session: Session, rule: AttendanceRule) -> dt.datetime:
    """Return when the roll may first be taken."""
    return session.starts_at - dt.timedelta(minutes=rule.roll_opens_minutes)


def _lock_session(session: Session) -> Session:
    training_class = lock_class(session.training_class)
    fresh = Session.objects.select_related("trainer").get(pk=session.pk)
    fresh.training_class = training_class
    return fresh


def _standing_mark(event: AttendanceEvent, session: Session, enrolment: Enrolment) -> AttendanceMark | None:
    if (event.session_id, event.enrolment_id) != (session.pk, enrolment.pk):
        raise DomainError("client_id_taken", _("这条记录的编号已经用过了，请刷新页面再点一次。"))
    return AttendanceMark.objects.filter(session=session, enrolment=enrolment).first()


def _refuse_session(
    session: Session, kind: EventKind, rule: AttendanceRule, *, device_time: dt.datetime, at: dt.datetime
) -> None:
    state = session.training_class.state
    if state in {ClassState.CLOSED, ClassState.ARCHIVED}:
        raise DomainError("class_closed", _("这个班已经结业，考勤不能再改。有出入请找承办机构。"))
    if state not in _TAKES_MARKS:
        raise DomainError("class_not_open", _("这个班还没有备案，或者已经取消，不能点名。"))
    if session.state == SessionState.CANCELLED:
        raise DomainError("session_cancelled", _("这次课取消了，不用点名。"))
    if session.kind == SessionKind.LECTURE:
        raise DomainError("no_roll", _("公开讲座不点名，只数人数。"))
    if device_time > at + dt.timedelta(minutes=5):
        raise DomainError("clock_ahead", _("手机的时间走快了，请把手机时间设成自动，再点一次。"))
    if device_time < roll_opens_at(session, rule):
        words = _("这次课%(when)s才开始，开课前 %(minutes)s 分钟起可以点名。") % {
            "when": dates.moment(session.starts_at),
            "minutes": rule.roll_opens_minutes,
        }
        raise DomainError("session_not_begun", words)
    if session.roll_closed_at is not None and kind == EventKind.MARK:
        raise DomainError("roll_closed", _("这次课的点名已经结束，要改请点“改”，写明原因。"))


def _refuse_person(session: Session, enrolment: Enrolment) -> None:
    if enrolment.training_class_id != session.training_class_id or enrolment.state not in ON_ROLL:
        raise DomainError("not_on_roll", _("这个人不在这个班的名单上。"))


def _refuse_teller(
    session: Session,
    kind: EventKind,
    rule: AttendanceRule,
    *,
    by: User,
    reason: str,
    device_time: dt.datetime,
) -> None:
    trainer = teaches(by, session)
    if not trainer and not leads_class(by, session.training_class):
        raise DomainError("not_the_trainer", _("只有这次课的老师、班主任和教务能点名。"))
    if reason.strip():
        return
    if kind != EventKind.MARK:
        raise DomainError("reason_missing", _("改考勤要写明原因。"), field="reason")
    if not trainer:
        raise DomainError("reason_missing", _("替老师点名要写明原因。"), field="reason")
    if device_time > _late_after(session, rule):
        words = _("下课超过 %(hours)s 小时了，补点名要写明原因。") % {"hours": rule.reason_after_hours}
        raise DomainError("reason_missing", words, field="reason")


def _late_after(session: Session, rule: AttendanceRule) -> dt.datetime:
    return session.ends_at + dt.timedelta(hours=rule.reason_after_hours)


def _project(session: Session, enrolment: Enrolment, rule: AttendanceRule) -> AttendanceMark | None:
    """Write the mark that the events give, in the event's transaction."""
    events = AttendanceEvent.objects.filter(session=session, enrolment=enrolment)
    derived = derive_mark(events, late_after=_late_after(session, rule))
    stored = AttendanceMark.objects.filter(session=session, enrolment=enrolment)
    if derived is None:
        stored.delete()
        return None
    mark, _created = AttendanceMark.objects.update_or_create(
        session=session, enrolment=enrolment, defaults=_values(session, derived, rule)
    )
    return mark


def _values(session: Session, derived: DerivedMark, rule: AttendanceRule) -> dict[str, object]:
    return {
        "mark": derived.mark,
        "method": derived.method,
        "credited_hours": credited_hours(derived.mark, session.hours, rule),
        "marked_at": derived.marked_at,
        "is_late_entry": derived.is_late_entry,
        "is_corrected": derived.is_corrected,
    }
