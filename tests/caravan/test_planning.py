"""Opening classes: picks, frozen versions, numbers, rooms."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay, HostRole, StaffRole
from caravan.models import ClassNumberSeries, Session, TrainingClass, Vehicle, Venue
from caravan.permissions import can_plan_class
from caravan.services.enrolment import enrol
from caravan.services.planning import add_stop, assign_staff, change_class, create_tour, remove_staff
from caravan.services.resources import save_venue
from caravan.services.states import move_class
from cms.errors import DomainError, Refusals
from cms.models import AuditEntry, Organisation, Person
from cms.roles import Role
from cms.services.memberships import grant_role
from courses.models import CourseVersion
from tests.caravan.planning_world import FIRST, LAST, NOW, VILLAGE, World, local, make_course, make_world
from tests.harness.typed import typed

pytestmark = pytest.mark.both


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def codes(error: pytest.ExceptionInfo[DomainError]) -> set[str]:
    return {one.code for one in getattr(error.value, "refusals", [error.value])}


def test_a_class_opens_with_its_number_and_frozen_courses(world: World) -> None:
    opened = world.open(courses=[world.course, world.extra])
    assert opened.class_no == "XH-2031-0001"
    assert opened.state == ClassState.DRAFT
    titles = [row.course_version.title for row in opened.class_courses.all()]
    assert titles == ["家务服务员（初级）", "沟通"]
    assert AuditEntry.objects.get(action="class.open").organisation_id == world.provider.pk


def test_the_version_valid_on_the_first_day_is_frozen(world: World) -> None:
    CourseVersion.objects.filter(course=world.course).update(valid_until=dt.date(2030, 12, 31))
    newer = CourseVersion.objects.get(course=world.course)
    newer.pk, newer.number = None, 2
    newer.valid_from, newer.valid_until = dt.date(2031, 1, 1), None
    newer.save()
    assert world.open().class_courses.get().course_version.number == 2


def test_numbers_run_per_organisation_and_year_without_a_gap(world: World) -> None:
    world.open()
    with pytest.raises(DomainError):
        world.open(capacity=1000)
    other = Organisation.objects.create(name="另一所学校", short_code="LY", region_code=VILLAGE)
    Venue.objects.filter(pk=world.venue.pk).update(is_shared=True)
    world.venue.refresh_from_db()
    assert world.open().class_no == "XH-2031-0002"
    assert world.open(organisation=other).class_no == "LY-2031-0001"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"courses": []}, "no_courses"),
        ({"ends_on": FIRST - dt.timedelta(days=1), "enrol_until": local(9, 8)}, "dates_order"),
        ({"starts_on": dt.date(2031, 2, 1)}, "in_past"),
        ({"enrol_until": local(31, 8)}, "enrol_until"),
        ({"enrol_until": NOW - dt.timedelta(days=1)}, "enrol_until"),
        ({"capacity": 51}, "capacity_over_room"),
        ({"capacity": 0}, "capacity_none"),
    ],
)
def test_an_impossible_class_is_refused(world: World, changes: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as error:
        world.open(**changes)
    assert code in codes(error)
    assert not TrainingClass.objects.exists()
    assert not ClassNumberSeries.objects.filter(last__gt=0).exists()


def test_every_reason_is_given_at_once(world: World) -> None:
    with pytest.raises(Refusals) as error:
        world.open(courses=[world.extra], capacity=51, starts_on=dt.date(2031, 2, 1))
    assert {"in_past", "capacity_over_room", "picks_too_few"} <= codes(error)


def test_a_pick_outside_the_menu_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as error:
        world.open(courses=[world.course, make_course("JZ-C", "别的课", 4, 0)])
    assert "pick_not_offered" in codes(error)


def test_a_venue_of_others_must_be_shared(world: World) -> None:
    other = Organisation.objects.create(name="别家", short_code="BJ", region_code=VILLAGE)
    with pytest.raises(DomainError) as error:
        world.open(organisation=other)
    assert codes(error) == {"venue_elsewhere"}


def test_a_tour_books_its_vehicle(world: World) -> None:
    vehicle = Vehicle.objects.get()
    facts: dict[str, Any] = {
        "organisation": world.provider,
        "starts_on": FIRST,
        "ends_on": LAST,
        "vehicle": vehicle,
    }
    first = create_tour(title="春季巡回", **facts, by=world.planner, at=NOW)
    second = create_tour(title="第二趟", **facts, by=world.planner, at=NOW)
    contact: dict[str, Any] = {
        "contact_name": "李秀英",
        "contact_phone": "0000-8126620",
        "expected_people": 40,
    }
    days: dict[str, Any] = {"starts_on": FIRST, "ends_on": FIRST + dt.timedelta(days=1)}
    stop = add_stop(first, venue=world.venue, **days, **contact, by=world.planner, at=NOW)
    assert (stop.order, stop.region_code) == (1, VILLAGE)
    with pytest.raises(DomainError) as error:
        add_stop(second, venue=world.venue, **days, **contact, by=world.planner, at=NOW)
    assert error.value.code == "vehicle_clash"
    assert "春季巡回" in str(error.value)
    assert second.stops.count() == 0


def test_a_class_at_a_stop_keeps_to_its_place_and_days(world: World) -> None:
    tour = create_tour(
        organisation=world.provider, title="巡回", starts_on=FIRST, ends_on=LAST, by=world.planner, at=NOW
    )
    stop = add_stop(
        tour, venue=world.venue, starts_on=FIRST, ends_on=FIRST, contact_name="李", contact_phone="1",
        expected_people=3, by=world.planner, at=NOW,
    )  # fmt: skip
    with pytest.raises(DomainError) as error:
        world.open(stop=stop)
    assert codes(error) == {"outside_stop"}
    opened = world.open(stop=stop, ends_on=FIRST)
    assert opened.stop == stop
    with pytest.raises(DomainError) as error:
        change_class(
            opened, title="x", capacity=40, starts_on=FIRST, ends_on=LAST, enrol_until=opened.enrol_until,
            by=world.planner, at=NOW,
        )  # fmt: skip
    assert codes(error) == {"outside_stop"}


def test_who_assesses_does_not_teach(world: World) -> None:
    opened = world.open()
    assign_staff(opened, world.assessor, StaffRole.ASSESSOR, by=world.planner, at=NOW)
    with pytest.raises(DomainError) as error:
        assign_staff(opened, world.assessor, StaffRole.TRAINER, by=world.planner, at=NOW)
    assert error.value.code == "assessor_teaches"
    world.schedule(opened)
    with pytest.raises(DomainError):
        assign_staff(opened, world.trainer.user, StaffRole.ASSESSOR, by=world.planner, at=NOW)


def test_a_step_that_the_table_does_not_know_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as error:
        move_class(world.open(), ClassState.CLOSED)
    assert error.value.code == "class_state"


def test_a_filed_class_changes_only_with_a_reason(world: World) -> None:
    filed = world.filed()
    facts: dict[str, Any] = {
        "title": filed.title, "capacity": 30, "starts_on": FIRST, "ends_on": LAST,
        "enrol_until": filed.enrol_until, "by": world.planner, "at": NOW,
    }  # fmt: skip
    with pytest.raises(DomainError) as error:
        change_class(filed, **facts)
    assert error.value.code == "reason_missing"
    assert change_class(filed, **facts, reason="教室小").capacity == 30
    entry = AuditEntry.objects.get(action="class.change")
    assert entry.data["changed"] == {"capacity": ["40", "30"]}
    assert typed(entry) == "教室小"


def test_dates_do_not_leave_sessions_behind(world: World) -> None:
    opened = world.ready()
    with pytest.raises(DomainError) as error:
        change_class(
            opened, title="x", capacity=40, starts_on=LAST, ends_on=LAST, enrol_until=opened.enrol_until,
            by=world.planner, at=NOW,
        )  # fmt: skip
    assert error.value.code == "sessions_outside"


def test_new_seats_are_offered_to_who_waits(world: World) -> None:
    filed = world.filed(capacity=1)
    for name in ("甲", "乙"):
        enrol(
            Person.objects.create(legal_name=name), filed, by=world.planner, at=NOW, way=EnrolmentWay.OFFICE
        )
    assert filed.enrolments.filter(state=EnrolmentState.WAITING).count() == 1
    change_class(
        filed, title=filed.title, capacity=2, starts_on=FIRST, ends_on=LAST, enrol_until=filed.enrol_until,
        reason="加座", by=world.planner, at=NOW,
    )  # fmt: skip
    assert filed.enrolments.filter(state=EnrolmentState.OFFERED).count() == 1


def test_seats_never_go_below_what_is_taken(world: World) -> None:
    filed = world.filed(capacity=2)
    for name in ("甲", "乙"):
        enrol(
            Person.objects.create(legal_name=name), filed, by=world.planner, at=NOW, way=EnrolmentWay.OFFICE
        )
    with pytest.raises(DomainError) as error:
        change_class(
            filed, title="x", capacity=1, starts_on=FIRST, ends_on=LAST, enrol_until=filed.enrol_until,
            reason="减座", by=world.planner, at=NOW,
        )  # fmt: skip
    assert error.value.code == "capacity_below_enrolled"


def test_a_first_day_with_another_course_version_is_refused(world: World) -> None:
    opened = world.open()
    version = world.course.versions.get()
    version.valid_until = FIRST
    version.save()
    with pytest.raises(DomainError) as error:
        change_class(
            opened, title="x", capacity=40, starts_on=FIRST + dt.timedelta(days=1), ends_on=LAST,
            enrol_until=opened.enrol_until, by=world.planner, at=NOW,
        )  # fmt: skip
    assert (error.value.code, error.value.field) == ("version_not_valid", "starts_on")
    opened.refresh_from_db()
    assert opened.starts_on == FIRST


def test_a_duty_is_ended_and_audited_once(world: World) -> None:
    opened = world.open()
    staff = assign_staff(opened, world.teacher, StaffRole.CLASS_TEACHER, by=world.planner, at=NOW)
    for _ in range(2):
        remove_staff(staff, by=world.planner, at=NOW)
    assert AuditEntry.objects.filter(action="class.staff_remove").count() == 1


def test_a_duty_that_comes_with_a_session_is_audited(world: World) -> None:
    opened = world.open()
    session = world.schedule(opened)
    world.schedule(opened, starts_at=local(11, 8, 30), ends_at=local(11, 11, 45))
    entry = AuditEntry.objects.get(action="class.staff_add")
    assert (entry.data["user"], entry.data["session"]) == (world.trainer.user_id, session.pk)


def test_who_co_hosts_a_class_sees_it_and_plans_nothing(world: World) -> None:
    partner = Organisation.objects.create(name="云岭家政", short_code="YL", region_code="990102000000")
    guest = world.people["outsider"]
    grant_role(guest, Role.PLANNER, partner, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    mine = world.open(hosts=[(partner, HostRole.CO_HOST)])
    other = world.open(title="别的班")
    session = world.schedule(mine)
    assert list(TrainingClass.objects.visible_to(guest)) == [mine]
    assert list(Session.objects.visible_to(guest)) == [session]
    client = Client()
    with time_machine.travel(NOW, tick=False):
        client.force_login(guest)
        assert client.get(reverse("classes:inspect", args=[mine.pk])).status_code == 200
        assert client.get(reverse("classes:inspect", args=[other.pk])).status_code == 404
    assert not can_plan_class(guest, mine)


@pytest.mark.postgresql
def test_two_who_save_one_venue_leave_the_rooms_of_one(run_together: Any, transactional_db: None) -> None:
    world = make_world()
    sets = [[("甲", 10), ("乙", 20)], [("丙", 30)], [("丁", 40), ("戊", 50), ("己", 60)]]

    def save(rooms: list[tuple[str, int]]) -> Venue:
        return save_venue(Venue.objects.get(pk=world.venue.pk), rooms, by=None, at=NOW)

    results = run_together(*[partial(save, rooms) for rooms in sets * 3])
    assert all(isinstance(one, Venue) for one in results), results
    assert sorted(world.venue.rooms.values_list("name", "capacity")) in [sorted(rooms) for rooms in sets]
