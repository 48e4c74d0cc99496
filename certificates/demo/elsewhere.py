"""Classes in the other states, so that every screen has something to show."""

from __future__ import annotations

import datetime as dt

from caravan.models import TrainingClass
from caravan.services import filing, planning, running
from certificates.demo.class_life import (
    ClassPlan,
    enrol_people,
    file_class,
    moment,
    open_planned_class,
    teach,
)
from certificates.demo.stage import first_vehicle
from certificates.demo.story import Story


def add_other_classes(story: Story) -> None:
    """A tour ahead with an open and a full stop, and a class in each state before the end."""
    _tour_ahead(story)
    _running_class(story)
    _draft_and_submitted(story)
    _returned(story)
    counts: dict[str, int] = {}
    for state in TrainingClass.objects.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    story.tell("   另有班级：" + "，".join(f"{state} {count}" for state, count in sorted(counts.items())))


def _tour_ahead(story: Story) -> None:
    stage, at, starts = story.stage, moment(story.day(12)), story.today + dt.timedelta(days=6)
    planner = stage.cast["jiaowu"]
    tour = planning.create_tour(
        organisation=stage.school, title="河湾镇冬季巡回", starts_on=starts, ends_on=starts + dt.timedelta(days=14),
        vehicle=first_vehicle(stage.school), by=planner, at=at,
    )  # fmt: skip
    stops = (
        ("柳林村", "居家安全与急救班", "TC-03", "JZ-003", 0, 2, 40, 28, "jiangshi2"),
        ("双桥", "家庭餐制作班", "TC-04", "JZ-009", 4, 6, 12, 15, "jiangshi2"),
        ("云岭", "回炉·家务服务班", "TC-07", "JZ-024", 11, 2, 30, 9, "jiangshi2"),
    )
    for place, title, menu, course, offset, days, capacity, people, trainer in stops:
        day = starts + dt.timedelta(days=offset)
        venue = stage.venue(place)
        stop = planning.add_stop(
            tour, venue=venue, starts_on=day, ends_on=day + dt.timedelta(days=days - 1), contact_name="村妇联主席",
            contact_phone="0000-812 6620", expected_people=capacity, audience="全体村民和社区居民", notes="身份证",
            by=planner, at=at,
        )  # fmt: skip
        plan = ClassPlan(
            f"{place}{title}", menu, (course,), venue, day, days, capacity, trainer=trainer, stop=stop
        )
        opened = open_planned_class(stage, plan, stage.school, at=at)
        file_class(stage, opened, at=at + dt.timedelta(hours=1))
        begin = 200 + offset * 10
        enrol_people(stage, opened, story.people[begin : begin + people], at=at + dt.timedelta(days=1))


def _running_class(story: Story) -> None:
    stage, at = story.stage, moment(story.day(20))
    venue = stage.venue("公共实训基地")
    plan = ClassPlan(
        "家务服务员上岗班", "TC-01", ("JZ-001", "JZ-002", "JZ-006"), venue, story.day(4), days=18, capacity=40,
        trainer="jiangshi",
    )  # fmt: skip
    opened = open_planned_class(stage, plan, stage.school, at=at)
    file_class(stage, opened, at=at + dt.timedelta(hours=1))
    enrol_people(stage, opened, story.people[340:376], at=at + dt.timedelta(days=1))
    running.start_class(opened, by=stage.cast["banzhuren"], at=moment(plan.starts_on, dt.time(7, 30)))
    opened.refresh_from_db()
    teach(opened, until=story.today, absent_no=(5,))


def _draft_and_submitted(story: Story) -> None:
    stage, at = story.stage, moment(story.day(3))
    venue = stage.venue("公共实训基地")
    for title, course, menu, offset, submit in (
        ("母婴护理员上岗班", ("JZ-001", "JZ-003", "JZ-011"), "TC-02", 40, False),
        ("居家养老照护班", ("JZ-017", "JZ-022"), "TC-05", 70, True),
    ):
        plan = ClassPlan(
            title, menu, course, venue, story.today + dt.timedelta(days=offset), 20, 30, "jiangshi"
        )
        opened = open_planned_class(stage, plan, stage.school, at=at)
        if submit:
            filing.submit_class(opened, by=stage.cast["jiaowu"], at=at)


def _returned(story: Story) -> None:
    stage, at = story.stage, moment(story.day(5))
    venue = stage.venue("公共实训基地")
    plan = ClassPlan(
        "在岗晋级班",
        "TC-06",
        ("JZ-004", "JZ-007"),
        venue,
        story.today + dt.timedelta(days=100),
        14,
        30,
        "jiangshi",
    )
    opened = open_planned_class(stage, plan, stage.school, at=at)
    filed = filing.submit_class(opened, by=stage.cast["jiaowu"], at=at)
    filing.return_filing(
        filed,
        remarks="请补充实训设备清单，并写明考评员资质。",
        by=stage.cast["butie"],
        at=at + dt.timedelta(hours=3),
    )
