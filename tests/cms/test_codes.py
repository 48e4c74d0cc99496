"""Codes by text message and e-mail: signing in, and setting a forgotten password, over HTTP."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from cms.celery import app
from cms.messaging.gateways import SmsReceipt, SmsRefusedError
from cms.models import AuditEntry, SignInCode, User
from cms.roles import Role
from tests.cms.sign_in_world import PASSWORD, found_in, is_signed_in, make_school, make_staff

pytestmark = pytest.mark.django_db

PHONE = "13900000417"
NEW = "gui-hua-1974"


class FakeGateway:
    """Keeps what it was given."""

    sent: list[tuple[str, str]] = []

    def send(self, phone: str, text: str) -> SmsReceipt:
        self.sent.append((phone, text))
        return SmsReceipt("1")


@pytest.fixture
def user() -> User:
    made = User.objects.create_user("wangguihua", "hua@example.com", PASSWORD)
    made.phone = PHONE
    made.save()
    return made


@pytest.fixture
def texts(settings: Any) -> list[tuple[str, str]]:
    settings.SMS_GATEWAY = f"{__name__}.FakeGateway"
    gateway: type[FakeGateway] = import_string(settings.SMS_GATEWAY)
    gateway.sent = []
    return gateway.sent


@pytest.fixture
def ask(monkeypatch: Any, on_commit: Any) -> Callable[..., Any]:
    """``ask(client, path, target)`` posts, and the worker does its work at once."""
    monkeypatch.setattr(app.conf, "task_always_eager", True)

    def post(client: Client, path: str, target: str) -> Any:
        with on_commit():
            return client.post(path, {"target": target})

    return post


def code_in(text: str) -> str:
    return found_in(text, r"(\d{6})")


def test_without_a_gateway_nothing_promises_a_text(client: Client, settings: Any) -> None:
    settings.SMS_GATEWAY, settings.SENDS_EMAIL = "", False
    assert "短信" not in client.get("/account/sign-in/").content.decode()
    assert client.get("/account/code/").status_code == 404
    text = client.get("/account/forgotten/").content.decode()
    assert "凭条" in text
    assert "发码给我" not in text
    client.post("/account/forgotten/", {"target": PHONE})
    assert not SignInCode.objects.exists()


def test_one_signs_in_with_a_code_once(client: Client, user: User, texts: Any, ask: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    assert "/account/code/?next=%2Fme%2Fdata%2F" in (
        client.get("/account/sign-in/?next=/me/data/").content.decode()
    )
    assert ask(client, "/account/code/", "139 0000 0417").headers["Location"] == "/account/code/enter/"
    ((phone, text),) = texts
    assert phone == PHONE
    code = code_in(text)
    assert code not in str(list(SignInCode.objects.values()))
    other = Client()  # who did not ask cannot try it
    assert other.post("/account/code/enter/", {"code": code}).headers["Location"] == "/account/sign-in/"
    key = client.session["sign_in_code"]
    assert (
        client.post("/account/code/enter/", {"code": f" {code[:3]} {code[3:]}"}).headers["Location"] == "/me/"
    )
    assert is_signed_in(client)
    assert AuditEntry.objects.get(action="account.sign_in").data["way"] == "code"
    session = other.session
    session["sign_in_code"] = key
    session.save()
    assert "码不对" in other.post("/account/code/enter/", {"code": code}).content.decode()
    logged = caplog.text + str(list(AuditEntry.objects.values_list("data", "object_label")))
    assert code not in logged
    assert PHONE not in logged


def test_known_and_unknown_phones_are_answered_alike(
    client: Client, user: User, texts: Any, ask: Any
) -> None:
    pages = []
    for phone in (PHONE, "13900000999"):
        visitor = Client()
        answer = ask(visitor, "/account/code/", phone)
        shown = visitor.get(answer.headers["Location"]).content.decode()
        again = ask(visitor, "/account/code/", phone).content.decode().replace(phone, "")
        wrong = visitor.post("/account/code/enter/", {"code": "000000"}).content.decode()
        pages.append([_without_token(page) for page in (answer.headers["Location"], shown, again, wrong)])
    assert pages[0] == pages[1]
    assert "一分钟里只能要一次" in pages[0][2]
    assert len(texts) == 1


def _without_token(text: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_five_wrong_tries_end_a_code(client: Client, user: User, texts: Any, ask: Any, settings: Any) -> None:
    ask(client, "/account/code/", PHONE)
    code = code_in(texts[0][1])
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _try in range(settings.CODE_TRIES):
        client.post("/account/code/enter/", {"code": wrong})
    assert "码不对" in client.post("/account/code/enter/", {"code": code}).content.decode()
    assert not is_signed_in(client)


def test_a_code_lives_five_minutes_and_a_phone_gets_so_many_a_day(
    client: Client, user: User, texts: Any, ask: Any, settings: Any
) -> None:
    start = timezone.now()
    for number in range(settings.CODES_A_DAY):
        with time_machine.travel(start + dt.timedelta(minutes=6 * number)):
            ask(client, "/account/code/", PHONE)
    assert len(texts) == settings.CODES_A_DAY
    with time_machine.travel(start + dt.timedelta(minutes=6 * settings.CODES_A_DAY)):
        page = client.post("/account/code/enter/", {"code": code_in(texts[-1][1])}).content.decode()
        assert "码不对，或者已经过时" in page
        assert "今天要的码太多" in ask(client, "/account/code/", PHONE).content.decode()
    assert len(texts) == settings.CODES_A_DAY


def test_a_forgotten_password_is_set_with_a_text_and_other_devices_are_signed_out(
    client: Client, user: User, texts: Any, ask: Any
) -> None:
    elsewhere = Client()
    elsewhere.post("/account/sign-in/", {"name": PHONE, "password": PASSWORD})
    assert ask(client, "/account/forgotten/", PHONE).headers["Location"] == "/account/forgotten/code/"
    code = code_in(texts[0][1])
    weak = client.post("/account/forgotten/code/", {"code": code, "password": "1"})
    assert "密码太短" in weak.content.decode()
    done = client.post("/account/forgotten/code/", {"code": code, "password": NEW})
    assert done.headers["Location"] == "/me/"
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert AuditEntry.objects.filter(action="password.reset", object_id=str(user.pk)).count() == 1


def test_a_code_for_signing_in_sets_no_password(client: Client, user: User, texts: Any, ask: Any) -> None:
    ask(client, "/account/code/", PHONE)
    answer = client.post("/account/forgotten/code/", {"code": code_in(texts[0][1]), "password": NEW})
    assert answer.headers["Location"] == "/account/forgotten/"


def test_a_forgotten_password_is_set_with_an_e_mail(
    client: Client, user: User, ask: Any, settings: Any
) -> None:
    settings.SMS_GATEWAY, settings.SENDS_EMAIL = "", True
    assert "现在不能发短信" in ask(client, "/account/forgotten/", PHONE).content.decode()
    ask(client, "/account/forgotten/", "HUA@example.com")
    (letter,) = mail.outbox
    assert letter.to == ["hua@example.com"]
    done = client.post("/account/forgotten/code/", {"code": code_in(letter.body), "password": NEW})
    assert done.headers["Location"] == "/me/"


def test_a_gateway_that_refuses_changes_no_answer(
    client: Client, user: User, texts: Any, ask: Any, monkeypatch: Any
) -> None:
    def refuse(self: object, phone: str, text: str) -> SmsReceipt:
        raise SmsRefusedError("no credit")

    monkeypatch.setattr(f"{__name__}.FakeGateway.send", refuse)
    assert ask(client, "/account/code/", PHONE).headers["Location"] == "/account/code/enter/"


def test_an_administrators_paper_sets_a_password_once(client: Client, user: User) -> None:
    school = make_school()
    admin = make_staff("jigou", Role.ORG_ADMIN, school)
    officer = make_staff("jiaowu", Role.PLANNER, school)
    client.force_login(admin)
    page = client.post(f"/admin/accounts/{officer.pk}/paper/").content.decode()
    code = found_in(page, r'class="code">(\w{4} \w{4})<')
    bearer = Client()
    assert bearer.post("/account/slip/", {"code": code}).headers["Location"] == "/account/slip/password/"
    assert "jiaowu" in bearer.get("/account/slip/password/").content.decode()
    done = bearer.post("/account/slip/password/", {"password": NEW})
    assert done.headers["Location"] == "/admin/"
    officer.refresh_from_db()
    assert officer.check_password(NEW)
    assert "这个码用不了" in Client().post("/account/slip/", {"code": code}).content.decode()
    assert set(AuditEntry.objects.filter(object_id=str(officer.pk)).values_list("action", flat=True)) >= {
        "password.paper",
        "password.reset",
        "account.sign_in",
    }
