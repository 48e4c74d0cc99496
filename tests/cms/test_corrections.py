"""Corrections of identity: at once where one organisation knows the person, else with a second look."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.documents import find_person
from cms.enums import AffiliationKind, ChangeState, RegionLevel
from cms.errors import DomainError
from cms.identity import demo_number
from cms.models import AuditEntry, ChangeProposal, Organisation, Person, Region, User
from cms.roles import Role
from cms.services import people
from cms.services.corrections import accept_change, correct_person, decline_change
from cms.services.memberships import sync_roles
from tests.cms.test_merging_backoffice import COUNTY, LONG_AGO, register, school, staff, walk_in

NOW = dt.datetime(2026, 4, 20, 2, 0, tzinfo=dt.UTC)
BORN = dt.date(1973, 4, 15)


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    sync_roles()


@pytest.fixture
def ours(db: None) -> Organisation:
    return school()


@pytest.fixture
def planner(ours: Organisation) -> User:
    return staff("planner", Role.PLANNER, ours)


def share(person: Person, organisation: Organisation) -> None:
    people.affiliate(
        person, organisation, AffiliationKind.ROSTER, region_code=organisation.region_code, source="", at=NOW
    )


def correct(person: Person, organisation: Organisation, by: User, **more: Any) -> ChangeProposal:
    return correct_person(person, organisation=organisation, reason="户口本", by=by, at=NOW, **more)


def number(place: int, born: dt.date = BORN) -> str:
    return demo_number(born, place, "female")


def test_a_new_name_keeps_the_former_one(ours: Organisation, planner: User) -> None:
    person = register(ours)
    change = correct(person, ours, planner, legal_name="王桂华", name_until=dt.date(2026, 1, 31))
    person.refresh_from_db()
    assert (change.state, person.legal_name) == (ChangeState.DIRECT, "王桂华")
    assert person.name_pinyin.startswith("wangguihua")
    former = person.former_names.get()
    assert (former.name, former.until) == ("王桂花", dt.date(2026, 1, 31))
    # A roster with the former name still links.
    assert register(ours, 61, "王桂花") == person


def test_a_wrong_number_is_superseded_and_free_again(ours: Organisation, planner: User) -> None:
    person = register(ours, 61)
    born = dt.date(1974, 5, 6)
    correct(person, ours, planner, id_type="citizen_id", number=number(62, born))
    person.refresh_from_db()
    assert person.birth_date == born
    old, new = person.documents.order_by("pk")
    assert (old.superseded_at, new.superseded_at, new.recorded_at) == (NOW, None, NOW)
    assert find_person("citizen_id", number(61)) is None
    assert find_person("citizen_id", number(62, born)) == person
    entry = AuditEntry.objects.get(action="person.correct")
    assert number(62, born) not in str(entry.data) + str(
        ChangeProposal.objects.values_list("facts", "reason")
    )


def test_a_renewed_card_keeps_its_number(ours: Organisation, planner: User) -> None:
    person = register(ours, 61)
    correct(
        person, ours, planner, id_type="citizen_id", valid_from=NOW.date(), valid_until=dt.date(2046, 4, 20)
    )
    old, new = person.documents.order_by("pk")
    assert (old.masked, old.superseded_at) == (new.masked, NOW)
    assert new.valid_until == dt.date(2046, 4, 20)
    assert find_person("citizen_id", number(61)) == person


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"legal_name": "王桂花"}, "nothing_changed"),
        ({"birth_date": dt.date(1980, 1, 1)}, "birth_date_differs"),
        ({"sex": "male"}, "sex_differs"),
        ({"id_type": "citizen_id", "number": number(70)}, "number_taken"),
        ({"id_type": "citizen_id", "number": "123"}, "number_length"),
        ({"id_type": "passport"}, "document_missing"),
        ({"number": "E12345678"}, "id_type_missing"),
        (
            {"id_type": "citizen_id", "valid_from": dt.date(2026, 2, 1), "valid_until": dt.date(2026, 1, 1)},
            "validity_order",
        ),
        ({"legal_name": "A", "reason": " "}, "reason_missing"),
    ],
)
def test_what_is_refused_changes_nothing(
    ours: Organisation, planner: User, asked: dict[str, Any], code: str
) -> None:
    person = register(ours, 61)
    register(ours, 70, "李小红")
    with pytest.raises(DomainError) as refused:
        correct_person(person, organisation=ours, by=planner, at=NOW, **({"reason": "x"} | asked))
    assert refused.value.code == code
    assert not ChangeProposal.objects.exists()
    assert person.documents.count() == 1


def test_who_has_no_document_has_birth_date_and_sex_corrected(ours: Organisation, planner: User) -> None:
    person = walk_in(ours)
    correct(person, ours, planner, birth_date=dt.date(1980, 1, 1), sex="female")
    person.refresh_from_db()
    assert (person.birth_date, person.sex) == (dt.date(1980, 1, 1), "female")
    assert ChangeProposal.objects.get().facts["birth_date"] == ["1973-04-15", "1980-01-01"]


def test_an_organisation_without_a_reason_corrects_nobody(ours: Organisation, planner: User) -> None:
    with pytest.raises(DomainError) as refused:
        correct(register(ours), school("别县学校", "BX"), planner, legal_name="王桂华")
    assert refused.value.code == "not_ours"


@pytest.fixture
def shared(ours: Organisation) -> tuple[Person, Organisation]:
    """A person whom a second organisation of another county knows too."""
    other = school("别县学校", "BX", "990202000000")
    person = register(ours)
    share(person, other)
    return person, other


def test_a_shared_person_waits_for_the_other_organisation(
    ours: Organisation, planner: User, shared: tuple[Person, Organisation]
) -> None:
    person, other = shared
    change = correct(person, ours, planner, legal_name="王桂华", id_type="citizen_id", number=number(62))
    person.refresh_from_db()
    assert (change.state, person.legal_name) == (ChangeState.WAITING, "王桂花")
    with pytest.raises(DomainError) as again:
        correct(person, ours, planner, sex="female")
    assert again.value.code == "correction_waiting"
    for user in (planner, staff("admin", Role.ORG_ADMIN, ours), staff("theirs", Role.PLANNER, other)):
        with pytest.raises(DomainError) as refused:
            accept_change(change, by=user, at=NOW)
        assert refused.value.code == "not_reviewer"
    reviewer = staff("reviewer", Role.ORG_ADMIN, other)
    accept_change(change, note="看过户口本", by=reviewer, at=NOW)
    person.refresh_from_db()
    change.refresh_from_db()
    assert (person.legal_name, change.state, change.decided_by) == ("王桂华", ChangeState.ACCEPTED, reviewer)
    assert find_person("citizen_id", number(62)) == person
    with pytest.raises(DomainError) as late:
        decline_change(change, note="晚了", by=reviewer, at=NOW)
    assert late.value.code == "change_decided"


def test_who_proposed_never_decides_even_above(
    ours: Organisation, shared: tuple[Person, Organisation]
) -> None:
    root = User.objects.create_superuser("root")
    change = correct(shared[0], ours, root, legal_name="王桂华")
    with pytest.raises(DomainError) as refused:
        accept_change(change, by=root, at=NOW)
    assert refused.value.code == "not_reviewer"


def test_a_decline_needs_a_reason_and_changes_nothing(
    ours: Organisation, planner: User, shared: tuple[Person, Organisation]
) -> None:
    person, other = shared
    change = correct(person, ours, planner, legal_name="王桂华")
    reviewer = staff("reviewer", Role.ORG_ADMIN, other)
    with pytest.raises(DomainError) as refused:
        decline_change(change, note=" ", by=reviewer, at=NOW)
    assert refused.value.code == "note_missing"
    decline_change(change, note="户口本上没改", by=reviewer, at=NOW)
    person.refresh_from_db()
    assert person.legal_name == "王桂花"
    correct(person, ours, planner, legal_name="王桂华")


@pytest.mark.parametrize("since", ["name", "number"])
def test_a_proposal_does_not_write_over_what_came_since(
    ours: Organisation, planner: User, shared: tuple[Person, Organisation], since: str
) -> None:
    person, other = shared
    change = correct(person, ours, planner, legal_name="王桂华", id_type="citizen_id", number=number(62))
    if since == "name":
        Person.objects.filter(pk=person.pk).update(legal_name="王贵花")
    else:
        register(other, 62, "李小红")
    with pytest.raises(DomainError) as refused:
        accept_change(change, by=staff("reviewer", Role.ORG_ADMIN, other), at=NOW)
    assert refused.value.code == {"name": "changed_since", "number": "number_taken"}[since]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_decide_once(run_together: Any) -> None:
    ours = school()
    other = school("别县学校", "BX")
    person = register(ours)
    share(person, other)
    change = correct(person, ours, staff("planner", Role.PLANNER, ours), legal_name="王桂华")
    first, second = (staff(name, Role.ORG_ADMIN, other) for name in ("first", "second"))
    results = run_together(
        partial(accept_change, change, by=first, at=NOW),
        partial(decline_change, change, note="不对", by=second, at=NOW),
    )
    assert len([one for one in results if isinstance(one, ChangeProposal)]) == 1
    assert [one.code for one in results if isinstance(one, DomainError)] == ["change_decided"]
    assert person.former_names.count() <= 1


def test_the_screens_from_the_form_to_the_decision(
    client: Client, ours: Organisation, planner: User, shared: tuple[Person, Organisation]
) -> None:
    person, other = shared
    client.force_login(planner)
    path = f"/admin/people/{person.pk}/correct/"
    form = {"organisation": ours.pk, "legal_name": "王桂华", "reason": "户口本"}
    assert "没有要更正" in client.post(path, {**form, "legal_name": ""}).content.decode()
    answer = client.post(path, form)
    change = ChangeProposal.objects.get()
    assert answer.headers["Location"] == f"/admin/corrections/inspect/{change.pk}/"
    assert client.post(f"/admin/corrections/inspect/{change.pk}/", {"answer": "accept"}).status_code == 403
    assert "待审" in client.get(f"/admin/people/inspect/{person.pk}/").content.decode()
    client.force_login(staff("reviewer", Role.ORG_ADMIN, other))
    home = client.get("/admin/").content.decode()
    assert "/admin/corrections/?state=waiting" in home
    page = client.get(f"/admin/corrections/inspect/{change.pk}/").content.decode()
    assert "王桂华" in page
    assert (
        "不同意要写明理由"
        in client.post(f"/admin/corrections/inspect/{change.pk}/", {"answer": "decline"}).content.decode()
    )
    client.post(f"/admin/corrections/inspect/{change.pk}/", {"answer": "accept"})
    person.refresh_from_db()
    assert person.legal_name == "王桂华"
    assert "曾用名" in client.get(f"/admin/people/inspect/{person.pk}/").content.decode()


def test_the_region_office_decides_and_strangers_see_nothing(
    client: Client, ours: Organisation, planner: User, shared: tuple[Person, Organisation]
) -> None:
    change = correct(shared[0], ours, planner, legal_name="王桂华")
    path = f"/admin/corrections/inspect/{change.pk}/"
    client.force_login(staff("stranger", Role.ORG_ADMIN, school("第三家", "DS", "990303000000")))
    assert client.get(path).status_code == 404
    assert client.post(f"/admin/corrections/{change.pk}/withdraw/").status_code == 404
    county = Region.objects.create(code=COUNTY, name="星河县", level=RegionLevel.COUNTY, valid_from=LONG_AGO)
    client.force_login(staff("officer", Role.APPROVER, school("人社局", "RS"), regions=[county]))
    assert client.post(f"/admin/corrections/{change.pk}/withdraw/").status_code == 403
    assert client.post(path, {"answer": "accept"}).status_code == 302


def test_one_takes_back_what_one_proposed(
    client: Client, ours: Organisation, planner: User, shared: tuple[Person, Organisation]
) -> None:
    change = correct(shared[0], ours, planner, legal_name="王桂华")
    client.force_login(planner)
    client.post(f"/admin/corrections/{change.pk}/withdraw/")
    change.refresh_from_db()
    assert change.state == ChangeState.WITHDRAWN


def test_the_list_asks_the_same_for_two_and_twenty(client: Client, ours: Organisation, planner: User) -> None:
    client.force_login(planner)
    counts = []
    for already, wanted in ((0, 2), (2, 20)):
        for number_ in range(already, wanted):
            correct(walk_in(ours, f"甲{number_}"), ours, planner, sex="female")
        client.get("/admin/corrections/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/admin/corrections/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert timezone.localdate()
