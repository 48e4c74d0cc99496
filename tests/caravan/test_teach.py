"""The trainer's desk: my week, one more session, another time."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from caravan.models import Session
from cms.models import AuditEntry, User
from tests.caravan.planning_world import NOW, World, local, make_world
from tests.harness.typed import typed


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


LECTURE = {
    "what": ":lecture", "content": "燃气安全", "day": "2031-03-20", "starts": "08:30", "ends": "10:00", "hours": "0",
    "reason": "学员要求",
}  # fmt: skip


def test_my_week_shows_my_sessions_and_no_others(world: World) -> None:
    world.schedule(world.open(title="甲班"))
    world.schedule(world.open(title="乙班"), trainer=world.other_trainer, room=world.small_room)
    html = as_user(world.trainer.user).get("/teach/?week=2031-03-12").content.decode()
    assert "甲班" in html
    assert "乙班" not in html
    assert "8:30—11:45" in html
    assert 'class="event  q2 len13"' in html
    assert "甲班" not in as_user(world.trainer.user).get("/teach/?week=2031-03-20").content.decode()
    assert as_user(world.trainer.user).get("/teach/?week=junk").status_code == 200


@pytest.mark.parametrize("name", ["teach", "teach_classes"])
def test_the_desk_is_for_who_teaches(world: World, name: str) -> None:
    address = reverse(f"caravan:{name}")
    assert Client().get(address).status_code == 302
    assert as_user(world.people["outsider"]).get(address).status_code == 403
    assert as_user(world.planner).get(address).status_code == 403
    assert as_user(world.trainer.user).get(address).status_code == 200
    assert as_user(world.trainer.user).post(address).status_code == 405


def test_a_class_of_others_is_not_found(world: World) -> None:
    filed = world.filed()
    for name in ("teach_class", "schedule"):
        address = reverse(f"caravan:{name}", args=[filed.class_no])
        assert as_user(world.other_trainer.user).get(address).status_code == 404
        assert as_user(world.trainer.user).get(address).status_code == 200
    session = filed.sessions.first()
    assert (
        as_user(world.other_trainer.user).get(reverse("caravan:move", args=[session.pk])).status_code == 404
    )
    assert as_user(world.assessor).get(reverse("caravan:move", args=[session.pk])).status_code == 403
    assert as_user(world.assessor).get(reverse("caravan:schedule", args=[filed.class_no])).status_code == 403


def test_the_trainer_schedules_one_more_session(world: World) -> None:
    filed = world.filed()
    before = filed.sessions.count()
    form = {**LECTURE, "room": world.room.pk, "trainer": world.trainer.pk}
    answer = as_user(world.trainer.user).post(
        reverse("caravan:schedule", args=[filed.class_no]), form, follow=True
    )
    assert "排好了：3月20日" in answer.content.decode()
    assert filed.sessions.count() == before + 1
    assert typed(AuditEntry.objects.get(action="session.schedule")) == "学员要求"


def test_a_trainer_puts_nobody_else_on_the_calendar(world: World) -> None:
    filed = world.filed()
    form = {**LECTURE, "room": world.room.pk, "trainer": world.other_trainer.pk}
    answer = as_user(world.trainer.user).post(reverse("caravan:schedule", args=[filed.class_no]), form)
    assert answer.status_code == 200
    assert not Session.objects.filter(trainer=world.other_trainer).exists()


def test_the_reason_of_a_change_is_asked_for_at_its_field(world: World) -> None:
    filed = world.filed()
    form = {**LECTURE, "room": world.room.pk, "trainer": world.trainer.pk, "reason": ""}
    answer = as_user(world.trainer.user).post(reverse("caravan:schedule", args=[filed.class_no]), form)
    assert "reason" in answer.context["form"].errors
    assert 'value="燃气安全"' in answer.content.decode()


def test_a_clash_is_named_and_a_free_time_can_be_picked(world: World) -> None:
    filed = world.filed()
    first = filed.sessions.order_by("starts_at").first()
    form = {
        **LECTURE, "day": "2031-03-10", "starts": "11:00", "ends": "12:00", "room": world.small_room.pk,
        "trainer": world.trainer.pk,
    }  # fmt: skip
    client, address = as_user(world.trainer.user), reverse("caravan:schedule", args=[filed.class_no])
    before = filed.sessions.count()
    html = (answer := client.post(address, form)).content.decode()
    assert "没有排上：和您自己的课撞了 45 分钟" in html
    assert "什么都没有改" in html
    assert filed.sessions.count() == before
    assert html.count('name="pick"') == 3
    free = answer.context["form"].free[0]
    pick = f"{free.starts_at.isoformat()}|{free.ends_at.isoformat()}|{free.room.pk}"
    assert client.post(address, {**form, "pick": pick}).status_code == 302
    made = filed.sessions.get(content="燃气安全")
    assert (made.starts_at, made.ends_at) == (free.starts_at, free.ends_at)
    assert first is not None


def test_a_session_is_moved_and_a_clash_leaves_it_where_it_was(world: World) -> None:
    filed = world.filed()
    first, second = filed.sessions.order_by("starts_at")[:2]
    client, address = as_user(world.trainer.user), reverse("caravan:move", args=[second.pk])
    form = {
        "day": "2031-03-10", "starts": "08:30", "ends": "11:45", "room": world.room.pk, "trainer": world.trainer.pk,
        "reason": "下雨",
    }  # fmt: skip
    html = client.post(address, form).content.decode()
    assert "没有改成：和您自己的课撞了 195 分钟" in html
    second.refresh_from_db()
    assert second.starts_at == local(10, 13, 30)
    assert client.post(address, {**form, "day": "2031-03-20"}).status_code == 302
    second.refresh_from_db()
    assert second.starts_at == local(20, 8, 30)
    assert first.starts_at == local(10, 8, 30)


def test_nonsense_in_the_pick_is_ignored(world: World) -> None:
    filed = world.filed()
    form = {**LECTURE, "room": world.room.pk, "trainer": world.trainer.pk}
    for pick in ("a|b|c", "|", "2031-13-01|x|y"):
        answer = as_user(world.trainer.user).post(
            reverse("caravan:schedule", args=[filed.class_no]), {**form, "pick": pick, "content": ""}
        )
        assert answer.status_code == 200


def test_queries_do_not_grow(world: World, django_assert_max_num_queries: Any) -> None:
    """Session, user, memberships; sessions of the week; classes with seats; hours; staff."""
    client = as_user(world.trainer.user)
    counts: dict[str, list[int]] = {}
    opened = world.open()
    for number in range(10):
        world.schedule(
            world.open(title=f"班 {number}") if number else opened,
            starts_at=local(10 + number // 2, 8 if number % 2 else 14),
            ends_at=local(10 + number // 2, 11 if number % 2 else 17),
        )
        if number in {1, 9}:
            for address in ("/teach/?week=2031-03-10", "/teach/classes/"):
                with django_assert_max_num_queries(30) as queries:
                    assert client.get(address).status_code == 200
                counts.setdefault(address, []).append(len(queries))
    assert all(few == many for few, many in counts.values()), counts


def test_a_class_page_has_a_fixed_number_of_queries(world: World, django_assert_max_num_queries: Any) -> None:
    filed = world.filed()
    client, address = as_user(world.trainer.user), reverse("caravan:teach_class", args=[filed.class_no])
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    for day in (17, 18, 19, 20):
        world.schedule(
            filed, class_course=None, kind="lecture", hours=0, starts_at=local(day, 18), ends_at=local(day, 19),
            reason="加讲",
        )  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        client.get(address)


@pytest.mark.browser
def test_the_desk_can_be_used_by_everybody(
    transactional_db: None, phone: Any, desk: Any, sign_in_page: Any, assert_accessible: Any
) -> None:
    world = make_world()
    filed = world.filed()
    pages = ("/teach/?week=2031-03-10", "/teach/classes/", f"/teach/classes/{filed.class_no}/")
    for page in (phone, desk):
        sign_in_page(page, world.trainer.user)
        for address in pages:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert_accessible(page)
        page.goto(reverse("caravan:schedule", args=[filed.class_no]))
        page.get_by_role("button", name="排上").click()
        assert_accessible(page)


def test_every_session_of_my_class_leads_to_its_roll_past_ones_too(world: World) -> None:
    filed = world.filed()
    address = reverse("caravan:teach_class", args=[filed.class_no])
    rolls = [reverse("caravan:roll", args=[one.pk]) for one in filed.sessions.all()]
    with time_machine.travel(local(30, 9), tick=False):
        client = as_user(world.trainer.user)
        page = client.get(address).content.decode()
        assert all(f'href="{roll}"' in page for roll in rolls)
        assert client.get(rolls[0]).status_code == 200
        assert rolls[0] not in as_user(world.assessor).get(address).content.decode(), "it would not open"
