"""The life of one demo class, told by the services as far as the story wants."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from caravan.enums import EnrolmentState, EventMethod, Mark, SessionKind, SessionState, StaffRole
from caravan.models import Enrolment, Session, Stop, TrainingClass, Venue
from caravan.services import attendance, enrolment, filing, planning, running, timetabling
from certificates.demo.dates import ClassDays
from certificates.demo.stage import Stage
from cms.models import Organisation, Person, User
from cms.services.consents import record_paper_consents
from courses.enums import Component
from courses.models import Course, MenuVersion, TrainingRecord
from courses.services.assessments import record_score

MORNING = dt.time(9, 0)


def day_at(today: dt.date, offset: int, time: dt.time = MORNING) -> dt.datetime:
    """Return a local time so many days from ``today``."""
    return moment(today + dt.timedelta(days=offset), time)


def moment(day: dt.date, time: dt.time = MORNING) -> dt.datetime:
    """Return a local time of a day."""
    return timezone.make_aware(dt.datetime.combine(day, time))


@dataclass(frozen=True)
class Crew:
    """Who plans, leads and assesses the classes of an organisation."""

    organisation: Organisation
    planner: User
    teacher: User
    assessor: User


@dataclass(frozen=True)
class ClassPlan:
    """What a planner types to open a class; its days are counted from ``today``."""

    title: str
    menu_code: str
    course_codes: tuple[str, ...]
    venue: Venue
    days: ClassDays
    capacity: int
    trainer: str = "jiangshi"
    room: str = ""
    stop: Stop | None = None


def open_planned_class(stage: Stage, plan: ClassPlan, today: dt.date, crew: Crew) -> TrainingClass:
    """Open the class, staff it and make its timetable."""
    at, by = day_at(today, plan.days.opened), crew.planner
    starts_on = today + dt.timedelta(days=plan.days.starts)
    courses = {row.code: row for row in Course.objects.filter(code__in=plan.course_codes)}
    menu = MenuVersion.objects.filter(menu__code=plan.menu_code).order_by("-number").first()
    training_class = planning.open_class(
        organisation=crew.organisation,
        title=plan.title,
        venue=plan.venue,
        region_code=plan.venue.region_code,
        menu_version=menu,
        courses=[courses[code] for code in plan.course_codes],
        capacity=plan.capacity,
        starts_on=starts_on,
        ends_on=today + dt.timedelta(days=plan.days.ends),
        enrol_until=moment(starts_on, dt.time(8, 0)),
        stop=plan.stop,
        by=by,
        at=at,
    )
    for user, role in (
        (crew.teacher, StaffRole.CLASS_TEACHER),
        (stage.cast[plan.trainer], StaffRole.TRAINER),
        (crew.assessor, StaffRole.ASSESSOR),
    ):
        planning.assign_staff(training_class, user, role, by=by, at=at)
    timetabling.plan_sessions(
        training_class,
        trainer=stage.trainer(plan.trainer),
        room=stage.room(plan.venue, plan.room),
        by=by,
        at=at,
    )
    return training_class


def file_class(stage: Stage, training_class: TrainingClass, crew: Crew, *, at: dt.datetime) -> TrainingClass:
    """Submit the class; the region's officer accepts."""
    filed = filing.submit_class(training_class, by=crew.planner, at=at)
    return filing.accept_filing(
        filed, remarks="材料齐全，准予备案。", by=stage.cast["butie"], at=at + dt.timedelta(hours=4)
    )


def enrol_people(
    training_class: TrainingClass, people: Iterable[Person], crew: Crew, *, at: dt.datetime
) -> dict[str, int]:
    """Enrol people from the roster in one call; return how many per code."""
    asked = list(people)
    record_paper_consents(
        asked, region_code=training_class.region_code, kept_by=training_class.organisation,
        signed_on=timezone.localdate(at), by=crew.planner, at=at,
    )  # fmt: skip
    outcomes = enrolment.enrol_many(asked, training_class, by=crew.planner, at=at)
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.code] = counts.get(outcome.code, 0) + 1
    return counts


def fill_class(
    stage: Stage, plan: ClassPlan, today: dt.date, crew: Crew, people: Iterable[Person]
) -> TrainingClass:
    """Open, file and fill a class; past its first morning it has begun."""
    opened = open_planned_class(stage, plan, today, crew)
    file_class(stage, opened, crew, at=day_at(today, plan.days.filed) + dt.timedelta(hours=1))
    enrol_people(opened, people, crew, at=day_at(today, plan.days.enrolled))
    if plan.days.starts < 0:
        running.start_class(opened, by=crew.teacher, at=moment(opened.starts_on, dt.time(7, 30)))
    opened.refresh_from_db()
    return opened


def teach(
    training_class: TrainingClass,
    *,
    until: dt.date | None = None,
    absent_no: Sequence[int] = (),
    seed: int = 7,
) -> int:
    """Take the roll of every session before ``until``: those in ``absent_no`` hardly come. Return the marks."""
    dice = random.Random(seed)  # noqa: S311  the same world each time
    count = 0
    planned = training_class.sessions.filter(state=SessionState.PLANNED)
    sessions = planned.exclude(kind=SessionKind.LECTURE).select_related("trainer__user")
    for session in sessions.order_by("starts_at"):
        if until is not None and timezone.localdate(session.starts_at) >= until:
            break
        count += _roll(session, absent_no, dice)
    return count


def _roll(session: Session, absent_no: Sequence[int], dice: random.Random) -> int:
    at = session.starts_at + dt.timedelta(minutes=12)
    roll = Enrolment.objects.filter(training_class=session.training_class, state=EnrolmentState.ENROLLED)
    marks = {row.pk: _mark(row.roll_no or 0, absent_no, dice) for row in roll.order_by("roll_no")}
    user: User = session.trainer.user
    attendance.take_roll(session, marks, by=user, at=at, method=EventMethod.ROLL_CALL)
    attendance.close_roll(session, rest=None, by=user, at=at + dt.timedelta(minutes=20))
    return len(marks)


def _mark(roll_no: int, absent_no: Sequence[int], dice: random.Random) -> Mark:
    if roll_no in absent_no:
        return Mark.ABSENT if dice.random() < 0.7 else Mark.PRESENT
    throw = dice.random()
    if throw < 0.93:
        return Mark.PRESENT
    return Mark.LATE if throw < 0.97 else Mark.LEAVE


def examine(
    training_class: TrainingClass,
    crew: Crew,
    *,
    at: dt.datetime,
    low_no: Sequence[int] = (),
    only: int | None = None,
) -> int:
    """Enter the scores that each course asks for; those in ``low_no`` fail.

    ``only`` so many people are examined. Return how many scores.
    """
    dice = random.Random(11)  # noqa: S311  the same world each time
    count = 0
    roll_no = dict(
        Enrolment.objects.filter(training_class=training_class, state=EnrolmentState.ENROLLED).values_list(
            "person_id", "roll_no"
        )
    )
    records = TrainingRecord.objects.open().filter(source=f"class:{training_class.class_no}")
    for record in records.select_related("course_version").order_by("pk")[:only]:
        asked = {
            Component.THEORY_SCORE: record.course_version.theory_pass_score,
            Component.PRACTICE_SCORE: record.course_version.practice_pass_score,
        }
        for component, passing in asked.items():
            if passing is None or record.person_id not in roll_no:
                continue
            low = roll_no[record.person_id] in low_no
            score = Decimal(dice.randint(40, 58) if low else dice.randint(66, 98))
            record_score(record, component, score, evidence=training_class.class_no, by=crew.assessor, at=at)
            count += 1
    return count


def finish(
    training_class: TrainingClass, crew: Crew, *, at: dt.datetime, low_no: Sequence[int] = ()
) -> TrainingClass:
    """End teaching, examine, close."""
    running.end_teaching(training_class, by=crew.teacher, at=at)
    examine(training_class, crew, at=at, low_no=low_no)
    return running.close_class(training_class, by=crew.teacher, at=at + dt.timedelta(hours=2))
