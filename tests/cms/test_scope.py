"""What somebody sees: organisations and regions of live memberships, nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from cms.enums import AffiliationKind
from cms.forms.people import organisations_of
from cms.models import Affiliation, Job, Organisation, Person, Region, RegionSuccession, StoredFile, User
from cms.roles import Role
from cms.scope import code_range
from cms.services.memberships import end_role, grant_role

NOW = timezone.now()
TODAY = timezone.localdate()


@pytest.fixture
def places(db: None) -> dict[str, Region]:
    def region(code: str, name: str, level: int, parent: Region | None = None) -> Region:
        return Region.objects.create(
            code=code, name=name, level=level, parent=parent, valid_from=dt.date(2020, 1, 1)
        )

    county = region("990101000000", "星河县", 3)
    return {
        "county": county,
        "town": region("990101101000", "河湾镇", 4, county),
        "other_town": region("990101102000", "柳林镇", 4, county),
        "old": region("990105000000", "老河县", 3),
        "older": region("990106000000", "更老县", 3),
        "neighbour": region("990102000000", "邻县", 3),
    }


def organisation(code: str, region_code: str) -> Organisation:
    return Organisation.objects.create(name=f"Organisation {code}", short_code=code, region_code=region_code)


def user_with(role: Role | None, place: Organisation, name: str, regions: tuple[Region, ...] = ()) -> User:
    user = User.objects.create(username=name)
    if role is not None:
        until = TODAY + dt.timedelta(days=30) if role == Role.AUDITOR else None
        grant_role(user, role, place, by=None, at=NOW, regions=regions, valid_until=until)
    return user


def affiliated(name: str, place: Organisation, region_code: str) -> Person:
    person = Person.objects.create(legal_name=name)
    Affiliation.objects.create(
        person=person, organisation=place, kind=AffiliationKind.ROSTER, region_code=region_code, since=TODAY
    )
    return person


def test_ranges_follow_the_levels_of_the_code() -> None:
    assert code_range("990000000000") == ("990000000000", "999999999999")
    assert code_range("990100000000") == ("990100000000", "990199999999")
    assert code_range("990101000000") == ("990101000000", "990101999999")
    assert code_range("990101002000") == ("990101002000", "990101002999")
    assert code_range("990101002003") == ("990101002003", "990101002003")


@pytest.mark.both
def test_an_organisation_sees_its_own_people_only(places: dict[str, Region]) -> None:
    ours, theirs = organisation("A", "990101101000"), organisation("B", "990101101000")
    mine, other = affiliated("Mine", ours, "990101101000"), affiliated("Other", theirs, "990101101000")
    planner = user_with(Role.PLANNER, ours, "planner")
    assert set(Person.objects.visible_to(planner)) == {mine}
    assert set(Organisation.objects.visible_to(planner)) == {ours}
    both = user_with(Role.PLANNER, ours, "both")
    grant_role(both, Role.CLASS_TEACHER, theirs, by=None, at=NOW)
    assert set(Person.objects.visible_to(both)) == {mine, other}


@pytest.mark.parametrize("role", [None, Role.TRAINER, Role.ASSESSOR, Role.COORDINATOR])
def test_other_roles_see_nobody_by_their_organisation(places: dict[str, Region], role: Role | None) -> None:
    ours = organisation("A", "990101101000")
    affiliated("Mine", ours, "990101101000")
    assert not Person.objects.visible_to(user_with(role, ours, "somebody")).exists()


@pytest.mark.both
def test_a_region_role_sees_its_region_down_to_the_village(places: dict[str, Region]) -> None:
    office, school = organisation("O", "990101000000"), organisation("S", "990101101000")
    inside = affiliated("Inside", school, "990101101200")
    other_town = affiliated("Other town", school, "990101102200")
    outside = affiliated("Outside", school, "990102000000")
    county = user_with(Role.SUBSIDY_OFFICER, office, "county", (places["county"],))
    town = user_with(Role.SUBSIDY_OFFICER, office, "town", (places["town"],))
    both = user_with(Role.AUDITOR, office, "both", (places["town"], places["neighbour"]))
    assert set(Person.objects.visible_to(county)) == {inside, other_town}
    assert set(Person.objects.visible_to(town)) == {inside}
    assert set(Person.objects.visible_to(both)) == {inside, outside}


@pytest.mark.both
def test_a_merged_region_keeps_its_history(places: dict[str, Region]) -> None:
    RegionSuccession.objects.create(predecessor=places["old"], successor=places["county"], on=TODAY)
    RegionSuccession.objects.create(predecessor=places["older"], successor=places["old"], on=TODAY)
    office = organisation("O", "990101000000")
    history = {affiliated("Old", office, "990105101000"), affiliated("Older", office, "990106000000")}
    county = user_with(Role.INSPECTOR, office, "county", (places["county"],))
    town = user_with(Role.INSPECTOR, office, "town", (places["town"],))
    assert set(Person.objects.visible_to(county)) == history
    assert not Person.objects.visible_to(town).exists()  # the county was merged, not this town


def test_a_membership_holds_from_its_first_to_its_last_day(places: dict[str, Region]) -> None:
    ours = organisation("A", "990101101000")
    affiliated("Mine", ours, "990101101000")
    admin = User.objects.create(username="admin")
    user = User.objects.create(username="planner")
    membership = grant_role(
        user,
        Role.PLANNER,
        ours,
        by=None,
        at=NOW,
        valid_from=dt.date(2026, 3, 1),
        valid_until=dt.date(2026, 3, 31),
    )

    def sees(on: str) -> bool:
        # A local day: 16:30 UTC is already the next day in Shanghai.
        with time_machine.travel(dt.datetime.fromisoformat(on), tick=False):
            fresh = User.objects.get(pk=user.pk)
            return Person.objects.visible_to(fresh).exists()

    assert not sees("2026-02-28T15:00:00+00:00")
    assert sees("2026-02-28T16:30:00+00:00")
    assert sees("2026-03-31T15:30:00+00:00")
    assert not sees("2026-03-31T16:30:00+00:00")
    end_role(membership, on=dt.date(2026, 3, 10), by=admin, at=NOW)
    assert not sees("2026-03-20T04:00:00+00:00")


def test_a_system_administrator_sees_all_and_a_closed_account_nothing(places: dict[str, Region]) -> None:
    ours = organisation("A", "990101101000")
    affiliated("Mine", ours, "990101101000")
    root = user_with(Role.SYSTEM_ADMIN, ours, "root")
    assert Person.objects.visible_to(root).count() == 1
    User.objects.filter(pk=root.pk).update(is_active=False)
    assert not Person.objects.visible_to(User.objects.get(pk=root.pk)).exists()


def test_files_and_jobs_are_ones_own_or_the_administrators(places: dict[str, Region]) -> None:
    ours, theirs = organisation("A", "990101101000"), organisation("B", "990101101000")
    maker = user_with(Role.PLANNER, ours, "maker")
    colleague = user_with(Role.PLANNER, ours, "colleague")
    admin = user_with(Role.ORG_ADMIN, ours, "admin")
    stranger = user_with(Role.ORG_ADMIN, theirs, "stranger")
    facts = {"created_by": maker, "organisation": ours, "created_at": NOW}
    Job.objects.create(kind="test", title="Work", **facts)
    StoredFile.objects.create(kind="roster", name="a", content_type="text/csv", size=1, sha256="0", **facts)
    for model in (Job, StoredFile):
        seen = {
            user.username for user in (maker, colleague, admin, stranger) if model.objects.visible_to(user)
        }
        assert seen == {"maker", "admin"}, model


def test_who_left_an_organisation_leaves_its_files_there(places: dict[str, Region]) -> None:
    ours, theirs = organisation("A", "990101101000"), organisation("B", "990101101000")
    mover = user_with(Role.PLANNER, ours, "mover")
    facts = {"created_by": mover, "created_at": NOW, "content_type": "text/csv", "size": 1, "sha256": "0"}
    StoredFile.objects.create(kind="roster", name="theirs", organisation=ours, **facts)
    StoredFile.objects.create(kind="roster", name="own", **facts)
    assert StoredFile.objects.visible_to(mover).count() == 2
    left = TODAY - dt.timedelta(days=1)
    mover.memberships.update(valid_from=left, valid_until=left)
    grant_role(mover, Role.PLANNER, theirs, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    later = User.objects.get(pk=mover.pk)
    assert [file.name for file in StoredFile.objects.visible_to(later)] == ["own"]


def test_a_role_given_before_eight_in_the_morning_begins_that_day(places: dict[str, Region]) -> None:
    # In UTC it is still the day before.
    early = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
    user = User.objects.create(username="early")
    granted = grant_role(user, Role.PLANNER, organisation("A", "990101101000"), by=None, at=early)
    assert granted.valid_from == dt.date(2026, 3, 2)


def test_the_right_to_register_holds_in_one_organisation_only(places: dict[str, Region]) -> None:
    ours, theirs = organisation("A", "990101101000"), organisation("B", "990101101000")
    user = user_with(Role.PLANNER, ours, "both")
    grant_role(user, Role.CLASS_TEACHER, theirs, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    assert list(organisations_of(User.objects.get(pk=user.pk))) == [ours]


def test_the_scope_costs_two_queries_however_many_grants(
    places: dict[str, Region], django_assert_num_queries
) -> None:
    user = User.objects.create(username="many")
    for number in range(4):
        grant_role(user, Role.PLANNER, organisation(f"P{number}", "990101000000"), by=None, at=NOW)
    user = User.objects.get(pk=user.pk)
    with django_assert_num_queries(2):  # memberships, their regions
        user.scope()
        user.scope()
