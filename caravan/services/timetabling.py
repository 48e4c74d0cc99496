"""Make all sessions of a class from the hours of its courses: the timetable that is then moved by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import SessionKind, SessionState
from caravan.models import Booking, ClassCourse, DayHoursRule, Room, Session, TrainerProfile, TrainingClass
from caravan.rules import day_hours_rules, minutes_an_hour
from caravan.services.booking import book_for_session, find_clashes, lock_resources, resource_key
from caravan.services.free_times import DAY_BLOCKS, local_time
from caravan.services.scheduling import note_trainer, planned_hours
from caravan.services.states import lock_class, require_plannable
from cms import audit
from cms.errors import DomainError
from cms.models import User
from cms.ui import dates, figures
from courses.enums import HourKind

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
_HALF = Decimal("0.5")
# A sitting of more than two 学时 has a break inside; between two sittings of a block there is one too.
_BREAK = 15
_ASSESSMENT_MINUTES = 60
# So many days are named when somebody is busy; the rest is a number.
_MOST_DAYS = 5

Block = tuple[dt.time, dt.time]


@dataclass
class _Need:
    """学时 of one kind of one course that still want a place."""

    course: ClassCourse
    kind: HourKind
    left: Decimal


@dataclass
class _Calendar:
    """Where the class can still sit: blocks of its days that neither the room nor the trainer has taken."""

    blocks: list[tuple[dt.datetime, dt.datetime]]
    # Each day's own: a rule may change while the class runs.
    rules: dict[dt.date, DayHoursRule | None]
    used: dict[dt.date, Decimal] = field(default_factory=dict)
    # On which of the class's days something else has taken a block, by the resource it took.
    busy: dict[str, list[dt.date]] = field(default_factory=dict)

    def room_on(self, day: dt.date) -> Decimal:
        """Return the 学时 that ``day`` may still take."""
        rule = self.rules[day]
        return Decimal(24) if rule is None else rule.max_hours_a_day - self.used.get(day, Decimal(0))

    def note_busy(self, booking: Booking, day: dt.date, training_class: TrainingClass) -> None:
        """Remember that another class has the resource on ``day``; the class's own sessions are no reason."""
        own = booking.session is not None and booking.session.training_class_id == training_class.pk
        found = self.busy.setdefault(booking.resource_key, [])
        if not own and day not in found:
            found.append(day)

    def minutes_on(self, day: dt.date) -> int:
        """Return how long one 学时 is on ``day``."""
        return minutes_an_hour(self.rules[day])


@transaction.atomic
def plan_sessions(
    training_class: TrainingClass,
    *,
    trainer: TrainerProfile,
    room: Room,
    weekdays: Sequence[int] = EVERY_DAY,
    blocks: Sequence[Block] = DAY_BLOCKS,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> list[Session]:
    """Place every 学时 that is not planned yet, course by course, and one assessment at the end.

    ``weekdays`` counts from Monday 0. Theory comes before practice, practice before community practice.
    Times taken by the room or the trainer, days outside the class and hours over the region's daily limit
    are left out. Raises ``nothing_to_plan``, ``not_enough_days`` with the hours left over and who is busy, and what
    ``require_plannable`` raises; then nothing is made.
    """
    training_class = lock_class(training_class)
    require_plannable(training_class, reason=reason)
    lock_resources([room, trainer])
    _refuse_people_and_place(training_class, room, trainer)
    needs = _needs(training_class)
    calendar = _calendar(training_class, trainer, room, weekdays, blocks, at=at)
    sessions = [
        _session(training_class, trainer, room, need, begin, hours, calendar)
        for need, begin, hours in _place(needs, calendar)
    ]
    left = sum((need.left for need in needs), Decimal(0))
    if left:
        raise _not_enough_days(left, _busy_words(calendar, trainer, room))
    sessions += _assessment(training_class, trainer, room, sessions, calendar)
    if not sessions:
        raise DomainError("nothing_to_plan", _("学时都已经排好了，没有要排的课。"))
    for session in sessions:
        session.save(force_insert=True)
        book_for_session(session)
    for session in sessions[:1] + sessions[-1:]:
        note_trainer(session, by=by, at=at)
    audit.record(
        "class.plan_sessions", training_class, by=by, at=at, sessions=len(sessions), reason=reason.strip(),
        first=sessions[0].starts_at.isoformat(), last=sessions[-1].ends_at.isoformat(),
    )  # fmt: skip
    return sessions


def _not_enough_days(left: Decimal, busy: str) -> DomainError:
    if busy:
        words = _(
            "还有 %(left)s 学时排不下，什么都没有排：%(busy)s。请延长结业日期，或换一位讲师、一间教室。"
        )
    else:
        words = _(
            "班级的日期不够，还有 %(left)s 学时排不下，什么都没有排。请延长结业日期，或换一位讲师、一间教室。"
        )
    return DomainError("not_enough_days", words % {"left": figures.hours(left), "busy": busy}, left=left)


def _busy_words(calendar: _Calendar, *resources: Room | TrainerProfile) -> str:
    """Say which of ``resources`` something else has taken on which days; empty when nothing has."""
    found = []
    for resource in resources:
        days = [dates.day(day) for day in calendar.busy.get(resource_key(resource), [])]
        if days:
            shown = _("、").join(days[:_MOST_DAYS])
            if len(days) > _MOST_DAYS:
                shown = _("%(days)s等 %(n)s 天") % {"days": shown, "n": len(days)}
            found.append(_("%(name)s在%(days)s有别的安排") % {"name": resource, "days": shown})
    return _("；").join(found)


def _refuse_people_and_place(training_class: TrainingClass, room: Room, trainer: TrainerProfile) -> None:
    if room.venue_id != training_class.venue_id:
        raise DomainError("room_elsewhere", _("自动排课只排在班级自己的场地，请选那里的教室。"), field="room")
    organisations = {
        training_class.organisation_id,
        *training_class.hosts.values_list("organisation_id", flat=True),
    }
    if trainer.organisation_id not in organisations:
        raise DomainError("trainer_elsewhere", _("这位讲师不在承办或合办机构里。"), field="trainer")
    if training_class.staff.filter(role="assessor", user_id=trainer.user_id).exists():
        words = _("%(trainer)s 是这个班的考评员，不能上课。") % {"trainer": trainer}
        raise DomainError("trainer_assesses", words, field="trainer")


def _needs(training_class: TrainingClass) -> list[_Need]:
    needs = []
    for course in training_class.class_courses.select_related("course_version"):
        for kind in HourKind:
            left = course.course_version.hours_of(kind) - planned_hours(course, kind)
            if left > 0:
                needs.append(_Need(course, kind, left))
    return needs


def _calendar(
    training_class: TrainingClass,
    trainer: TrainerProfile,
    room: Room,
    weekdays: Sequence[int],
    blocks: Sequence[Block],
    *,
    at: dt.datetime,
) -> _Calendar:
    length = (training_class.ends_on - training_class.starts_on).days + 1
    days = [training_class.starts_on + dt.timedelta(days=number) for number in range(length)]
    taken = list(
        Booking.objects.filter(
            resource_key__in=[resource_key(room), resource_key(trainer)],
            starts_at__lt=local_time(days[-1] + dt.timedelta(days=1), dt.time.min),
            ends_at__gt=local_time(days[0], dt.time.min),
        ).select_related("session")
    )
    calendar = _Calendar([], day_hours_rules(training_class.region_code, days))
    for day in (day for day in days if day.weekday() in weekdays):
        for first, last in blocks:
            begin, end = local_time(day, first), local_time(day, last)
            met = [one for one in taken if one.starts_at < end and one.ends_at > begin]
            if begin > at and not met:
                calendar.blocks.append((begin, end))
            for one in met:
                calendar.note_busy(one, day, training_class)
    planned = training_class.sessions.exclude(state=SessionState.CANCELLED).values_list("starts_at", "hours")
    for starts_at, hours in planned:
        day = _day(starts_at)
        calendar.used[day] = calendar.used.get(day, Decimal(0)) + hours
    return calendar


def _day(moment: dt.datetime) -> dt.date:
    return timezone.localdate(moment)


def _place(needs: list[_Need], calendar: _Calendar) -> Iterator[tuple[_Need, dt.datetime, Decimal]]:
    """Fill block after block with what is needed next; what is left stays in ``needs``."""
    waiting = [need for need in needs if need.left > 0]
    while calendar.blocks and waiting:
        begin, end = calendar.blocks.pop(0)
        while waiting:
            need = waiting[0]
            hours = _fitting(need.left, begin, end, calendar)
            if hours <= 0:
                break
            yield need, begin, hours
            need.left -= hours
            day = _day(begin)
            calendar.used[day] = calendar.used.get(day, Decimal(0)) + hours
            begin += dt.timedelta(minutes=_minutes(hours, calendar.minutes_on(day)) + _BREAK)
            waiting = [need for need in waiting if need.left > 0]


def _fitting(wanted: Decimal, begin: dt.datetime, end: dt.datetime, calendar: _Calendar) -> Decimal:
    """Return the most 学时 (in halves) that fit between ``begin`` and ``end`` and into the day's limit."""
    day = _day(begin)
    minutes = int((end - begin).total_seconds() // 60)
    hours = min(wanted, calendar.room_on(day))
    while hours > 0 and _minutes(hours, calendar.minutes_on(day)) > minutes:
        hours -= _HALF
    return max(hours, Decimal(0))


def _minutes(hours: Decimal, length: int) -> int:
    return int(hours * length) + (_BREAK if hours > 2 else 0)


def _session(
    training_class: TrainingClass, trainer: TrainerProfile, room: Room, need: _Need, begin: dt.datetime,
    hours: Decimal, calendar: _Calendar,
) -> Session:  # fmt: skip
    kind = SessionKind(need.kind.value)
    return Session(
        training_class=training_class,
        class_course=need.course,
        kind=kind,
        content=need.course.course_version.title,
        starts_at=begin,
        ends_at=begin + dt.timedelta(minutes=_minutes(hours, calendar.minutes_on(_day(begin)))),
        hours=hours,
        room=room,
        trainer=trainer,
    )


def _assessment(
    training_class: TrainingClass,
    trainer: TrainerProfile,
    room: Room,
    sessions: list[Session],
    calendar: _Calendar,
) -> list[Session]:
    """Return one assessment in the first free block after teaching, or right after it on the last day."""
    live = training_class.sessions.exclude(state=SessionState.CANCELLED)
    if live.filter(kind=SessionKind.ASSESSMENT).exists() or not assessed_courses(training_class):
        return []
    last = max(
        [session.ends_at for session in sessions] or list(live.values_list("ends_at", flat=True)),
        default=None,
    )
    if last is None:
        return []
    begin = next(
        (start for start, _end in calendar.blocks if start >= last), last + dt.timedelta(minutes=_BREAK)
    )
    end = begin + dt.timedelta(minutes=_ASSESSMENT_MINUTES)
    if find_clashes([room, trainer], begin, end, organisation_id=training_class.organisation_id):
        words = _("学时排得下，但排不下结业考核，什么都没有排。请延长结业日期。")
        raise DomainError("not_enough_days", words)
    course = assessed_courses(training_class)[-1]
    return [
        Session(
            training_class=training_class,
            class_course=course,
            kind=SessionKind.ASSESSMENT,
            content=str(SessionKind.ASSESSMENT.label),
            starts_at=begin,
            ends_at=end,
            hours=Decimal(0),
            room=room,
            trainer=trainer,
        )
    ]


def assessed_courses(training_class: TrainingClass) -> list[ClassCourse]:
    """Return the courses of the class that end with a score (one query)."""
    return [
        course
        for course in training_class.class_courses.select_related("course_version")
        if course.course_version.theory_pass_score is not None
        or course.course_version.practice_pass_score is not None
    ]
