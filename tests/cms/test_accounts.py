"""Accounts: sign-up reveals nothing, slips work once, an account acts for whom it may."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import RequestFactory

from cms import acting
from cms.enums import AccountProof, AccountRelation, AffiliationKind, EmploymentModel, IdType, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.models import AuditEntry, Organisation, Person, PersonAccount, PersonDocument, PersonSlip, User
from cms.roles import Role
from cms.services import accounts, people
from cms.services.memberships import grant_role

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 14, 9, 0, tzinfo=dt.UTC)
COUNTY = "990101000000"
NUMBER = demo_number(dt.date(1973, 4, 15), 61, Sex.FEMALE)
PASSWORD = "hua-hua-1973"


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


@pytest.fixture
def officer(school: Organisation) -> User:
    user = User.objects.create_user("planner")
    grant_role(user, Role.PLANNER, school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    return user


@pytest.fixture
def person(school: Organisation) -> Person:
    return registered(school, NUMBER)


def people_of(user: User) -> list[Person]:
    """Whom an account may act for, oneself first."""
    return [link.person for link in acting.links_of(user)]


def registered(school: Organisation, number: str, name: str = "王桂花") -> Person:
    person, _created = people.register_person(
        legal_name=name,
        id_type=IdType.CITIZEN_ID,
        number=number,
        organisation=school,
        kind=AffiliationKind.ROSTER,
        region_code=COUNTY,
        source="花名册",
        by=None,
        at=AT,
    )
    return person


def sign_up(**changes: Any) -> User:
    values: dict[str, Any] = {
        "phone": "139 0000 0417",
        "password": PASSWORD,
        "legal_name": "王桂花",
        "id_type": IdType.CITIZEN_ID,
        "number": NUMBER,
        "at": AT,
    }
    return accounts.sign_up(**(values | changes))


def codes(error: DomainError) -> dict[str | None, str]:
    return {fault.field: fault.code for fault in getattr(error, "refusals", [error])}


def shape_of(user: User) -> dict[str, Any]:
    """Everything a new account can tell about its person."""
    link = PersonAccount.objects.get(user=user, until__isnull=True)
    return {
        "relation": link.relation,
        "proof": link.proof,
        "name": link.person.legal_name,
        "birth": link.person.birth_date,
        "documents": link.person.documents.count(),
        "affiliations": link.person.affiliations.count(),
        "people": Person.objects.visible_to(user).count(),
    }


def test_sign_up_tells_nothing_about_the_register(school: Organisation) -> None:
    before = shape_of(sign_up())
    registered(school, NUMBER)
    after = shape_of(sign_up(phone="13900000418"))
    assert before == after
    assert before["documents"] == 0
    assert PersonDocument.objects.count() == 1


def test_a_signed_up_account_never_sees_the_registered_person(person: Person) -> None:
    user = sign_up()
    assert person not in people_of(user)
    assert list(Person.objects.visible_to(user)) == people_of(user)


def test_sign_up_names_every_fault() -> None:
    with pytest.raises(DomainError) as refused:
        sign_up(phone="139", password="123", legal_name="", number=NUMBER[:-1])
    assert codes(refused.value) == {
        "legal_name": "name_missing",
        "number": "number_length",
        "phone": "phone_wrong",
        "password": "password_weak",
    }
    assert not User.objects.exists()


def test_a_phone_has_one_account() -> None:
    sign_up()
    with pytest.raises(DomainError) as refused:
        sign_up(number=demo_number(dt.date(1980, 1, 1), 7, Sex.MALE))
    assert codes(refused.value) == {"phone": "phone_taken"}
    assert Person.objects.count() == 1


def test_a_passport_signs_up_without_a_birth_date() -> None:
    assert shape_of(sign_up(id_type=IdType.PASSPORT, number="E12345678"))["birth"] is None


def test_the_log_of_a_sign_up_holds_no_number(school: Organisation) -> None:
    sign_up()
    told = " ".join(f"{entry.data}{entry.object_label}" for entry in AuditEntry.objects.all())
    assert NUMBER not in told
    assert "13900000417" not in told


def test_a_slip_opens_an_account_for_its_person(person: Person, school: Organisation, officer: User) -> None:
    slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    assert code not in slip.code_digest
    user = accounts.redeem_slip(
        f" {code[:4].lower()}-{code[4:]} ", phone="13900000417", password=PASSWORD, at=AT
    )
    assert people_of(user) == [person]
    link = PersonAccount.objects.get(user=user)
    assert (link.relation, link.proof) == (AccountRelation.SELF, AccountProof.SLIP)
    slip.refresh_from_db()
    assert (slip.used_at, slip.used_by) == (AT, user)


def test_a_slip_works_once_and_wrong_used_and_late_sound_alike(
    person: Person, school: Organisation, officer: User
) -> None:
    _slip, used = accounts.make_slip(person, school, by=officer, at=AT)
    user = accounts.redeem_slip(used, phone="13900000417", password=PASSWORD, at=AT)
    _slip, late = accounts.make_slip(person, school, by=officer, at=AT)
    told = set()
    for code, at in ((used, AT), (late, AT + dt.timedelta(days=31)), ("ACDE3467", AT), ("", AT)):
        with pytest.raises(DomainError) as refused:
            accounts.redeem_slip(code, user=user, at=at)
        told.add((refused.value.code, str(refused.value)))
    assert len(told) == 1
    assert told.pop()[0] == "slip_wrong"


def test_a_new_slip_ends_the_one_before(person: Person, school: Organisation, officer: User) -> None:
    _slip, old = accounts.make_slip(person, school, by=officer, at=AT)
    _slip, new = accounts.make_slip(person, school, by=officer, at=AT + dt.timedelta(minutes=1))
    with pytest.raises(DomainError):
        accounts.find_slip(old, at=AT + dt.timedelta(minutes=2))
    assert accounts.find_slip(new, at=AT + dt.timedelta(minutes=2)).person == person


def test_only_an_organisation_with_a_reason_makes_slips(person: Person, officer: User) -> None:
    other = Organisation.objects.create(name="别处", short_code="BC", region_code="990202000000")
    with pytest.raises(DomainError) as refused:
        accounts.make_slip(person, other, by=officer, at=AT)
    assert refused.value.code == "slip_scope"
    assert not PersonSlip.objects.exists()


def test_a_refused_phone_leaves_the_slip_unused(person: Person, school: Organisation, officer: User) -> None:
    sign_up(number=demo_number(dt.date(1980, 1, 1), 7, Sex.MALE))
    _slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    with pytest.raises(DomainError) as refused:
        accounts.redeem_slip(code, phone="13900000417", password=PASSWORD, at=AT)
    assert codes(refused.value) == {"phone": "phone_taken"}
    assert accounts.find_slip(code, at=AT)


def test_a_slip_proves_who_signed_up(person: Person, school: Organisation, officer: User) -> None:
    user = sign_up()
    own = people_of(user)[0]
    _slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    accounts.redeem_slip(code, user=user, at=AT)
    assert people_of(user) == [person]
    assert accounts.is_bare(own)


def test_what_hangs_on_the_first_person_stays_in_sight(
    person: Person, school: Organisation, officer: User
) -> None:
    user = sign_up()
    own = people_of(user)[0]
    people.record_in_post(
        own,
        school,
        employment_model=EmploymentModel.AGENCY,
        started_on=dt.date(2026, 1, 1),
        ended_on=None,
        region_code=COUNTY,
        by=None,
        at=AT,
    )
    _slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    accounts.redeem_slip(code, user=user, at=AT)
    assert people_of(user) == [person, own]
    assert not accounts.is_bare(own)


def test_a_proven_account_cannot_become_somebody_else(
    person: Person, school: Organisation, officer: User
) -> None:
    other = registered(school, demo_number(dt.date(1980, 1, 1), 7, Sex.FEMALE), name="李小红")
    _slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    user = accounts.redeem_slip(code, phone="13900000417", password=PASSWORD, at=AT)
    _slip, second = accounts.make_slip(other, school, by=officer, at=AT)
    with pytest.raises(DomainError) as refused:
        accounts.redeem_slip(second, user=user, at=AT)
    assert codes(refused.value) == {"relation": "self_taken"}
    accounts.redeem_slip(second, user=user, relation=AccountRelation.FAMILY, at=AT)
    assert people_of(user) == [person, other]


@pytest.mark.both
def test_two_bearers_of_one_slip(transactional_db: None, run_together: Any) -> None:
    school = Organisation.objects.create(name="学校", short_code="XX", region_code=COUNTY)
    officer = User.objects.create_user("planner")
    person = registered(school, NUMBER)
    _slip, code = accounts.make_slip(person, school, by=officer, at=AT)
    results = run_together(
        *[
            lambda phone=phone: accounts.redeem_slip(code, phone=phone, password=PASSWORD, at=AT)
            for phone in ("13900000417", "13900000418")
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["DomainError", "User"]
    assert PersonAccount.objects.count() == 1


def test_a_coordinator_acts_for_three(school: Organisation) -> None:
    user = User.objects.create_user("helper")
    members = [
        registered(school, demo_number(dt.date(1970, 1, day), day, Sex.FEMALE), name="赵钱孙"[day - 1] + "红")
        for day in (1, 2, 3)
    ]
    values: dict[str, Any] = {
        "relation": AccountRelation.COORDINATOR,
        "proof": AccountProof.CONSENT,
        "by": None,
        "at": AT,
    }
    with pytest.raises(DomainError) as refused:
        accounts.act_for(user, members[0], **values)
    assert refused.value.code == "not_coordinator"
    grant_role(user, Role.COORDINATOR, school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    links = [accounts.act_for(user, member, **values) for member in members]
    assert people_of(user) == members
    assert accounts.act_for(user, members[0], **values) == links[0]
    accounts.stop_acting(links[0], by=user, at=AT)
    assert people_of(user) == members[1:]
    assert set(Person.objects.visible_to(user)) == set(members[1:])


def test_who_is_acted_for_follows_the_session(school: Organisation) -> None:
    user = sign_up()
    relative = registered(school, demo_number(dt.date(1950, 1, 1), 1, Sex.FEMALE), name="李小红")
    link = accounts.act_for(user, relative, AccountRelation.FAMILY, AccountProof.CONSENT, by=user, at=AT)

    def request() -> Any:
        made: Any = RequestFactory().get("/me/")
        made.user, made.session = user, session
        return made

    session: dict[str, Any] = {}
    own = people_of(user)[0]
    assert acting.acting_person(request()) == own
    switched = request()
    acting.switch_to(switched, relative)
    assert acting.acting_person(switched) == relative
    assert acting.acting_person(request()) == relative
    accounts.stop_acting(link, by=user, at=AT)
    assert acting.acting_person(request()) == own
