"""A county goes over into another: its organisations, people and classes follow on that day, to nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from caravan.models import ClassFiling
from caravan.rules import day_hours_rule
from caravan.services.filing import submit_class
from cms.enums import AffiliationKind, RegionLevel
from cms.models import AuditEntry, Person, Region, RegionSuccession, User
from cms.roles import Role
from cms.services.affiliations import affiliate
from cms.services.memberships import grant_role
from tests.caravan.planning_world import CHINA, COUNTY, NOW, VILLAGE, World, make_user, make_world

HEIR = "990105000000"
DAY = dt.date(2031, 4, 1)
EVE = dt.datetime(2031, 3, 31, 23, 50, tzinfo=CHINA)
MORNING = dt.datetime(2031, 4, 1, 0, 10, tzinfo=CHINA)
FORM = {"predecessor": "990101", "successor": HEIR, "on": str(DAY), "document": "民函〔2031〕9号"}


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    Region.objects.create(code=HEIR, name="新河县", level=RegionLevel.COUNTY, valid_from=dt.date(2020, 1, 1))
    for name, role, code in (("heir", Role.SUBSIDY_OFFICER, HEIR), ("root", Role.SYSTEM_ADMIN, None)):
        world.people[name] = make_user(name)
        regions = Region.objects.filter(code=code)
        since = dt.date(2020, 1, 1)
        grant_role(world.people[name], role, world.office, by=None, at=NOW, regions=regions, valid_from=since)
    return world


@pytest.fixture
def filed(world: World) -> ClassFiling:
    """A class of the old county, and somebody on its school's roster."""
    with time_machine.travel(NOW, tick=False):
        person = Person.objects.create(legal_name="王桂兰")
        affiliate(person, world.provider, AffiliationKind.ROSTER, region_code=VILLAGE, source="test", at=NOW)
        return submit_class(world.ready(), by=world.planner, at=NOW)


def page(user: User, name: str, at: dt.datetime, **address: Any) -> Any:
    client = Client()
    with time_machine.travel(at, tick=False):
        client.force_login(User.objects.get(pk=user.pk))
        return client.get(reverse(name, **address))


def record(world: World) -> Any:
    """Fill in, look, confirm: as the system administrator does."""
    client = Client()
    with time_machine.travel(NOW, tick=False):
        client.force_login(world.people["root"])
        looked = client.post(reverse("successions:add"), FORM)
        token = looked.context["looked_at"]
        assert not RegionSuccession.objects.exists(), "a look records nothing"
        return looked, client.post(reverse("successions:add"), {**FORM, "looked_at": token})


SEEN = {
    "organisations:index": "星河家政培训学校",
    "people:index": "王桂兰",
    "classes:index": "家务初级第 1 班",
    "filings:index": "家务初级第 1 班",
}


@pytest.mark.both
def test_the_new_countys_officer_lists_what_the_old_one_had_from_that_day(
    world: World, filed: ClassFiling
) -> None:
    looked, done = record(world)
    assert done.status_code == 302
    shown = looked.content.decode()
    assert "heir" in shown and "officer" in shown  # who will see it, and whose grant stays behind
    counts = dict(looked.context["preview"].contents)
    assert counts["机构"] == 2 and counts["班级"] == 1 and counts["人员"] == 1
    heir, neighbour = world.people["heir"], world.other_officer
    for name, words in SEEN.items():
        assert words not in page(heir, name, EVE).content.decode(), name
        assert words in page(heir, name, MORNING).content.decode(), name
        assert words not in page(neighbour, name, MORNING).content.decode(), name
        assert words in page(world.officer, name, MORNING).content.decode(), (
            "the old grant stands till it ends"
        )
    one = {"args": [filed.training_class_id]}
    assert page(heir, "classes:inspect", EVE, **one).status_code == 404
    assert page(heir, "classes:inspect", MORNING, **one).status_code == 200
    assert page(neighbour, "classes:inspect", MORNING, **one).status_code == 404


def test_the_new_countys_officer_answers_the_filing(world: World, filed: ClassFiling) -> None:
    record(world)
    client, address = Client(), reverse("filings:answer", args=[filed.pk])
    with time_machine.travel(EVE, tick=False):
        client.force_login(world.people["heir"])
        assert client.post(address, {"decision": "accept"}).status_code == 404
    with time_machine.travel(MORNING, tick=False):
        client.force_login(User.objects.get(pk=world.people["heir"].pk))
        assert client.post(address, {"decision": "accept"}).status_code == 302
    filed.refresh_from_db()
    assert filed.decided_by == world.people["heir"]


def test_the_new_countys_rules_hold_in_the_old_one_from_that_day(world: World) -> None:
    record(world)
    old = day_hours_rule(VILLAGE, EVE.date())
    assert old is not None and old.region_code == COUNTY
    assert day_hours_rule(VILLAGE, DAY) is None, "the old county's rules ended with it"
    old.pk, old.region_code, old.max_hours_a_day = None, HEIR, 6
    old.save()
    new = day_hours_rule(VILLAGE, DAY)
    assert new is not None and new.max_hours_a_day == 6


def test_who_may_record_and_take_back(world: World) -> None:
    record(world)
    succession = RegionSuccession.objects.get()
    undo = reverse("successions:undo", args=[succession.pk])
    client = Client()
    with time_machine.travel(NOW, tick=False):
        client.force_login(world.people["heir"])
        assert client.get(reverse("successions:inspect", args=[succession.pk])).status_code == 200
        assert client.get(reverse("successions:add")).status_code in {302, 403}
        assert client.post(undo).status_code == 403
        assert client.get(reverse("imports:add") + "?kind=regions").status_code in {302, 403}
        assert Region.objects.get(code=COUNTY).valid_until == dt.date(2031, 3, 31)
        assert Region.objects.get(code=VILLAGE).valid_until == dt.date(2031, 3, 31)
        client.force_login(world.people["root"])
        assert client.get(undo).status_code == 405
        assert client.post(undo).status_code == 302
    assert not RegionSuccession.objects.exists()
    assert Region.objects.get(code=VILLAGE).valid_until is None
    actions = AuditEntry.objects.filter(action__startswith="region.").values_list("action", flat=True)
    assert sorted(actions) == ["region.succeed", "region.undo_succession"]


def test_other_facts_than_those_looked_at_are_looked_at_again(world: World) -> None:
    client = Client()
    with time_machine.travel(NOW, tick=False):
        client.force_login(world.people["root"])
        looked = client.post(reverse("successions:add"), FORM)
        changed = {**FORM, "on": "2031-05-01", "looked_at": looked.context["looked_at"]}
        again = client.post(reverse("successions:add"), changed)
    assert again.status_code == 200 and again.context["looked_at"].endswith("2031-05-01")
    assert not RegionSuccession.objects.exists()
