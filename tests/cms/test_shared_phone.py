"""A shared phone: it says for whom it acts, locks when left or idle, and keeps the place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from cms.enums import AccountProof, AccountRelation
from cms.models import Person, User
from cms.roles import Role
from cms.services.accounts import act_for
from cms.services.sessions import signed_in_devices
from tests.cms.sign_in_world import PASSWORD, is_signed_in, make_school, make_staff
from tests.cms.test_second_factor import enrolled, shown

pytestmark = pytest.mark.django_db

NAME = "guihua"


@pytest.fixture
def user() -> User:
    made = User.objects.create_user(NAME, password=PASSWORD, display_name="王桂花")
    bind(made, "王桂花", AccountRelation.SELF)
    return made


def bind(user: User, name: str, relation: AccountRelation) -> Person:
    person = Person.objects.create(legal_name=name)
    act_for(user, person, relation, AccountProof.OFFICER, by=None, at=timezone.now())
    return person


def sign_in(client: Client, *, shared: bool = True, name: str = NAME) -> Any:
    typed = {"name": name, "password": PASSWORD} | ({"shared": "on"} if shared else {})
    return client.post("/account/sign-in/", typed)


def is_locked(client: Client, address: str = "/me/") -> bool:
    return client.get(address).headers.get("Location") == "/account/locked/"


def test_leaving_locks_and_the_password_leads_back(client: Client, user: User) -> None:
    sign_in(client)
    page = client.get("/me/data/")
    assert page.headers["Cache-Control"] == "no-store, private"
    assert "离开" in page.content.decode()
    key = client.session.session_key
    left = client.post("/account/leave/", {"next": "/me/data/?x=1"})
    assert left.headers["Location"] == "/account/locked/"
    assert client.session.session_key != key
    for address in ("/me/", "/me/data/", "/", "/files/abc/", "/admin/"):
        assert is_locked(client, address), address
    assert client.get("/me/", headers={"accept": "application/json"}).status_code == 403
    shown = client.get("/account/locked/").content.decode()
    assert "王桂花" not in shown
    assert "王＊" in shown
    assert client.post("/account/locked/", {"password": "falsch-123"}).status_code == 200
    assert is_locked(client)
    assert client.post("/account/locked/", {"password": PASSWORD}).headers["Location"] == "/me/data/?x=1"
    assert is_signed_in(client)
    (device,) = signed_in_devices(user, current=client.session.session_key or "", at=timezone.now())
    assert device.is_current


def test_nobody_touches_it_and_it_locks(client: Client, user: User, settings: Any) -> None:
    settings.SHARED_PHONE_MINUTES = 5
    start = timezone.now()
    with time_machine.travel(start):
        sign_in(client)
    for minutes in (4, 8, 12):  # each look is a touch
        with time_machine.travel(start + dt.timedelta(minutes=minutes)):
            assert client.get("/account/awake/").status_code == 200
    with time_machine.travel(start + dt.timedelta(minutes=18)):
        sent = client.post(
            "/me/data/correct/", {"field": "phone"}, headers={"referer": "http://testserver/me/data/correct/"}
        )
        assert sent.headers["Location"] == "/account/locked/"
        back = client.post("/account/locked/", {"password": PASSWORD})
        assert back.headers["Location"] == "/me/data/correct/"


def test_passwords_cannot_be_tried_on_the_lock(client: Client, user: User, settings: Any) -> None:
    settings.THROTTLE_FAILURES = 3
    sign_in(client)
    client.post("/account/leave/")
    tried = [client.post("/account/locked/", {"password": f"falsch-{n}"}).status_code for n in range(4)]
    assert tried == [200, 200, 200, 429]
    assert client.post("/account/sign-out/").headers["Location"] == "/"
    assert not is_signed_in(client)


def test_the_place_is_on_this_site(client: Client, user: User) -> None:
    sign_in(client)
    client.post("/account/leave/", {"next": "https://example.com/"})
    assert client.post("/account/locked/", {"password": PASSWORD}).headers["Location"] == "/me/"


def test_a_phone_of_ones_own_does_not_lock_and_the_choice_is_remembered(client: Client, user: User) -> None:
    assert 'name="shared" id="id_shared">' in client.get("/account/sign-in/").content.decode()
    sign_in(client)
    client.post("/account/sign-out/")
    assert 'id="id_shared" checked>' in client.get("/account/sign-in/").content.decode()
    sign_in(client, shared=False)
    assert "离开" not in client.get("/me/").content.decode()
    assert client.post("/account/leave/").headers["Location"] == "/account/locked/"
    assert client.get("/account/locked/").headers["Location"] == "/me/"
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert is_signed_in(client)
    client.post("/account/sign-out/")
    assert 'id="id_shared">' in client.get("/account/sign-in/").content.decode()


def test_every_page_says_for_whom_and_switches_back_in_one_tap(client: Client, user: User) -> None:
    mother = bind(user, "李秀兰", AccountRelation.FAMILY)
    sign_in(client, shared=False)
    assert "正在替" not in client.get("/me/data/").content.decode()
    client.post("/me/switch/", {"person": mother.pk})
    for address in ("/me/", "/me/data/", "/me/messages/", "/me/account/", "/privacy/"):
        text = client.get(address).content.decode()
        assert "正在替 <b>李秀兰</b> 办事" in text, address
        assert "换回本人" in text
    own = user.person_accounts.get(relation=AccountRelation.SELF).person_id
    client.post("/me/switch/", {"person": own})
    assert "正在替" not in client.get("/privacy/").content.decode()


def test_the_second_factor_keeps_the_choice(client: Client, settings: Any) -> None:
    teacher = make_staff("jiangshi", Role.TRAINER, make_school())
    at = timezone.now()
    secret, _codes = enrolled(teacher, at)
    with time_machine.travel(at, tick=False):
        assert sign_in(client, name="jiangshi").headers["Location"] == "/account/second-factor/"
        client.post("/account/second-factor/", {"code": shown(secret, at)})
    assert "离开" in client.get("/me/").content.decode()
    client.post("/account/leave/")
    assert is_locked(client)
