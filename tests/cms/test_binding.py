"""A code to the phone on record binds an account; what was guessed never does, and the answer never tells."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from cms.celery import app
from cms.enums import AccountProof, AccountRelation, Sex
from cms.identity import demo_number
from cms.models import AuditEntry, Organisation, Person, PersonAccount, User
from cms.services import accounts
from tests.cms.sign_in_world import PASSWORD, found_in, make_school
from tests.cms.test_codes import FakeGateway
from tests.cms.test_reveals import NUMBER, register

pytestmark = pytest.mark.django_db

PHONE = "13900000417"
RIGHT = {"legal_name": "王桂花", "id_type": "citizen_id", "number": NUMBER, "phone": "139 0000 0417"}
WRONG = {
    "unknown number": {"number": demo_number(dt.date(1980, 1, 1), 7, Sex.FEMALE)},
    "another name": {"legal_name": "王桂华"},
    "another phone": {"phone": "13900000999"},
}


@pytest.fixture
def school() -> Organisation:
    return make_school()


@pytest.fixture
def person(school: Organisation) -> Person:
    person = register(school)
    Person.objects.filter(pk=person.pk).update(phone=PHONE)
    return person


@pytest.fixture
def user() -> User:
    return accounts.sign_up(
        phone="13900000555", password=PASSWORD, legal_name="王桂花", id_type="citizen_id", number=NUMBER,
        at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def texts(settings: Any) -> list[tuple[str, str]]:
    settings.SMS_GATEWAY = "tests.cms.test_codes.FakeGateway"
    FakeGateway.sent = []
    return FakeGateway.sent


@pytest.fixture
def worker(monkeypatch: Any) -> None:
    monkeypatch.setattr(app.conf, "task_always_eager", True)


def ask(client: Client, on_commit: Any, **changes: str) -> str:
    with on_commit():
        answer = client.post("/me/bind/", RIGHT | changes)
    assert answer.headers["Location"] == "/me/bind/code/"
    return re.sub(r'value="\w{64}"', "", client.get("/me/bind/code/").content.decode())


def own_person(user: User) -> Person:
    return PersonAccount.objects.get(user=user, relation=AccountRelation.SELF, until__isnull=True).person


def test_the_code_goes_to_the_phone_on_record_and_binds(
    client: Client,
    user: User,
    person: Person,
    texts: Any,
    worker: None,
    on_commit: Any,
) -> None:
    client.force_login(user)
    assert "/me/bind/" in client.get("/me/").content.decode()
    ask(client, on_commit)
    ((phone, text),) = texts
    assert phone == PHONE  # not the account's own
    code = found_in(text, r"(\d{6})")
    other = Client()
    other.force_login(User.objects.create_user("other"))
    session = other.session
    session["bind_code"] = client.session["bind_code"]
    session.save()
    taken = other.post("/me/bind/code/", {"code": code, "relation": "self"})
    assert "码不对" in taken.content.decode()
    assert own_person(user) != person


def test_a_right_code_makes_the_registered_person_ones_own(
    client: Client,
    user: User,
    person: Person,
    texts: Any,
    worker: None,
    on_commit: Any,
) -> None:
    client.force_login(user)
    ask(client, on_commit)
    code = found_in(texts[0][1], r"(\d{6})")
    assert client.post("/me/bind/code/", {"code": code, "relation": "self"}).headers["Location"] == "/me/"
    assert own_person(user) == person
    link = PersonAccount.objects.get(user=user, person=person, until__isnull=True)
    assert link.proof == AccountProof.CODE
    kept = str(list(AuditEntry.objects.values_list("data", flat=True)))
    assert NUMBER not in kept
    assert PHONE not in kept


@pytest.mark.parametrize("what", WRONG)
def test_a_guess_is_answered_alike_and_never_binds(
    client: Client,
    user: User,
    person: Person,
    texts: Any,
    worker: None,
    on_commit: Any,
    what: str,
) -> None:
    client.force_login(user)
    guessed = ask(client, on_commit, **WRONG[what])
    assert texts == []
    wrong = client.post("/me/bind/code/", {"code": "123456", "relation": "self"}).content.decode()
    assert "码不对" in wrong
    knows = Client()
    knows.force_login(User.objects.create_user("knows", password=PASSWORD))
    caches["shared"].clear()  # a minute later
    right = ask(knows, on_commit)
    assert _without_names(guessed) == _without_names(right)
    assert own_person(user) != person


def _without_names(page: str) -> str:
    """The page without what is the account's own: menus are the same, the unread badge is not."""
    return re.sub(r"\s+", " ", page.partition("<main")[2])


def test_without_a_gateway_there_is_no_such_page(client: Client, user: User, settings: Any) -> None:
    settings.SMS_GATEWAY = ""
    client.force_login(user)
    assert client.get("/me/bind/").status_code == 404
    assert "/me/bind/" not in client.get("/me/").content.decode()


def test_an_account_asks_so_often_a_day(
    client: Client,
    user: User,
    person: Person,
    texts: Any,
    worker: None,
    on_commit: Any,
) -> None:
    client.force_login(user)
    for number in range(5):
        ask(client, on_commit, phone=f"1390000010{number}")
    refused = client.post("/me/bind/", RIGHT)
    assert "今天问得太多了" in refused.content.decode()
    assert texts == []
