"""Registering people: one per document, linked and never overwritten, seen only for a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.utils import timezone

from cms import documents
from cms.crypto import decrypt_text
from cms.enums import AffiliationKind, EmploymentModel, IdType, PersonGroup, Sex
from cms.errors import DomainError, Refusals
from cms.identity import demo_number
from cms.models import (
    Affiliation,
    AuditEntry,
    GroupTag,
    InPostPeriod,
    Organisation,
    Person,
    PersonDocument,
    User,
)
from cms.roles import Role
from cms.services import people
from cms.services.memberships import grant_role

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 14, 9, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 3, 14)
COUNTY = "990101000000"
NUMBER = demo_number(dt.date(1973, 4, 15), 61, Sex.FEMALE)


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


@pytest.fixture
def employer() -> Organisation:
    return Organisation.objects.create(name="河湾家政公司", short_code="HW", region_code=COUNTY)


@pytest.fixture
def officer(school: Organisation) -> User:
    user = User.objects.create_user("planner")
    grant_role(user, Role.PLANNER, school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    return user


def register(organisation: Organisation, by: User | None = None, **changes: Any) -> tuple[Person, bool]:
    values: dict[str, Any] = {
        "legal_name": "王桂花",
        "id_type": IdType.CITIZEN_ID,
        "number": NUMBER,
        "organisation": organisation,
        "kind": AffiliationKind.ROSTER,
        "region_code": COUNTY,
        "source": "2026 年花名册",
        "by": by,
        "at": AT,
    }
    return people.register_person(**(values | changes))


def codes(error: DomainError) -> dict[str | None, str]:
    return {fault.field: fault.code for fault in getattr(error, "refusals", [error])}


def test_a_person_is_registered_with_what_the_number_says(school: Organisation, officer: User) -> None:
    person, created = register(
        school, officer, number=f" {NUMBER[:6]} {NUMBER[6:]}", phone="+86 139 0000 0417"
    )
    assert created
    assert (person.sex, person.birth_date) == (Sex.FEMALE, dt.date(1973, 4, 15))
    assert (person.phone, person.name_pinyin) == ("13900000417", "wangguihua wgh")
    document = person.documents.get()
    assert document.masked == f"9{'*' * 16}{NUMBER[-1]}"
    assert document.last_four == NUMBER[-4:]
    assert NUMBER not in document.number_token
    assert decrypt_text(document.number_token) == NUMBER
    assert documents.find_person(IdType.CITIZEN_ID, NUMBER) == person
    assert documents.find_person(IdType.PASSPORT, NUMBER) is None
    assert list(Person.objects.visible_to(officer)) == [person]


def test_the_audit_log_never_holds_a_number_or_a_phone(school: Organisation, officer: User) -> None:
    person, _created = register(school, officer, phone="13900000417")
    entries = list(AuditEntry.objects.all())
    actions = {entry.action for entry in entries}
    assert {"person.register", "person.affiliate"} <= actions
    told = " ".join(f"{entry.data}{entry.object_label}{entry.actor_name}" for entry in entries)
    for secret in (NUMBER, NUMBER[6:14], NUMBER[-4:], "13900000417"):
        assert secret not in told
    assert str(person.pk) in {entry.object_id for entry in entries}


def test_the_same_document_is_one_person(school: Organisation, employer: Organisation) -> None:
    first, _new = register(school, phone="13900000417")
    second, created = register(employer, number=NUMBER, phone="13900009999", ethnicity="汉族")
    assert (second.pk, created) == (first.pk, False)
    second.refresh_from_db()
    assert second.phone == "13900000417"  # never overwritten
    assert second.ethnicity == "汉族"  # a blank is filled
    assert AuditEntry.objects.get(action="person.fill").data == {"fields": ["ethnicity"]}
    assert set(second.affiliations.values_list("organisation", flat=True)) == {school.pk, employer.pk}


def test_another_name_for_a_known_number_links_nothing(school: Organisation, employer: Organisation) -> None:
    register(school)
    with pytest.raises(DomainError) as refused:
        register(employer, legal_name="李小红")
    assert codes(refused.value) == {"legal_name": "differs_from_register"}
    assert "王桂花" not in str(refused.value)
    assert not Affiliation.objects.filter(organisation=employer).exists()


def test_a_former_name_links(school: Organisation, employer: Organisation) -> None:
    person, _new = register(school)
    person.former_names.create(name="王小花", until=ON)
    assert register(employer, legal_name="王小花") == (person, False)


def test_all_faults_are_told_at_once_and_nothing_is_saved(school: Organisation) -> None:
    with pytest.raises(Refusals) as refused:
        register(school, legal_name="王2", number=NUMBER[:-1])
    assert codes(refused.value) == {"legal_name": "name_chars", "number": "number_length"}
    assert not Person.objects.exists()


def test_what_was_typed_is_compared_with_the_number(school: Organisation) -> None:
    with pytest.raises(Refusals) as refused:
        register(school, sex=Sex.MALE, birth_date=dt.date(1973, 4, 16))
    assert codes(refused.value) == {"sex": "sex_differs", "birth_date": "birth_date_differs"}


def test_a_passport_needs_a_birth_date(school: Organisation) -> None:
    passport: dict[str, Any] = {"id_type": IdType.PASSPORT, "number": "E12345678"}
    with pytest.raises(Refusals) as refused:
        register(school, **passport)
    assert codes(refused.value) == {"birth_date": "birth_date_missing"}
    person, _new = register(school, **passport, birth_date=dt.date(1980, 1, 1), sex=Sex.MALE)
    assert (person.birth_date, person.sex) == (dt.date(1980, 1, 1), Sex.MALE)


def test_a_wrong_phone_is_refused(school: Organisation) -> None:
    with pytest.raises(DomainError) as refused:
        register(school, phone="139")
    assert codes(refused.value) == {"phone": "phone_wrong"}


def test_losing_the_race_finds_the_winner(school: Organisation, employer: Organisation) -> None:
    """Both looked, neither found; the unique digest decides and the loser finds the winner's row."""
    winner, _new = register(school)
    found = iter([None, winner])
    with mock.patch.object(people, "find_person", side_effect=lambda *key: next(found)):
        assert register(employer) == (winner, False)
    assert Person.objects.count() == 1
    assert PersonDocument.objects.count() == 1


@pytest.mark.both
def test_registering_together_makes_one_person(transactional_db: None, run_together: Any) -> None:
    organisation = Organisation.objects.create(name="学校", short_code="XX", region_code=COUNTY)
    results = run_together(*[lambda: register(organisation)] * 4)
    assert len({person.pk for person, _created in results}) == 1
    assert sum(created for _person, created in results) == 1
    assert Person.objects.count() == 1


def test_many_numbers_are_found_in_one_query(school: Organisation, django_assert_num_queries: Any) -> None:
    person, _new = register(school)
    other = demo_number(dt.date(1980, 1, 1), 5, Sex.MALE)
    keys = [(str(IdType.CITIZEN_ID), NUMBER), (str(IdType.CITIZEN_ID), other)]
    with django_assert_num_queries(1):
        assert people.find_people(keys) == {keys[0]: person}


def test_differences_name_fields_not_values(school: Organisation) -> None:
    person, _new = register(school, phone="13900000417")
    assert people.differing_fields(person, phone="13900000418", education="junior", sex=Sex.FEMALE) == [
        "phone"
    ]


def test_affiliating_again_changes_nothing(school: Organisation) -> None:
    person, _new = register(school)
    before = AuditEntry.objects.count()
    people.affiliate(person, school, AffiliationKind.ROSTER, region_code=COUNTY, source="again", at=AT)
    assert person.affiliations.count() == 1
    assert AuditEntry.objects.count() == before
    person.affiliations.update(until=ON)
    again = people.affiliate(
        person, school, AffiliationKind.ROSTER, region_code=COUNTY, source="again", at=AT
    )
    assert again.until is None


def in_post(person: Person, employer: Organisation, start: str, end: str | None) -> InPostPeriod:
    return people.record_in_post(
        person,
        employer,
        employment_model=EmploymentModel.EMPLOYEE,
        started_on=dt.date.fromisoformat(start),
        ended_on=dt.date.fromisoformat(end) if end else None,
        region_code=COUNTY,
        by=None,
        at=AT,
    )


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        ("2025-01-01", "2025-03-31", True),
        ("2025-01-01", "2025-04-01", False),
        ("2025-06-30", None, False),
        ("2025-07-01", None, True),
        ("2025-05-01", "2025-05-02", False),
        ("2025-01-01", None, False),
    ],
)
def test_in_post_of_one_employer_never_overlaps(
    school: Organisation, employer: Organisation, start: str, end: str | None, accepted: bool
) -> None:
    person, _new = register(school)
    in_post(person, employer, "2025-04-01", "2025-06-30")
    if accepted:
        in_post(person, employer, start, end)
    else:
        with pytest.raises(DomainError) as refused:
            in_post(person, employer, start, end)
        assert codes(refused.value) == {"started_on": "in_post_overlap"}
    assert InPostPeriod.objects.count() == 1 + accepted


def test_two_employers_at_once_are_a_fact(school: Organisation, employer: Organisation) -> None:
    person, _new = register(school)
    in_post(person, employer, "2025-04-01", None)
    in_post(person, school, "2025-04-01", None)
    assert Affiliation.objects.filter(kind=AffiliationKind.IN_POST).count() == 2


def test_an_end_before_the_start_is_refused(school: Organisation, employer: Organisation) -> None:
    person, _new = register(school)
    with pytest.raises(DomainError) as refused:
        in_post(person, employer, "2025-04-01", "2025-03-31")
    assert codes(refused.value) == {"ended_on": "in_post_order"}


def test_ending_a_period_keeps_what_was_known(school: Organisation, employer: Organisation) -> None:
    person, _new = register(school)
    period = in_post(person, employer, "2025-04-01", None)
    later = AT + dt.timedelta(days=1)
    ended = people.end_in_post(period, ended_on=dt.date(2026, 2, 28), by=None, at=later)
    period.refresh_from_db()
    assert (period.ended_on, period.superseded_at) == (None, later)
    assert list(InPostPeriod.objects.current()) == [ended]
    with pytest.raises(DomainError) as refused:
        people.end_in_post(period, ended_on=ON, by=None, at=later)
    assert refused.value.code == "in_post_ended"
    in_post(person, employer, "2026-03-01", None)


def tag(person: Person, organisation: Organisation, **changes: Any) -> GroupTag:
    values: dict[str, Any] = {
        "proof_number": "ZM4291772",
        "checked_by": "",
        "checked_on": None,
        "valid_from": dt.date(2026, 1, 1),
        "valid_until": None,
        "region_code": COUNTY,
        "by": None,
        "at": AT,
    }
    return people.tag_group(person, PersonGroup.RURAL_TRANSFER, organisation, **(values | changes))


def test_a_tag_is_superseded_not_overwritten(school: Organisation, employer: Organisation) -> None:
    person, _new = register(school)
    first = tag(person, school)
    assert not first.is_verified
    assert tag(person, school) == first
    others = tag(person, employer)
    second = tag(person, school, checked_by="县人社局名单", checked_on=ON)
    first.refresh_from_db()
    assert first.superseded_at == AT
    assert first.checked_on is None
    assert second.is_verified
    assert set(GroupTag.objects.current()) == {others, second}


def test_tags_of_other_times_stand_side_by_side(school: Organisation) -> None:
    person, _new = register(school)
    tag(person, school, valid_from=dt.date(2024, 1, 1), valid_until=dt.date(2024, 12, 31))
    tag(person, school, valid_from=dt.date(2025, 1, 1))
    assert GroupTag.objects.current().count() == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": dt.date(2025, 12, 31)}, "tag_order"),
        ({"checked_by": "名单", "checked_on": dt.date(2026, 3, 15)}, "tag_checked_future"),
        ({"checked_by": "名单"}, "tag_check_incomplete"),
        ({"checked_on": ON}, "tag_check_incomplete"),
    ],
)
def test_wrong_tags(school: Organisation, changes: dict[str, Any], code: str) -> None:
    person, _new = register(school)
    with pytest.raises(DomainError) as refused:
        tag(person, school, **changes)
    assert refused.value.code == code
    assert not GroupTag.objects.exists()


def test_the_counter_records_a_document_once(school: Organisation, officer: User) -> None:
    person = people.create_undocumented_person(legal_name="王桂花")
    values: dict[str, Any] = {"id_type": IdType.CITIZEN_ID, "number": NUMBER, "by": officer, "at": AT}
    with pytest.raises(DomainError) as refused:
        people.verify_document(person, legal_name="王桂华", **values)
    assert refused.value.code == "name_differs"
    document = people.verify_document(person, legal_name="王桂花", **values)
    assert document.masked.startswith("9***")
    person.refresh_from_db()
    assert person.birth_date == dt.date(1973, 4, 15)
    with pytest.raises(DomainError) as refused:
        people.verify_document(person, legal_name="王桂花", **values)
    assert refused.value.code == "document_present"


def test_a_number_in_the_register_is_not_given_twice(school: Organisation, officer: User) -> None:
    register(school)
    person = people.create_undocumented_person(legal_name="王桂花")
    with pytest.raises(DomainError) as refused, transaction.atomic():
        people.verify_document(
            person, legal_name="王桂花", id_type=IdType.CITIZEN_ID, number=NUMBER, by=officer, at=AT
        )
    assert refused.value.code == "number_taken"
    assert not person.documents.exists()


def test_local_days_are_those_of_shanghai(school: Organisation) -> None:
    person, _new = register(school, at=dt.datetime(2026, 3, 14, 17, 0, tzinfo=dt.UTC))
    assert person.affiliations.get().since == dt.date(2026, 3, 15)
    assert timezone.get_current_timezone_name() == "Asia/Shanghai"
