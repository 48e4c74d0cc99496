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
from certificates.demo.stage import Stage
from cms.models import Organisation, Person, User
from cms.services.consents import record_paper_consents
from courses.enums import Component
from courses.models import Course, MenuVersion, TrainingRecord
from courses.services.assessments import record_score

MORNING = dt.time(9, 0)


def moment(day: dt.date, time: dt.time = MORNING) -> dt.datetime:
    """Return a local time of a day."""
    return timezone.make_aware(dt.datetime.combine(day, time))


@dataclass(frozen=True)
class ClassPlan:
    """What a planner types to open a class."""

    title: str
    menu_code: str
    course_codes: tuple[str, ...]
    venue: Venue
    starts_on: dt.date
    days: int
    capacity: int
    trainer: str = "jiangshi"
    planner: str = "jiaowu"
    stop: Stop | None = None

    @property
    def ends_on(self) -> dt.date:
        """The last day."""
        return self.starts_on + dt.timedelta(days=self.days - 1)


def open_planned_class(
    stage: Stage, plan: ClassPlan, organisation: Organisation, *, at: dt.datetime
) -> TrainingClass:
    """Open the class, staff it and make its timetable."""
    by = stage.cast[plan.planner]
    courses = {row.code: row for row in Course.objects.filter(code__in=plan.course_codes)}
    menu = MenuVersion.objects.filter(menu__code=plan.menu_code).order_by("-number").first()
    training_class = planning.open_class(
        organisation=organisation,
        title=plan.title,
        venue=plan.venue,
        region_code=plan.venue.region_code,
        menu_version=menu,
        courses=[courses[code] for code in plan.course_codes],
        capacity=plan.capacity,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        enrol_until=moment(plan.starts_on, dt.time(8, 0)),
        stop=plan.stop,
        by=by,
        at=at,
    )
    for username, role in (
        ("banzhuren", StaffRole.CLASS_TEACHER),
        (plan.trainer, StaffRole.TRAINER),
        ("kaoping", StaffRole.ASSESSOR),
    ):
        if organisation == stage.school or username == plan.trainer:
            planning.assign_staff(training_class, stage.cast[username], role, by=by, at=at)
    timetabling.plan_sessions(
        training_class, trainer=stage.trainer(plan.trainer), room=stage.room(plan.venue), by=by, at=at
    )
    return training_class


def file_class(stage: Stage, training_class: TrainingClass, *, at: dt.datetime) -> TrainingClass:
    """Submit the class; the region's officer accepts."""
    filed = filing.submit_class(training_class, by=stage.cast["jiaowu"], at=at)
    return filing.accept_filing(
        filed, remarks="材料齐全，准予备案。", by=stage.cast["butie"], at=at + dt.timedelta(hours=4)
    )


def enrol_people(
    stage: Stage, training_class: TrainingClass, people: Iterable[Person], *, at: dt.datetime
) -> dict[str, int]:
    """Enrol people from the roster in one call; return how many per code."""
    asked = list(people)
    record_paper_consents(
        asked, region_code=training_class.region_code, kept_by=training_class.organisation,
        signed_on=timezone.localdate(at), by=stage.cast["jiaowu"], at=at,
    )  # fmt: skip
    outcomes = enrolment.enrol_many(asked, training_class, by=stage.cast["jiaowu"], at=at)
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.code] = counts.get(outcome.code, 0) + 1
    return counts


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
    stage: Stage, training_class: TrainingClass, *, at: dt.datetime, low_no: Sequence[int] = ()
) -> int:
    """Enter the scores that each course asks for; those in ``low_no`` fail. Return how many scores."""
    dice = random.Random(11)  # noqa: S311  the same world each time
    count = 0
    roll_no = dict(
        Enrolment.objects.filter(training_class=training_class, state=EnrolmentState.ENROLLED).values_list(
            "person_id", "roll_no"
        )
    )
    records = TrainingRecord.objects.open().filter(source=f"class:{training_class.class_no}")
    for record in records.select_related("course_version").order_by("pk"):
        asked = {
            Component.THEORY_SCORE: record.course_version.theory_pass_score,
            Component.PRACTICE_SCORE: record.course_version.practice_pass_score,
        }
        for component, passing in asked.items():
            if passing is None or record.person_id not in roll_no:
                continue
            low = roll_no[record.person_id] in low_no
            score = Decimal(dice.randint(40, 58) if low else dice.randint(66, 98))
            record_score(
                record, component, score, evidence=training_class.class_no, by=stage.cast["kaoping"], at=at
            )
            count += 1
    return count


def finish(
    stage: Stage, training_class: TrainingClass, *, at: dt.datetime, low_no: Sequence[int] = ()
) -> TrainingClass:
    """End teaching, examine, close."""
    teacher = stage.cast["banzhuren"]
    running.end_teaching(training_class, by=teacher, at=at)
    examine(stage, training_class, at=at, low_no=low_no)
    return running.close_class(training_class, by=teacher, at=at + dt.timedelta(hours=2))
