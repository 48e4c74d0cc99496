"""我的数据: what is kept, taking it along, having it put right, having it deleted by two."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms import acting
from cms.enums import (
    AccountProof,
    AccountRelation,
    AffiliationKind,
    DataField,
    DataRequestState,
    EmploymentModel,
    RevealReason,
)
from cms.errors import DomainError
from cms.models import AuditEntry, DataRequest, Message, Organisation, Person, RevealRecord, User
from cms.my_data import LegalHold, legal_holds, my_data
from cms.roles import Role
from cms.services import accounts, data_requests, people
from cms.services.affiliations import affiliate
from cms.services.erasing import ERASED_NAME, erase_due
from cms.services.reveals import reveal_number
from tests.cms.sign_in_world import COUNTY, PASSWORD, make_school, make_staff
from tests.cms.test_reveals import NUMBER, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Organisation:
    return make_school()


@pytest.fixture
def planner(school: Organisation) -> User:
    return make_staff("jiaowu", Role.PLANNER, school)


@pytest.fixture
def admin(school: Organisation) -> User:
    return make_staff("jigou", Role.ORG_ADMIN, school)


@pytest.fixture
def person(school: Organisation) -> Person:
    return register(school)


@pytest.fixture
def owner(person: Person) -> User:
    user = User.objects.create_user("guihua", password=PASSWORD, display_name="王桂花")
    accounts.act_for(user, person, AccountRelation.SELF, AccountProof.OFFICER, by=None, at=timezone.now())
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def look(person: Person, user: User, words: str = "补贴窗口核对原件") -> None:
    reveal_number(person.documents.get(), reason=RevealReason.CLAIM, words=words, by=user, at=timezone.now())


def code_of(call: Any) -> str:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.code


# --- what is kept ------------------------------------------------------------------------------------


def test_the_person_reads_what_is_kept_and_who_looked(person: Person, owner: User, planner: User) -> None:
    look(person, planner)
    text = client_of(owner).get("/me/data/").content.decode()
    for words in (
        "王桂花",
        person.documents.get().masked,
        "星河县家政培训学校",
        "教务",
        "办补贴",
        "补贴窗口核对原件",
    ):
        assert words in text
    assert NUMBER not in text
    assert "jiaowu" not in text  # for whom somebody looked, not her account
    above = {"records", "external_certificates", "enrolments", "certificates", "claims"}
    assert above < set(my_data.keys())


def test_the_page_asks_as_often_for_many_looks(person: Person, owner: User, planner: User) -> None:
    client, counts = client_of(owner), []
    for more in (2, 18):
        for _look in range(more):
            look(person, planner)
        with CaptureQueriesContext(connection) as queries:
            client.get("/me/data/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- take it along -----------------------------------------------------------------------------------


def unpacked(client: Client, page: Any) -> dict[str, str]:
    address = page.context["address"]
    content = b"".join(client.get(address)) if page.streaming else client.get(address).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_file_is_masked_or_whole_after_the_password(person: Person, owner: User, admin: User) -> None:
    client = client_of(owner)
    files = unpacked(client, client.post("/me/data/export/", {"numbers": "masked"}))
    assert set(files) == {"data.json", "my-data.html"}
    assert not any(NUMBER in text for text in files.values())
    wrong = client.post("/me/data/export/", {"numbers": "clear", "password": "falsch-123"})
    assert "密码不对" in wrong.content.decode()
    page = client.post("/me/data/export/", {"numbers": "clear", "password": PASSWORD})
    whole = unpacked(client, page)
    (numbers,) = json.loads(whole["data.json"])["sections"]["numbers"]
    assert (numbers["document"], numbers["birth_date"]) == (NUMBER, "1973-04-15")
    assert NUMBER in whole["my-data.html"]
    assert client_of(admin).get(page.context["address"]).status_code == 404
    assert [entry.data["in_clear"] for entry in AuditEntry.objects.filter(action="person.export")] == [
        False,
        True,
    ]


def test_who_acts_for_somebody_gets_no_whole_number(person: Person) -> None:
    helper = User.objects.create_user("nver", password=PASSWORD)
    accounts.act_for(helper, person, AccountRelation.FAMILY, AccountProof.OFFICER, by=None, at=timezone.now())
    client = client_of(helper)
    page = client.post("/me/data/export/", {"numbers": "clear", "password": PASSWORD})
    assert not any(NUMBER in text for text in unpacked(client, page).values())


def test_passwords_cannot_be_tried_there(owner: User, settings: Any) -> None:
    settings.THROTTLE_FAILURES = 3
    client = client_of(owner)
    answers = [
        client.post("/me/data/export/", {"numbers": "clear", "password": f"falsch-{number}"}).status_code
        for number in range(4)
    ]
    assert answers == [200, 200, 200, 429]


# --- put it right ------------------------------------------------------------------------------------


def test_a_correction_is_asked_answered_and_told(person: Person, owner: User, planner: User) -> None:
    client = client_of(owner)
    # The button asks for something; one word for it and for the state of a claim read "Submitted" in English.
    assert "提交更正申请" in client.get("/me/data/correct/").content.decode()
    wrong = client.post("/me/data/correct/", {"field": "phone", "wanted": "123"})
    assert wrong.status_code == 200
    done = client.post("/me/data/correct/", {"field": "phone", "wanted": "139 0000 0999", "note": "换了号码"})
    assert done.headers["Location"] == "/me/data/"
    request = DataRequest.objects.get()
    assert "13900000999" not in request.wanted_token
    strangers = make_staff("waixiao", Role.PLANNER, make_school("外县学校", "WX"))
    assert client_of(strangers).get(f"/admin/data-requests/inspect/{request.pk}/").status_code == 404
    assert request.person.legal_name not in client_of(strangers).get("/admin/data-requests/").content.decode()
    office = client_of(planner)
    page = office.get(f"/admin/data-requests/inspect/{request.pk}/").content.decode()
    assert "13900000999" in page
    answered = office.post(f"/admin/data-requests/{request.pk}/accept/", {"words": "电话改好了"})
    assert answered.status_code == 302
    person.refresh_from_db()
    assert person.phone == "13900000999"
    assert Message.objects.get(kind="data_request_answered").person_id == person.pk
    assert "电话改好了" in client.get("/me/data/").content.decode()
    again = office.post(f"/admin/data-requests/{request.pk}/decline/", {"words": "不行"})
    assert again.status_code == 302  # no longer legal
    request.refresh_from_db()
    assert (request.state, request.organisation.name) == (DataRequestState.ACCEPTED, "星河县家政培训学校")
    entries = AuditEntry.objects.filter(object_id=str(request.pk))
    assert "13900000999" not in str(list(entries.values_list("data", flat=True)))


def test_what_the_card_says_is_put_right_where_the_old_is_kept(
    person: Person, owner: User, planner: User
) -> None:
    correct, client = f"/admin/people/{person.pk}/correct/", client_of(planner)
    for field, leads in ((DataField.NAME, True), (DataField.PHONE, False)):
        request = data_requests.ask_correction(
            person, field=field, wanted="13900000999", by=owner, at=timezone.now()
        )
        page = f"/admin/data-requests/inspect/{request.pk}/"
        assert (correct in client.get(page).content.decode()) is leads
        client.post(f"/admin/data-requests/{request.pk}/decline/", {"words": "不行"})
        assert correct not in client.get(page).content.decode()


def test_nobody_answers_ones_own_request(person: Person, owner: User, planner: User) -> None:
    request = data_requests.ask_correction(
        person, field=DataField.NAME, wanted="王桂华", by=owner, at=timezone.now()
    )
    accounts.act_for(
        planner, person, AccountRelation.FAMILY, AccountProof.OFFICER, by=None, at=timezone.now()
    )
    answer = {"words": "好", "by": planner, "at": timezone.now()}
    assert (
        code_of(lambda: data_requests.answer_request(request, DataRequestState.ACCEPTED, **answer))
        == "request_own"
    )


def test_the_queue_asks_as_often_for_many(person: Person, owner: User, planner: User) -> None:
    client, counts = client_of(planner), []
    for more in (2, 18):
        for number in range(more):
            data_requests.ask_correction(
                person, field=DataField.NAME, wanted=f"王{number}", by=owner, at=timezone.now()
            )
        client.get("/admin/data-requests/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/data-requests/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- have it deleted ---------------------------------------------------------------------------------


def ask_deletion(person: Person, owner: User) -> DataRequest:
    client = client_of(owner)
    assert client.post("/me/data/delete/", {"note": "不做了"}).status_code == 200  # not understood
    client.post("/me/data/delete/", {"note": "不做了", "understood": "on"})
    return DataRequest.objects.get(person=person, kind="deletion")


def granted(person: Person, owner: User, planner: User, admin: User) -> DataRequest:
    request = ask_deletion(person, owner)
    office = client_of(planner)
    office.post(f"/admin/data-requests/{request.pk}/propose/", {"words": "可以删"})
    client_of(admin).post(f"/admin/data-requests/{request.pk}/approve/", {"words": "同意删除"})
    request.refresh_from_db()
    return request


def test_two_people_delete_and_the_person_may_take_it_back(
    person: Person, owner: User, planner: User, admin: User
) -> None:
    request = ask_deletion(person, owner)
    at = timezone.now()
    assert code_of(lambda: data_requests.ask_deletion(person, by=owner, at=at)) == "deletion_open"
    data_requests.propose_deletion(request, words="可以删", by=admin, at=at)
    own = lambda: data_requests.approve_deletion(request, by=admin, at=at)  # noqa: E731
    assert code_of(own) == "same_officer"
    assert code_of(lambda: data_requests.approve_deletion(request, by=planner, at=at)) == "approve_scope"
    data_requests.return_deletion(request, words="再问问本人", by=planner_admin(admin), at=at)
    request.refresh_from_db()
    assert (request.state, request.proposed_by) == (DataRequestState.SUBMITTED, None)
    data_requests.propose_deletion(request, words="可以删", by=planner, at=at)
    data_requests.approve_deletion(request, by=admin, at=at)
    client_of(owner).post(f"/me/data/requests/{request.pk}/withdraw/")
    assert erase_due(at + dt.timedelta(days=30)) == 0
    person.refresh_from_db()
    assert person.legal_name == "王桂花"


def planner_admin(admin: User) -> User:
    """A second administrator of the same school."""
    return make_staff("jigou2", Role.ORG_ADMIN, Organisation.objects.get(short_code="XH"))


def test_what_no_hold_keeps_is_erased_and_the_log_stays(
    person: Person, owner: User, planner: User, admin: User, school: Organisation
) -> None:
    look(person, planner)
    before = list(AuditEntry.objects.order_by("pk").values_list("pk", "digest", "data"))
    client = client_of(owner)
    request = granted(person, owner, planner, admin)
    assert request.state == DataRequestState.ACCEPTED
    assert erase_due(timezone.now()) == 0  # not yet
    later = timezone.now() + dt.timedelta(days=8)
    assert erase_due(later) == 1
    assert erase_due(later) == 0
    person.refresh_from_db()
    assert (person.legal_name, person.phone, person.birth_date, person.sex) == (ERASED_NAME, "", None, "")
    document = person.documents.get()
    assert (document.number_token, document.masked, document.last_four) == ("", "", "")
    assert not document.digests.exists()
    assert RevealRecord.objects.filter(person=person).count() == 1
    assert not Message.objects.filter(person=person).exists()
    after = AuditEntry.objects.filter(pk__in=[key for key, _digest, _data in before]).order_by("pk")
    assert list(after.values_list("pk", "digest", "data")) == before
    assert client.get("/me/data/").status_code == 302
    closed = User.objects.get(pk=owner.pk)
    assert (closed.is_active, closed.phone, closed.display_name) == (False, None, "")
    request.refresh_from_db()
    assert (request.note_token, request.answer_token) == ("", "")
    assert register(school).pk != person.pk  # the number is nobody's now


def test_a_hold_keeps_what_it_names_and_one_that_blocks_puts_it_off(
    person: Person, owner: User, planner: User, admin: User, school: Organisation, monkeypatch: Any
) -> None:
    keeps = frozenset({DataField.NAME, DataField.DOCUMENT})
    monkeypatch.setitem(
        legal_holds._items, "test", lambda one, on: [LegalHold("test", "为了试一试要留姓名。", keeps)]
    )
    Person.objects.filter(pk=person.pk).update(phone="13900000417", address="红旗村")
    request = granted(person, owner, planner, admin)
    assert request.state == DataRequestState.PARTLY
    period = people.record_in_post(
        person, school, employment_model=EmploymentModel.EMPLOYEE, started_on=dt.date(2026, 1, 1),
        ended_on=None, region_code=COUNTY, by=planner, at=timezone.now(),
    )  # fmt: skip
    later = timezone.now() + dt.timedelta(days=8)
    assert erase_due(later) == 0
    people.end_in_post(period, ended_on=dt.date(2026, 1, 2), by=planner, at=timezone.now())
    assert erase_due(later) == 1
    person.refresh_from_db()
    assert (person.legal_name, person.phone, person.address, person.sex) == ("王桂花", "", "", "")
    assert person.documents.get().masked


def test_where_others_know_the_person_the_system_administrator_decides(
    person: Person, owner: User, planner: User, admin: User
) -> None:
    other = make_school("外县学校", "WX")
    affiliate(
        person, other, AffiliationKind.ROSTER, region_code=COUNTY, source="花名册", by=None, at=timezone.now()
    )
    request = ask_deletion(person, owner)
    at = timezone.now()
    data_requests.propose_deletion(request, words="可以删", by=planner, at=at)
    assert code_of(lambda: data_requests.approve_deletion(request, by=admin, at=at)) == "other_organisations"
    root = make_staff("root", Role.SYSTEM_ADMIN, other)
    assert data_requests.approve_deletion(request, by=root, at=at).state == DataRequestState.ACCEPTED


def test_a_coordinator_cannot_have_somebody_deleted(person: Person, school: Organisation) -> None:
    helper = make_staff("shequ", Role.COORDINATOR, school)
    accounts.act_for(
        helper, person, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=None, at=timezone.now()
    )
    assert [link.person for link in acting.links_of(helper)] == [person]
    client = client_of(helper)
    assert "带身份证到窗口" in client.get("/me/data/delete/").content.decode()
    client.post("/me/data/delete/", {"understood": "on"})
    assert not DataRequest.objects.exists()
