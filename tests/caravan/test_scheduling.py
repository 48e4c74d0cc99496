"""Sessions: times, hours, clashes, free times, and the timetable made at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from caravan.enums import SessionKind, SessionState
from caravan.models import Booking, DayHoursRule, Room, Session, Venue
from caravan.rules import day_hours_rule
from caravan.services.scheduling import ScheduleClash, cancel_session, move_session
from caravan.services.timetabling import plan_sessions
from cms.errors import DomainError
from cms.models import AuditEntry, Organisation
from tests.caravan.planning_world import COUNTY, FIRST, NOW, VILLAGE, World, local, make_world
from tests.harness.typed import typed

pytestmark = pytest.mark.both


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def test_a_session_takes_its_room_and_trainer(world: World) -> None:
    session = world.schedule(world.open())
    assert sorted(session.bookings.values_list("resource_key", flat=True)) == [
        f"room:{world.room.pk}",
        f"trainer:{world.trainer.pk}",
    ]
    assert AuditEntry.objects.filter(action="session.schedule", object_id=str(session.pk)).exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_at": local(10, 8)}, "time_order"),
        ({"ends_at": local(11, 9)}, "not_one_day"),
        ({"starts_at": local(25, 8), "ends_at": local(25, 12)}, "outside_class"),
        ({"class_course": None}, "course_missing"),
        ({"kind": SessionKind.COMMUNITY}, "kind_not_taught"),
        ({"hours": Decimal("0.3")}, "hours_step"),
        ({"hours": Decimal("8.5"), "ends_at": local(10, 20)}, "hours_exceeded"),
        ({"kind": SessionKind.ASSESSMENT}, "hours_not_counted"),
        ({"hours": Decimal(6)}, "hours_over_time"),
        ({"at": local(12, 8)}, "in_past"),
    ],
)
def test_an_impossible_session_is_refused(world: World, changes: dict[str, Any], code: str) -> None:
    opened = world.open()
    with pytest.raises(DomainError) as error:
        world.schedule(opened, **changes)
    assert code in {one.code for one in getattr(error.value, "refusals", [error.value])}
    assert not Session.objects.exists()
    assert not Booking.objects.exists()


def test_the_days_limit_is_the_regions_rule(world: World) -> None:
    opened = world.open()
    world.schedule(opened)
    practice = {"kind": SessionKind.PRACTICE, "starts_at": local(10, 13, 30), "ends_at": local(10, 17, 30)}
    with pytest.raises(DomainError) as error:
        world.schedule(opened, **practice, hours=Decimal(5))
    assert error.value.code == "day_hours_exceeded"
    assert "8 学时" in str(error.value)
    world.schedule(opened, **practice, hours=Decimal(4))


def test_without_a_rule_there_is_no_limit(world: World) -> None:
    DayHoursRule.objects.all().delete()
    opened = world.open()
    world.schedule(opened)
    long = {"kind": SessionKind.PRACTICE, "starts_at": local(10, 12), "ends_at": local(10, 21)}
    assert world.schedule(opened, **long, hours=Decimal(10)).hours == 10


def test_the_nearest_region_with_a_rule_decides(db: None) -> None:
    for code, most in ((COUNTY, 8), ("990000000000", 7), ("990102000000", 6)):
        DayHoursRule.objects.create(region_code=code, max_hours_a_day=most, valid_from=dt.date(2020, 1, 1))
    found = day_hours_rule(VILLAGE, FIRST)
    assert found is not None
    assert found.max_hours_a_day == 8
    assert day_hours_rule(VILLAGE, dt.date(2019, 1, 1)) is None


def test_a_clash_names_what_by_how_much_and_offers_free_times(world: World) -> None:
    first = world.open(title="大篷车急救")
    world.schedule(first, starts_at=local(14, 13, 30), ends_at=local(14, 16, 45))
    second = world.open(title="家务初级")
    with pytest.raises(ScheduleClash) as error:
        world.schedule(
            second, starts_at=local(14, 16), ends_at=local(14, 17, 30), hours=Decimal(2), room=world.small_room,
            by=world.trainer.user,
        )  # fmt: skip
    clash = error.value
    assert clash.code == "trainer_clash"
    assert clash.title == "没有排上：和您自己的课撞了 45 分钟"
    assert "大篷车急救" in clash.lines[0]
    assert "45 分钟" in clash.lines[0]
    assert len(clash.free) == 3
    for free in clash.free:
        taken = Booking.objects.filter(starts_at__lt=free.ends_at, ends_at__gt=free.starts_at)
        assert not taken.filter(trainer=world.trainer).exists()
        assert not taken.filter(room=free.room).exists()
        assert free.ends_at - free.starts_at == dt.timedelta(minutes=90)
    assert not second.sessions.exists()


def test_a_room_clash_can_be_solved_by_the_room_next_door(world: World) -> None:
    world.schedule(world.open(), starts_at=local(14, 13, 30), ends_at=local(14, 16, 45))
    with pytest.raises(ScheduleClash) as error:
        world.schedule(
            world.open(), starts_at=local(14, 13, 30), ends_at=local(14, 16, 45), trainer=world.other_trainer
        )
    assert error.value.code == "room_clash"
    assert "大教室有人用，撞了 195 分钟" in error.value.title
    assert any(free.other_room and free.room == world.small_room for free in error.value.free)


def test_back_to_back_is_no_clash(world: World) -> None:
    opened = world.open()
    world.schedule(opened, ends_at=local(10, 10), hours=Decimal(2))
    assert world.schedule(opened, starts_at=local(10, 10), ends_at=local(10, 11, 30), hours=Decimal(2)).pk


def test_others_plans_are_not_named_before_they_are_public(world: World) -> None:
    other = Organisation.objects.create(name="别家", short_code="BJ", region_code=VILLAGE)
    Venue.objects.update(is_shared=True)
    theirs = world.open(title="秘密的班")
    world.schedule(theirs)
    world.venue.refresh_from_db()
    ours = world.open(organisation=other, title="我们的班")
    world.other_trainer.organisation = other
    world.other_trainer.save()
    with pytest.raises(ScheduleClash) as error:
        world.schedule(ours, trainer=world.other_trainer)
    assert "秘密的班" not in str(error.value)


def test_a_trainer_of_nobody_in_the_class_is_refused(world: World) -> None:
    other = Organisation.objects.create(name="别家", short_code="BJ", region_code=VILLAGE)
    world.other_trainer.organisation = other
    world.other_trainer.save()
    with pytest.raises(DomainError) as error:
        world.schedule(world.open(), trainer=world.other_trainer)
    assert error.value.code == "trainer_elsewhere"


def test_moving_frees_the_old_time(world: World) -> None:
    session = world.schedule(world.open())
    moved = move_session(
        session, starts_at=local(11, 8, 30), ends_at=local(11, 11, 45), by=world.planner, at=NOW
    )
    assert moved.starts_at == local(11, 8, 30)
    assert {row.starts_at for row in Booking.objects.all()} == {local(11, 8, 30)}
    world.schedule(world.open(), trainer=world.trainer)


def test_moving_into_a_clash_changes_nothing(world: World) -> None:
    opened = world.open()
    world.schedule(opened)
    second = world.schedule(opened, starts_at=local(11, 8, 30), ends_at=local(11, 11, 45))
    with pytest.raises(ScheduleClash) as error:
        move_session(
            second, starts_at=local(10, 11), ends_at=local(10, 14, 15), by=world.trainer.user, at=NOW
        )
    assert error.value.title.startswith("没有改成：")
    second.refresh_from_db()
    assert second.starts_at == local(11, 8, 30)
    assert Booking.objects.filter(session=second, starts_at=local(11, 8, 30)).count() == 2


def test_a_session_may_overlap_its_own_old_time(world: World) -> None:
    session = world.schedule(world.open())
    moved = move_session(session, starts_at=local(10, 9), ends_at=local(10, 12, 15), by=world.planner, at=NOW)
    assert moved.starts_at == local(10, 9)


def test_a_filed_class_is_rescheduled_only_with_a_reason(world: World) -> None:
    filed = world.filed()
    session = filed.sessions.order_by("starts_at")[0]
    times: dict[str, Any] = {"starts_at": local(20, 8, 30), "ends_at": local(20, 11, 45), "by": world.planner}
    with pytest.raises(DomainError) as error:
        move_session(session, **times, at=NOW)
    assert error.value.code == "reason_missing"
    move_session(session, **times, at=local(10, 12), reason="下大雨")
    entry = AuditEntry.objects.get(action="session.move")
    assert typed(entry) == "下大雨"
    assert entry.data["late"] is True
    assert entry.data["is_change"] is True


def test_cancelling_needs_a_reason_and_frees_the_time(world: World) -> None:
    session = world.schedule(world.open())
    with pytest.raises(DomainError):
        cancel_session(session, reason=" ", by=world.planner, at=NOW)
    assert cancel_session(session, reason="停电", by=world.planner, at=NOW).state == SessionState.CANCELLED
    assert not Booking.objects.exists()
    with pytest.raises(DomainError) as error:
        move_session(session, starts_at=local(11, 8), ends_at=local(11, 11), by=world.planner, at=NOW)
    assert error.value.code == "session_over"


def test_the_timetable_places_every_hour_and_the_assessment(world: World) -> None:
    opened = world.open(courses=[world.course, world.extra])
    sessions = plan_sessions(opened, trainer=world.trainer, room=world.room, by=world.planner, at=NOW)
    by_kind: dict[str, Decimal] = {}
    by_day: dict[dt.date, Decimal] = {}
    for session in sessions:
        by_kind[session.kind] = by_kind.get(session.kind, Decimal(0)) + session.hours
        day = session.starts_at.astimezone(NOW.tzinfo).date()
        by_day[day] = by_day.get(day, Decimal(0)) + session.hours
    assert by_kind == {"theory": 16, "practice": 16, "assessment": 0}
    assert max(by_day.values()) == 8
    assert sessions[-1].kind == SessionKind.ASSESSMENT
    assert (sessions[0].starts_at, sessions[0].ends_at) == (local(10, 8, 30), local(10, 11, 45))
    assert Booking.objects.count() == 2 * len(sessions)
    with pytest.raises(DomainError) as error:
        plan_sessions(opened, trainer=world.trainer, room=world.room, by=world.planner, at=NOW)
    assert error.value.code == "nothing_to_plan"


def test_the_timetable_goes_round_what_is_taken(world: World) -> None:
    world.schedule(world.open())
    opened = world.open()
    sessions = plan_sessions(opened, trainer=world.trainer, room=world.small_room, by=world.planner, at=NOW)
    assert sessions[0].starts_at == local(10, 13, 30)


def test_too_few_days_make_no_timetable(world: World) -> None:
    opened = world.open(ends_on=FIRST)
    with pytest.raises(DomainError) as error:
        plan_sessions(opened, trainer=world.trainer, room=world.room, by=world.planner, at=NOW)
    assert error.value.code == "not_enough_days"
    assert "班级的日期不够" in str(error.value)
    assert "16 学时" in str(error.value)
    assert not Session.objects.exists()


def test_a_timetable_that_fails_says_who_is_busy_when(world: World) -> None:
    world.schedule(world.open())
    opened = world.open(ends_on=FIRST)
    with pytest.raises(DomainError) as error:
        plan_sessions(opened, trainer=world.trainer, room=world.small_room, by=world.planner, at=NOW)
    assert "3月10日（周一）有别的安排" in str(error.value)
    assert "陈国梁" in str(error.value)
    assert "小教室" not in str(error.value), "the room was free"


def _schedule_own_class(world: World, number: int) -> Any:
    opened = world.open(title=f"第 {number} 班")
    return partial(world.schedule, opened)


@pytest.mark.postgresql
def test_twenty_planners_at_once_give_a_room_once(run_together: Any) -> None:
    world = make_world()
    calls = [_schedule_own_class(world, number) for number in range(20)]
    outcomes = run_together(*calls)
    won = [one for one in outcomes if isinstance(one, Session)]
    assert len(won) == 1
    assert {type(one) for one in outcomes if one not in won} == {ScheduleClash}
    assert Booking.objects.count() == 2


@pytest.mark.postgresql
def test_the_database_itself_keeps_a_room_from_two_places(run_together: Any, monkeypatch: Any) -> None:
    """Without the lock and the check the exclusion constraint still lets one through, in words of ours."""
    from caravan.services import scheduling

    world = make_world()
    calls = [_schedule_own_class(world, number) for number in range(4)]
    monkeypatch.setattr(scheduling, "lock_resources", lambda resources: None)
    monkeypatch.setattr(scheduling, "find_clashes", lambda *args, **kwargs: [])
    outcomes = run_together(*calls)
    assert sum(isinstance(one, Session) for one in outcomes) == 1
    assert Session.objects.count() == 1
    assert Booking.objects.filter(room=Room.objects.get(pk=world.room.pk)).count() == 1


@pytest.mark.postgresql
def test_class_numbers_are_gap_free_in_a_race(run_together: Any) -> None:
    world = make_world()
    outcomes = run_together(*[partial(world.open, title=str(number)) for number in range(12)])
    assert sorted(one.class_no for one in outcomes) == [f"XH-2031-{number:04d}" for number in range(1, 13)]
