"""Rules of a place and time: who keeps them, and that each service asks the one that holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from caravan.enums import EnrolmentWay
from caravan.models import AttendanceRule, DayHoursRule, EnrolmentRule
from caravan.rules import attendance_rule, enrolment_rule
from caravan.services.enrolment import enrol, enrol_many, withdraw
from caravan.services.free_times import free_times
from caravan.services.rules import load_national_rules, save_rule
from caravan.services.timetabling import plan_sessions
from cms.errors import DomainError, Refusals
from cms.models import AuditEntry, User
from cms.roles import Role
from cms.scope import NATION
from cms.services.memberships import grant_role
from tests.caravan import roll_world
from tests.caravan.planning_world import COUNTY, FIRST, LAST, NOW, VILLAGE, World, local, make_world

pytestmark = pytest.mark.both
SINCE = dt.date(2020, 1, 1)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def root(world: World) -> User:
    user = User.objects.create(username="root", display_name="root")
    grant_role(user, Role.SYSTEM_ADMIN, world.office, by=None, at=NOW, valid_from=SINCE)
    return user


def rule(code: str = COUNTY, start: dt.date = SINCE, **facts: Any) -> EnrolmentRule:
    return EnrolmentRule(region_code=code, valid_from=start, **facts)


def test_the_nation_rules_where_no_place_does(db: None) -> None:
    load_national_rules(at=NOW)
    load_national_rules(at=NOW)
    assert EnrolmentRule.objects.get().youngest_age == 16
    EnrolmentRule.objects.update(offer_hours=36)
    save_rule(rule(offer_hours=12), by=None, at=NOW)
    assert enrolment_rule("110101000000", FIRST).offer_hours == 36
    assert enrolment_rule(VILLAGE, FIRST).offer_hours == 12
    assert attendance_rule(VILLAGE, FIRST).roll_opens_minutes == 60


def test_a_new_rule_ends_the_open_one_before_it_and_refuses_an_overlap(db: None) -> None:
    old = save_rule(rule(offer_hours=24), by=None, at=NOW)
    save_rule(rule(start=dt.date(2031, 1, 1), offer_hours=48), by=None, at=NOW)
    old.refresh_from_db()
    assert old.valid_until == dt.date(2030, 12, 31)
    assert enrolment_rule(COUNTY, dt.date(2030, 12, 31)).offer_hours == 24
    assert enrolment_rule(COUNTY, dt.date(2031, 1, 1)).offer_hours == 48
    for start, end, code in (
        (dt.date(2025, 1, 1), dt.date(2025, 12, 31), "rule_overlap"),
        (dt.date(2031, 5, 1), dt.date(2031, 4, 30), "rule_order"),
    ):
        with pytest.raises(DomainError) as error:
            save_rule(rule(start=start, valid_until=end), by=None, at=NOW)
        assert error.value.code == code
    assert AuditEntry.objects.filter(action="enrolment_rule.save").count() == 2


@pytest.mark.parametrize(
    "row",
    [
        rule(),
        AttendanceRule(region_code=COUNTY),
        DayHoursRule(region_code=COUNTY, max_hours_a_day=Decimal(8)),
    ],
)
def test_no_rule_ends_before_it_begins(db: None, row: Any) -> None:
    row.valid_from, row.valid_until = dt.date(2026, 1, 2), dt.date(2026, 1, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_place_says_how_young_and_how_long_a_seat_waits(db: None) -> None:
    save_rule(rule(roll_world.PLACE, youngest_age=18, offer_hours=6), by=None, at=NOW)
    training_class = roll_world.make_class(capacity=1)
    young = roll_world.make_person(birth=dt.date(2009, 1, 1))
    with pytest.raises(Refusals) as error:
        enrol(young, training_class, by=None, at=roll_world.NOW, way=EnrolmentWay.SELF)
    assert "18 岁" in str(error.value)
    first, second = (
        one.enrolment
        for one in enrol_many(roll_world.make_people(2), training_class, by=None, at=roll_world.NOW)
    )
    assert first is not None and second is not None
    withdraw(first, reason="", by=None, at=roll_world.NOW)
    second.waiting.refresh_from_db()
    assert second.waiting.offer_until == roll_world.NOW + dt.timedelta(hours=6)


def test_a_timetable_keeps_each_days_own_limit(world: World) -> None:
    """From the third day on two 学时 a day: a rule that changes while the class runs."""
    third = FIRST + dt.timedelta(days=2)
    save_rule(DayHoursRule(region_code=COUNTY, max_hours_a_day=Decimal(2), valid_from=third), by=None, at=NOW)
    opened = world.open()
    sessions = plan_sessions(opened, trainer=world.trainer, room=world.room, by=world.planner, at=NOW)
    used: dict[dt.date, Decimal] = {}
    for session in sessions:
        day = session.starts_at.astimezone(NOW.tzinfo).date()
        used[day] = used.get(day, Decimal(0)) + session.hours
    assert used[FIRST] == 8
    assert max(hours for day, hours in used.items() if day >= third) == 2


def test_free_times_keep_each_days_own_limit(world: World) -> None:
    save_rule(
        DayHoursRule(region_code=COUNTY, max_hours_a_day=Decimal(1), valid_from=FIRST + dt.timedelta(days=1)),
        by=None, at=NOW,
    )  # fmt: skip
    opened = world.open()
    found = free_times(
        opened, room=world.room, trainer=world.trainer, starts_at=local(12, 8, 30), ends_at=local(12, 10),
        hours=Decimal(2), at=NOW,
    )  # fmt: skip
    assert {one.starts_at.astimezone(NOW.tzinfo).date() for one in found} == {FIRST}


def test_the_administrator_adds_rules_on_the_screen_and_planners_read_them(world: World, root: User) -> None:
    load_national_rules(at=NOW)
    admin, planner = Client(), Client()
    facts = {"region": "", "youngest_age": "16", "offer_hours": "0", "valid_from": "2031-03-05"}
    add = reverse("enrolment_rules:add")
    with time_machine.travel(NOW, tick=False):
        admin.force_login(root)
        planner.force_login(world.planner)
        assert "全国" in planner.get(reverse("enrolment_rules:index")).content.decode()
        assert planner.post(add, facts).status_code in {302, 403}
        assert EnrolmentRule.objects.count() == 1
        page = admin.post(add, facts)
        assert page.status_code == 200 and EnrolmentRule.objects.count() == 1, "0 hours are no offer"
        assert admin.post(add, facts | {"offer_hours": "48"}).status_code == 302
        made = EnrolmentRule.objects.get(valid_from=dt.date(2031, 3, 5))
        assert (made.region_code, made.offer_hours) == (NATION, 48)
        again = admin.post(add, facts | {"offer_hours": "48"}).content.decode()
        assert "时间重叠" in again
        shown = planner.get(reverse("enrolment_rules:inspect", args=[made.pk])).content.decode()
        assert "全国" in shown
        for name, values in (
            ("attendance_rules", {"late_percent": "50", "left_early_percent": "50", "roll_opens_minutes": "30",
                                  "reason_after_hours": "12"}),
            ("day_hours_rules", {"max_hours_a_day": "6", "minutes_an_hour": "40"}),
        ):  # fmt: skip
            url = reverse(f"{name}:add")
            assert admin.post(url, {"region": "", "valid_from": "2031-03-05", **values}).status_code == 302
            assert planner.get(reverse(f"{name}:index")).status_code == 200
    assert attendance_rule(VILLAGE, LAST).roll_opens_minutes == 30


def test_a_mark_is_worth_all_its_hours_at_most(db: None) -> None:
    much = AttendanceRule(region_code=COUNTY, valid_from=dt.date(2031, 1, 1), left_early_percent=101)
    with pytest.raises(DomainError) as caught:
        save_rule(much, by=None, at=NOW)
    assert (caught.value.code, caught.value.field) == ("rule_percent", "left_early_percent")
