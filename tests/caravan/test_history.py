"""记录: what happened to a class, its sessions and its people, in a clerk's words and within scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caravan.models import TrainingClass
from caravan.services.planning import change_class
from caravan.services.scheduling import move_session
from cms import audit
from cms.enums import AffiliationKind, IdType
from cms.identity import demo_number
from cms.models import AuditEntry, Organisation, Person, User
from cms.roles import Role
from cms.services.audit_notes import erase_notes
from cms.services.memberships import grant_role
from cms.services.people import register_person
from tests.caravan.planning_world import FIRST, LAST, NOW, World, make_world


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """A session made today would be over in the world's time."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def page_of(user: User, label: str, key: object) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/admin/history/{label}/{key}/")
    return answer.status_code, answer.content.decode()


def changed_class(world: World) -> TrainingClass:
    """A filed class whose seats were cut with a reason, and one session moved to the small room."""
    filed = world.filed()
    change_class(
        filed, title=filed.title, capacity=30, starts_on=FIRST, ends_on=LAST, enrol_until=filed.enrol_until,
        reason="张三说教室小", by=world.planner, at=NOW,
    )  # fmt: skip
    session = filed.sessions.order_by("starts_at").first()
    move_session(
        session, starts_at=session.starts_at, ends_at=session.ends_at, room=world.small_room, reason="装修",
        by=world.planner, at=NOW,
    )  # fmt: skip
    return filed


def test_a_class_tells_who_changed_what_from_what_to_what(world: World) -> None:
    filed = changed_class(world)
    status, text = page_of(world.planner, "caravan.trainingclass", filed.pk)
    assert status == 200
    for words in (
        "修改班级", "由“40”改为“30”", "原因：张三说教室小", "planner",  # the class
        "调整课次", "教室：由“大教室”改为“小教室”", "原因：装修",  # its session
        "准予开班备案", "officer",
    ):  # fmt: skip
        assert words in text, words
    for code in ("caravan.", "class.change", "capacity", "starts_at", "True", "None"):
        assert f">{code}" not in text, code
    session = AuditEntry.objects.get(action="session.move").object_id
    status, text = page_of(world.planner, "caravan.session", session)
    assert (status, "调整课次" in text, "修改班级" in text) == (200, True, False)


def test_typed_words_that_were_erased_are_said_to_be(world: World) -> None:
    filed = changed_class(world)
    erase_notes(AuditEntry.objects.filter(action="class.change"), by=None, at=NOW)
    _status, text = page_of(world.planner, "caravan.trainingclass", filed.pk)
    assert "张三" not in text
    assert "原因：已按要求删除" in text
    assert "由“40”改为“30”" in text


def test_history_is_for_who_may_see_the_object(world: World) -> None:
    filed = changed_class(world)
    assert page_of(world.officer, "caravan.trainingclass", filed.pk)[0] == 200
    assert page_of(world.other_officer, "caravan.trainingclass", filed.pk)[0] == 404
    assert page_of(world.planner, "caravan.trainingclass", 999_999)[0] == 404
    assert page_of(world.planner, "caravan.trainingclass", "x")[0] == 404
    assert page_of(world.planner, "cms.signingkey", 1)[0] == 404, "no right on that kind"
    assert page_of(world.planner, "cms.user", world.officer.pk)[0] == 404, "a kind without a screen"
    assert page_of(world.planner, "no.such", 1)[0] == 404


def test_a_shared_person_tells_each_organisation_its_own_part(world: World) -> None:
    person = registered(world.provider, world.planner)
    other = Organisation.objects.create(name="邻县家政", short_code="LX", region_code="990102000000")
    rival = User.objects.create(username="rival", display_name="对手")
    grant_role(rival, Role.PLANNER, other, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    registered(other, rival)
    status, text = page_of(world.planner, "cms.person", person.pk)
    assert (status, "登记人员" in text) == (200, True)
    assert "对手" not in text
    assert "邻县家政" not in text
    assert "对手" in page_of(rival, "cms.person", person.pk)[1]


def registered(organisation: Organisation, by: User) -> Person:
    person, _created = register_person(
        legal_name="王桂一", id_type=IdType.CITIZEN_ID, number=demo_number(dt.date(1980, 1, 1), 1, "female"),
        organisation=organisation, kind=AffiliationKind.ROSTER, region_code=organisation.region_code,
        source="花名册", by=by, at=NOW,
    )  # fmt: skip
    return person


def test_what_is_nobodys_tells_who_sees_it(world: World) -> None:
    """A course belongs to no organisation: a planner sees what the administrator did to it."""
    root = User.objects.create(username="root", display_name="系统员")
    grant_role(root, Role.SYSTEM_ADMIN, world.office, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    with transaction.atomic():
        audit.record("course.change", world.course, by=root, at=NOW, is_on_caravan=True, is_retired=False)
    status, text = page_of(world.planner, "courses.course", world.course.pk)
    assert (status, "系统员" in text, "修改课程" in text) == (200, True, True)


def test_a_history_costs_the_same_at_2_and_at_20_lines(world: World) -> None:
    opened = world.open()
    client = Client()
    client.force_login(world.planner)
    counts = []
    for number in range(20):
        change_class(
            opened, title=f"第 {number} 班", capacity=20 + number, starts_on=FIRST, ends_on=LAST,
            enrol_until=opened.enrol_until, reason=f"第 {number} 次", by=world.planner, at=NOW,
        )  # fmt: skip
        if number in {1, 19}:
            client.get(f"/admin/history/caravan.trainingclass/{opened.pk}/")
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(f"/admin/history/caravan.trainingclass/{opened.pk}/")
            counts.append((len(seen), answer.content.decode().count("<tr>")))
    assert counts[1][1] > counts[0][1]
    assert counts[1][0] == counts[0][0]


def test_every_screen_of_an_object_leads_to_its_history(world: World) -> None:
    opened = world.open()
    client = Client()
    client.force_login(world.planner)
    for address, label, key in (
        (f"/admin/classes/inspect/{opened.pk}/", "caravan.trainingclass", opened.pk),
        (f"/admin/venues/inspect/{world.venue.pk}/", "caravan.venue", world.venue.pk),
        (f"/admin/organisations/inspect/{world.provider.pk}/", "cms.organisation", world.provider.pk),
    ):
        assert f"/admin/history/{label}/{key}/" in client.get(address).content.decode(), address


def test_the_log_is_filtered_by_day_action_object_and_who(world: World) -> None:
    changed_class(world)
    client = Client()
    client.force_login(world.planner)

    def rows(query: str) -> int:
        answer = client.get(f"/admin/audit/?{query}")
        assert answer.status_code == 200
        return int(answer.context["page_obj"].paginator.count)

    every = rows("")
    assert rows("action=class.change") == 1
    assert (
        rows("object_type=caravan.session")
        == AuditEntry.objects.filter(object_type="caravan.session").count()
    )
    assert 0 < rows("actor=officer") < every
    assert rows(f"organisation={world.provider.pk}") <= every
    assert (rows("since=2031-03-01"), rows("since=2031-03-02"), rows("until=2031-02-28")) == (every, 0, 0)
    number = TrainingClass.objects.get().class_no
    assert rows(f"q={number}") == AuditEntry.objects.filter(object_label=number).count() > 0
