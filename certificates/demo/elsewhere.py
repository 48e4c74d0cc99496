"""Classes in the other states, so that every screen has something to show."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import transaction

from caravan.enums import EnrolmentState, EventKind, EventMethod, Mark, SessionState
from caravan.models import Enrolment, Stop, Tour, TrainingClass
from caravan.services import attendance, enrolment, filing, planning, running
from certificates.demo.class_life import (
    ClassPlan,
    Crew,
    examine,
    fill_class,
    finish,
    open_planned_class,
    teach,
)
from certificates.demo.dates import CLASSES
from certificates.demo.stage import first_vehicle
from certificates.demo.story import Story
from certificates.demo.waiting import wait_for
from certificates.issuing.services.batches import start_issuing
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from cms.ids import uuid7
from cms.jobs import cancel_job, resume_job
from cms.models import Person
from courses.models import TrainingRecord

_BASE = "公共实训基地"
_TIDYING, _COOKING, _FIRST_AID, _REFRESHER = ("JZ-010",), ("JZ-009",), ("JZ-003",), ("JZ-024",)


def add_other_classes(story: Story, now: dt.datetime) -> None:
    """A tour ahead with an open and a full stop, and a class in each state, of two providers."""
    _first_aid(story)
    _refresher(story)
    _not_issued(story, now)
    _assessing(story)
    _running(story)
    _tour_ahead(story, now)
    _cancelled(story)
    _before_filing(story)
    _rival_classes(story)
    counts: dict[str, int] = {}
    for state in TrainingClass.objects.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    story.tell("   另有班级：" + "，".join(f"{state} {count}" for state, count in sorted(counts.items())))


def plan_of(story: Story, key: str, title: str, menu: str, courses: tuple[str, ...], place: str) -> ClassPlan:
    """Return a plan of the class ``key`` with its days; the second trainer teaches at the stops."""
    return ClassPlan(
        title, menu, courses, story.stage.venue(place), CLASSES[key], story.size.seats(30), trainer="jiangshi2"
    )  # fmt: skip


def _finished(story: Story, plan: ClassPlan, crew: Crew, people: list[Person]) -> TrainingClass:
    """Fill, teach and close a class of the past."""
    opened = fill_class(story.stage, plan, story.today, crew, people)
    teach(opened, absent_no=(2,), seed=plan.days.starts)
    finish(opened, crew, at=story.at(plan.days.closed))
    opened.refresh_from_db()
    return opened


def _first_aid(story: Story) -> None:
    """Closed, issued and put away; its job was cancelled, and later went on."""
    plan = plan_of(story, "first_aid", "新民村居家安全与急救班", "TC-03", _FIRST_AID, "新民村")
    opened = _finished(story, plan, story.crew, story.take(story.size.seats(24)))
    planner = story.stage.cast["jiaowu"]
    with transaction.atomic():  # no worker may be faster
        job = start_issuing(opened, by=planner, at=story.at(-66))
        cancel_job(job, by=planner, at=story.at(-66))
    # Somebody could not wait: the job then passes over what was issued meanwhile.
    issue_certificate(_completed(opened)[0], by=planner, at=story.at(-66, dt.time(15)))
    resume_job(job, by=planner, at=story.at(-65))
    wait_for(job)
    running.archive_class(opened, by=planner, at=story.at(-5))


def _refresher(story: Story) -> None:
    """Workers in post come to a refresher; their clock begins anew."""
    plan = plan_of(story, "refresher", "云岭回炉·家务服务班", "TC-07", _REFRESHER, "云岭")
    opened = _finished(story, plan, story.crew, story.workers[-story.size.seats(12) :])
    wait_for(start_issuing(opened, by=story.stage.cast["jiaowu"], at=story.at(-50)))


def _not_issued(story: Story, now: dt.datetime) -> None:
    """Closed, certificates not issued: a job was cancelled. One was numbered just now and has no file yet."""
    plan = plan_of(story, "not_issued", "双桥家庭餐制作班（第一期）", "TC-04", _COOKING, "双桥")
    opened = _finished(story, plan, story.crew, story.take(story.size.seats(20)))
    planner = story.stage.cast["jiaowu"]
    with transaction.atomic():
        job = start_issuing(opened, by=planner, at=story.at(-10))
        cancel_job(job, by=planner, at=story.at(-10))
    number_certificate(_completed(opened)[0], by=planner, at=now)


def _completed(training_class: TrainingClass) -> list[TrainingRecord]:
    rows = TrainingRecord.objects.completed().filter(source=f"class:{training_class.class_no}")
    return list(rows.order_by("pk"))


def _assessing(story: Story) -> None:
    """Teaching is over; half of the scores are entered."""
    plan = plan_of(story, "assessing", "柳林居家整理收纳班", "TC-04", _TIDYING, "柳林村")
    opened = fill_class(story.stage, plan, story.today, story.crew, story.take(story.size.seats(20)))
    teach(opened, absent_no=(3,), seed=3)
    running.end_teaching(opened, by=story.crew.teacher, at=story.at(plan.days.closed))
    examine(opened, story.crew, at=story.at(plan.days.closed + 1), only=opened.capacity // 3)


def _running(story: Story) -> None:
    """In its first week: a mark corrected, one taken back, one person has left."""
    plan = plan_of(story, "running", "家务服务员上岗班", "TC-01", ("JZ-001", "JZ-002", "JZ-006"), _BASE)
    plan = replace(plan, trainer="jiangshi", capacity=story.size.seats(40))
    opened = fill_class(story.stage, plan, story.today, story.crew, story.take(story.size.seats(36)))
    teach(opened, until=story.today, absent_no=(5,))
    _change_marks(story, opened)
    leaver = opened.enrolments.filter(state=EnrolmentState.ENROLLED).order_by("-roll_no")[0]
    enrolment.withdraw(
        leaver, reason="家里老人住院，下期再来", by=story.crew.teacher, at=story.at(-1, dt.time(18))
    )


def _change_marks(story: Story, training_class: TrainingClass) -> None:
    session = training_class.sessions.filter(state=SessionState.HELD).order_by("starts_at")[0]
    trainer, at = session.trainer.user, session.ends_at
    early, gone, *_others = session.marks.filter(mark=Mark.PRESENT).order_by("enrolment__roll_no")
    for row, kind, mark, reason in (
        (early, EventKind.CORRECTION, Mark.LEFT_EARLY, "第二节课提前走了，已和本人核对"),
        (gone, EventKind.WITHDRAWAL, None, "点错了人，重新点"),
        (gone, EventKind.CORRECTION, Mark.LEAVE, "当天请了假，假条在班主任处"),
    ):
        attendance.record_event(
            session, row.enrolment, kind=kind, mark=mark, method=EventMethod.ROLL_CALL, client_id=uuid7(),
            device_time=at, reason=reason, by=trainer, at=at,
        )  # fmt: skip
        at += dt.timedelta(minutes=3)


# Key, place, title, menu, courses, seats, who asks for one.
_STOPS = (
    ("tour_liulin", "柳林村", "居家安全与急救班", "TC-03", _FIRST_AID, 40, 28),
    ("tour_shuangqiao", "双桥", "家庭餐制作班", "TC-04", _COOKING, 12, 15),
    ("tour_yunling", "云岭", "回炉·家务服务班", "TC-07", _REFRESHER, 30, 9),
)


def _tour_ahead(story: Story, now: dt.datetime) -> None:
    starts = story.today + dt.timedelta(days=CLASSES["tour_liulin"].starts)
    tour = planning.create_tour(
        organisation=story.stage.school, title="河湾镇冬季巡回", starts_on=starts, ends_on=starts + dt.timedelta(days=14),
        vehicle=first_vehicle(story.stage.school), by=story.crew.planner, at=story.at(-12),
    )  # fmt: skip
    for key, place, title, menu, courses, seats, asked in _STOPS:
        plan = plan_of(story, key, f"{place}{title}", menu, courses, place)
        stop = _add_stop(story, tour, plan, seats)
        plan = replace(plan, capacity=story.size.seats(seats), stop=stop)
        people = max(story.size.seats(asked), plan.capacity + 3 if asked > seats else 0)
        opened = fill_class(story.stage, plan, story.today, story.crew, story.take(people))
        if asked > seats:
            _offer_seats(story, opened, now)


def _add_stop(story: Story, tour: Tour, plan: ClassPlan, expected: int) -> Stop:
    return planning.add_stop(
        tour, venue=plan.venue, starts_on=story.today + dt.timedelta(days=plan.days.starts),
        ends_on=story.today + dt.timedelta(days=plan.days.ends), contact_name="村妇联主席",
        contact_phone="0000-812 6620", expected_people=expected, audience="全体村民和社区居民", notes="身份证",
        by=story.crew.planner, at=story.at(-12),
    )  # fmt: skip


def _offer_seats(story: Story, training_class: TrainingClass, now: dt.datetime) -> None:
    """Two give their seats back: the first in the queue has taken one, the second has an offer now."""
    story.shown["waiting"] = _in_queue(training_class)[-1].person
    seated = list(training_class.enrolments.filter(state=EnrolmentState.ENROLLED).order_by("roll_no"))
    enrolment.withdraw(seated[1], reason="那几天走不开", by=story.crew.planner, at=story.at(-2))
    first = training_class.enrolments.get(state=EnrolmentState.OFFERED)
    enrolment.accept_offer(first, by=story.crew.planner, at=story.at(-2, dt.time(15)))
    enrolment.withdraw(seated[2], reason="改报柳林村的班", by=story.crew.planner, at=now)
    story.shown["offered"] = training_class.enrolments.get(state=EnrolmentState.OFFERED).person
    story.shown["seated"] = seated[0].person


def _in_queue(training_class: TrainingClass) -> list[Enrolment]:
    rows = training_class.enrolments.filter(state=EnrolmentState.WAITING).select_related("person")
    return list(rows.order_by("waiting__queue_no"))


def _cancelled(story: Story) -> None:
    plan = plan_of(story, "cancelled", "新民村衣物洗护体验班", "TC-03", _FIRST_AID, "新民村")
    opened = fill_class(story.stage, plan, story.today, story.crew, story.take(story.size.seats(12)))
    running.cancel_class(
        opened, reason="进村的桥在修，车开不进去", by=story.crew.planner, at=story.at(-3, dt.time(16))
    )


def _before_filing(story: Story) -> None:
    """A draft, one handed in, one sent back."""
    for key, title, menu, courses in (
        ("draft", "母婴护理员上岗班", "TC-02", ("JZ-001", "JZ-003", "JZ-011")),
        ("submitted", "居家养老照护班", "TC-05", ("JZ-017", "JZ-022")),
        ("returned", "在岗晋级班", "TC-06", ("JZ-004", "JZ-007")),
    ):
        plan = replace(plan_of(story, key, title, menu, courses, _BASE), trainer="jiangshi", capacity=30)
        opened = open_planned_class(story.stage, plan, story.today, story.crew)
        if key == "draft":
            continue
        filed = filing.submit_class(opened, by=story.crew.planner, at=story.at(plan.days.opened, dt.time(11)))
        if key == "returned":
            filing.return_filing(
                filed, remarks="请补充实训设备清单，并写明考评员资质。", by=story.stage.cast["butie"],
                at=story.at(plan.days.opened, dt.time(15)),
            )  # fmt: skip


def _rival_classes(story: Story) -> None:
    """The second provider: a closed class with certificates, a running, a filed and a drafted one."""
    story_size, people = story.size, story.rivals
    plans = {
        key: replace(
            plan_of(story, key, title, "TC-04", courses, _BASE), trainer="qingshan-jiangshi", room="2 号教室"
        )
        for key, title, courses in (
            ("rival_closed", "青山居家整理收纳班（第一期）", _TIDYING),
            ("rival_running", "青山家庭餐制作班", _COOKING),
            ("rival_filed", "青山居家整理收纳班（第二期）", _TIDYING),
            ("rival_draft", "青山家庭餐制作班（第二期）", _COOKING),
        )
    }
    closed = _finished(story, plans["rival_closed"], story.rival_crew, people[: story_size.seats(12)])
    wait_for(start_issuing(closed, by=story.rival_crew.planner, at=story.at(-33)))
    begun = fill_class(
        story.stage, plans["rival_running"], story.today, story.rival_crew, people[-story_size.seats(16) :]
    )
    teach(begun, until=story.today, seed=5)
    fill_class(
        story.stage,
        plans["rival_filed"],
        story.today,
        story.rival_crew,
        people[12 : 12 + story_size.seats(10)],
    )
    open_planned_class(story.stage, plans["rival_draft"], story.today, story.rival_crew)
