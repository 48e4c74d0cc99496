"""The class from its first day to its last: start, end of teaching, close, cancel."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import ClassState, EnrolmentState, SessionState
from caravan.models import Booking, Enrolment, TrainingClass
from caravan.services.crediting import credit_courses
from caravan.services.seating import check_move
from caravan.services.states import FILED_STATES, lock_class, move_class, require_move
from caravan.services.telling import tell_class_cancelled
from caravan.services.waiting import end_enrolment
from caravan.standing import CourseStanding, PersonStanding, open_rolls, session_words, standing_of
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import User
from cms.ui import dates
from courses.enums import RecordState
from courses.services.records import close_record


@transaction.atomic
def start_class(training_class: TrainingClass, *, by: User | None, at: dt.datetime) -> TrainingClass:
    """Begin a filed class. Refusals: ``class_state``, ``too_early``, ``nobody_enrolled``."""
    training_class = lock_class(training_class)
    if timezone.localdate(at) < training_class.starts_on:
        words = _("这个班%(day)s开班，还没到日子。") % {"day": dates.day(training_class.starts_on)}
        raise DomainError("too_early", words)
    if not training_class.enrolments.filter(state=EnrolmentState.ENROLLED).exists():
        raise DomainError("nobody_enrolled", _("还没有人报名，不能开班。"))
    return begin_class(training_class, by=by, at=at)


def begin_class(training_class: TrainingClass, *, by: User | None, at: dt.datetime) -> TrainingClass:
    """Set a locked class running; the first mark of its first roll does this too."""
    move_class(training_class, ClassState.RUNNING)
    audit.record("class.start", training_class, by=by, at=at)
    return training_class


@transaction.atomic
def end_teaching(
    training_class: TrainingClass, *, by: User | None, at: dt.datetime, reason: str = ""
) -> TrainingClass:
    """Teaching is over, results are awaited; who still waits for a seat is released.

    Raises ``DomainError`` ``rolls_open`` naming the sessions whose roll is not closed; with ``reason``
    it goes on without them. ``class_state`` when the class is not running.
    """
    training_class = lock_class(training_class)
    require_move(training_class, ClassState.ASSESSING)
    if not reason.strip():
        _raise_all(_open_rolls(training_class))
    move_class(training_class, ClassState.ASSESSING)
    _release_queue(training_class, reason=_("课上完了，名额一直没有空出来"), by=by, at=at)
    audit.record("class.end_teaching", training_class, by=by, at=at, reason=reason.strip())
    return training_class


@transaction.atomic
def close_class(
    training_class: TrainingClass, *, by: User | None, at: dt.datetime, reason: str = ""
) -> TrainingClass:
    """Close a class: credit the hours of the roll, close every record by its rule, end every enrolment.

    Raises ``Refusals`` (``rolls_open``, ``scores_missing``) naming what is missing. With ``reason`` it
    closes without: whom the rule then finds wanting has not completed.
    """
    training_class = lock_class(training_class)
    people = standing_of(training_class, _on_roll(training_class))
    if training_class.state == ClassState.ASSESSING and not reason.strip():
        _raise_all(closing_refusals(training_class, people))
    move_class(training_class, ClassState.CLOSED)
    ended_on = _last_day(training_class, at)
    courses = [course for person in people for course in person.courses]
    credit_courses(courses, evidence=training_class.class_no, by=by, at=at, with_nothing=True)
    for person in people:
        _close_person(person, ended_on=ended_on, by=by, at=at)
    _release_queue(training_class, reason=_("班级已经结业"), by=by, at=at)
    training_class.closed_at = at
    training_class.save(update_fields=["closed_at"])
    completed = sum(person.enrolment.state == EnrolmentState.COMPLETED for person in people)
    audit.record(
        "class.close",
        training_class,
        by=by,
        at=at,
        reason=reason.strip(),
        people=len(people),
        completed=completed,
    )
    return training_class


@transaction.atomic
def archive_class(training_class: TrainingClass, *, by: User | None, at: dt.datetime) -> TrainingClass:
    """Put a closed class away: it leaves the public schedule, everything about it stays. Refuses ``class_state``."""
    training_class = lock_class(training_class)
    move_class(training_class, ClassState.ARCHIVED)
    audit.record("class.archive", training_class, by=by, at=at)
    return training_class


@transaction.atomic
def cancel_class(
    training_class: TrainingClass, *, reason: str, by: User | None, at: dt.datetime
) -> TrainingClass:
    """Call a class off: rooms and trainers are free again, everybody's enrolment ends.

    Raises ``DomainError`` ``reason_missing``, ``class_state``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("请写明为什么取消。"), field="reason")
    training_class = lock_class(training_class)
    was_filed = training_class.state in FILED_STATES
    move_class(training_class, ClassState.CANCELLED)
    planned = training_class.sessions.filter(state=SessionState.PLANNED)
    Booking.objects.filter(session__in=planned).delete()
    count = planned.update(state=SessionState.CANCELLED)
    ends = [EnrolmentState.REQUESTED, EnrolmentState.WAITING, EnrolmentState.OFFERED, EnrolmentState.ENROLLED]
    ended = list(training_class.enrolments.filter(state__in=ends).select_related("person"))
    for enrolment in ended:
        enrolment.training_class = training_class
        end_enrolment(enrolment, reason=_("班级取消：%(why)s") % {"why": reason.strip()}, by=by, at=at)
    audit.record("class.cancel", training_class, by=by, at=at, reason=reason.strip(), sessions=count)
    if was_filed:
        tell_class_cancelled(training_class, ended, reason=reason.strip(), by=by, at=at)
    return training_class


def closing_refusals(training_class: TrainingClass, people: list[PersonStanding]) -> list[DomainError]:
    """Return why the class cannot close yet; ``people`` is where everybody on the roll stands."""
    names = [person.enrolment.person.legal_name for person in people if person.lacks_score]
    refusals = _open_rolls(training_class)
    if names:
        words = _("还有 %(n)s 个人缺成绩：%(names)s。") % {"n": len(names), "names": _shortened(names)}
        refusals.append(DomainError("scores_missing", words))
    return refusals


def _open_rolls(training_class: TrainingClass) -> list[DomainError]:
    sessions = [session_words(session) for session in open_rolls(training_class)]
    if not sessions:
        return []
    words = _("还有 %(n)s 次课没有点完名：%(sessions)s。") % {
        "n": len(sessions),
        "sessions": _shortened(sessions),
    }
    return [DomainError("rolls_open", words)]


def _shortened(names: list[str], most: int = 5) -> str:
    shown = _("、").join(names[:most])
    return shown if len(names) <= most else _("%(names)s等") % {"names": shown}


def _raise_all(refusals: list[DomainError]) -> None:
    if refusals:
        raise Refusals(refusals)


def _on_roll(training_class: TrainingClass) -> list[Enrolment]:
    rows = training_class.enrolments.filter(state__in=[EnrolmentState.ENROLLED, EnrolmentState.NO_SHOW])
    return list(rows.select_related("person").order_by("roll_no"))


def _last_day(training_class: TrainingClass, at: dt.datetime) -> dt.date:
    """Return the day that counts as the end: that of the last session held, never after today."""
    held = training_class.sessions.filter(state=SessionState.HELD).aggregate(last=Max("ends_at"))["last"]
    return timezone.localdate(held if held and held < at else at)


def _close_person(person: PersonStanding, *, ended_on: dt.date, by: User | None, at: dt.datetime) -> None:
    completed = [_close_course(course, ended_on=ended_on, by=by, at=at) for course in person.courses]
    enrolment = person.enrolment
    if enrolment.state != EnrolmentState.ENROLLED:
        return
    to = EnrolmentState.COMPLETED if all(completed) else EnrolmentState.NOT_COMPLETED
    check_move(enrolment, to)
    enrolment.state = to
    enrolment.ended_at = at
    enrolment.save(update_fields=["state", "ended_at"])
    audit.record(f"enrolment.{to}", enrolment, by=by, at=at, for_person=enrolment.person)


def _close_course(course: CourseStanding, *, ended_on: dt.date, by: User | None, at: dt.datetime) -> bool:
    """Close the record; say whether it is completed."""
    record = course.record
    if record is None or record.state != RecordState.OPEN:
        return record is not None and record.state == RecordState.COMPLETED
    return close_record(record, ended_on=ended_on, by=by, at=at).state == RecordState.COMPLETED


def _release_queue(training_class: TrainingClass, *, reason: str, by: User | None, at: dt.datetime) -> None:
    states = [EnrolmentState.REQUESTED, EnrolmentState.WAITING, EnrolmentState.OFFERED]
    for enrolment in training_class.enrolments.filter(state__in=states).select_related("person"):
        enrolment.training_class = training_class
        end_enrolment(enrolment, reason=reason, by=by, at=at)
