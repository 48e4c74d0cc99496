"""A document number in clear: one at a time, with a reason, on record, seen by its owner."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.audit_words import words_of
from cms.enums import AccountProof, AccountRelation, AffiliationKind, IdType, RevealReason, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.models import AuditEntry, Organisation, Person, PersonDocument, RevealRecord, User
from cms.roles import Role
from cms.services import accounts
from cms.services.people import register_person
from cms.services.reveals import reveal_number
from tests.cms.sign_in_world import COUNTY, make_school, make_staff

pytestmark = pytest.mark.django_db

NUMBER = demo_number(dt.date(1973, 4, 15), 61, Sex.FEMALE)


def register(school: Organisation, serial: int = 61, name: str = "王桂花") -> Person:
    person, _created = register_person(
        legal_name=name,
        id_type=IdType.CITIZEN_ID,
        number=demo_number(dt.date(1973, 4, 15), serial, Sex.FEMALE),
        organisation=school,
        kind=AffiliationKind.ROSTER,
        region_code=COUNTY,
        source="花名册",
        by=None,
        at=timezone.now(),
    )
    return person


@pytest.fixture
def school() -> Organisation:
    return make_school()


@pytest.fixture
def planner(school: Organisation) -> User:
    return make_staff("jiaowu", Role.PLANNER, school)


@pytest.fixture
def person(school: Organisation) -> Person:
    return register(school)


def document_of(person: Person) -> PersonDocument:
    return person.documents.get()


def look(document: PersonDocument, user: User, **facts: Any) -> tuple[RevealRecord, str]:
    values: dict[str, Any] = {
        "reason": RevealReason.VERIFY,
        "words": "补贴窗口核对原件",
        "by": user,
        "at": timezone.now(),
    }
    return reveal_number(document, **(values | facts))


def address_of(person: Person) -> str:
    return f"/admin/people/{person.pk}/number/{document_of(person).pk}/"


def test_the_number_is_shown_once_with_a_reason_and_kept_nowhere(
    client: Client, person: Person, planner: User, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    client.force_login(planner)
    address = address_of(person)
    assert address in client.get(f"/admin/people/inspect/{person.pk}/").content.decode()
    asked = client.get(address)
    assert NUMBER not in asked.content.decode()
    assert "no-store" in asked.headers["Cache-Control"]
    # Stricter, and browsers send ``Origin: null`` with the form, which is refused.
    assert asked.headers["Referrer-Policy"] == "same-origin"
    for words in (" ", "\u200b\u200b\u200b", "……"):
        assert NUMBER not in client.post(address, {"reason": "verify", "words": words}).content.decode()
    assert not RevealRecord.objects.exists()
    shown = client.post(address, {"reason": "verify", "words": "补贴窗口核对原件"})
    assert NUMBER in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert NUMBER not in client.get(address).content.decode()
    assert NUMBER not in client.get(f"/admin/people/inspect/{person.pk}/").content.decode()
    record = RevealRecord.objects.get()
    assert (record.role, record.organisation.name) == (Role.PLANNER, "星河县家政培训学校")
    entry = AuditEntry.objects.get(pk=record.entry_id)
    assert (entry.organisation_id, words_of(entry.action)) == (record.organisation_id, "看完整号码")
    kept = str(entry.data) + str(dict(client.session)) + caplog.text
    assert NUMBER not in kept
    assert "补贴窗口" not in str(entry.data)


def test_only_a_role_that_knows_the_person_may_look(
    client: Client, person: Person, planner: User, school: Organisation
) -> None:
    other = make_staff("waixiao", Role.PLANNER, make_school("外县学校", "WX"))
    teacher = make_staff("banzhuren", Role.CLASS_TEACHER, school)
    auditor = make_staff_until("shenji", school)
    for user, status in ((other, 404), (teacher, 403), (auditor, 403)):
        visitor = Client()
        visitor.force_login(user)
        assert visitor.get(address_of(person)).status_code == status
    # Whoever acts for a relative sees her pages, never her number.
    accounts.act_for(
        other, person, AccountRelation.FAMILY, AccountProof.OFFICER, by=planner, at=timezone.now()
    )
    visitor = Client()
    visitor.force_login(User.objects.get(pk=other.pk))
    assert visitor.get(address_of(person)).status_code == 404
    with pytest.raises(DomainError) as refused:
        look(document_of(person), User.objects.get(pk=other.pk))
    assert refused.value.code == "reveal_scope"
    client.force_login(planner)
    assert client.get(f"/admin/people/{person.pk}/number/999999/").status_code == 404


def make_staff_until(name: str, school: Organisation) -> User:
    from cms.models import Region
    from cms.services.memberships import grant_role

    user = User.objects.create_user(name)
    region, _made = Region.objects.get_or_create(
        code=COUNTY, defaults={"name": "星河县", "level": 3, "valid_from": dt.date(2000, 1, 1)}
    )
    grant_role(
        user, Role.AUDITOR, school, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1),
        valid_until=dt.date(2099, 1, 1), regions=[region],
    )  # fmt: skip
    return user


def test_so_many_a_day(person: Person, planner: User, settings: Any) -> None:
    settings.REVEALS_A_DAY = 2
    document, now = document_of(person), timezone.now()
    yesterday = now - dt.timedelta(days=1)
    look(document, planner, at=yesterday)
    look(document, planner, at=now)
    look(document, planner, at=now)
    with pytest.raises(DomainError) as refused:
        look(document, planner, at=now)
    assert refused.value.code == "reveal_limit"
    assert look(document, planner, at=now + dt.timedelta(days=1))[1] == NUMBER


@pytest.mark.both
def test_a_record_is_never_changed(person: Person, planner: User) -> None:
    record, _number = look(document_of(person), planner)
    for statement in (
        "UPDATE cms_revealrecord SET reason = 'other'",
        "DELETE FROM cms_revealrecord",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    for change in (lambda: RevealRecord.objects.all().delete(), lambda: RevealRecord.objects.update(role="")):
        with pytest.raises(TypeError):
            change()
    assert RevealRecord.objects.get(pk=record.pk).reason == RevealReason.VERIFY


def test_administrators_and_auditors_read_who_looked(
    person: Person, planner: User, school: Organisation
) -> None:
    look(document_of(person), planner)
    seen = {}
    others = make_school("外县学校", "WX")
    for name, user in {
        "admin": make_staff("jigou", Role.ORG_ADMIN, school),
        "auditor": make_staff_until("shenji", school),
        "stranger": make_staff("waijigou", Role.ORG_ADMIN, others),
    }.items():
        visitor = Client()
        visitor.force_login(user)
        page = visitor.get("/admin/reveals/")
        assert page.status_code == 200
        seen[name] = "王桂花" in page.content.decode()
    assert seen == {"admin": True, "auditor": True, "stranger": False}
    visitor = Client()
    visitor.force_login(planner)
    assert visitor.get("/admin/reveals/").status_code == 403  # no right to the list


def test_the_list_asks_as_often_for_many(planner: User, school: Organisation) -> None:
    admin = make_staff("jigou", Role.ORG_ADMIN, school)
    visitor = Client()
    visitor.force_login(admin)
    counts = []
    for start, stop in ((0, 2), (2, 20)):
        for serial in range(start, stop):
            look(document_of(register(school, 100 + serial)), planner)
        visitor.get("/admin/reveals/")
        with CaptureQueriesContext(connection) as queries:
            visitor.get("/admin/reveals/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert RevealRecord.objects.count() == 20
