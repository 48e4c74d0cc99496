# ruff: noqa: F811  fixtures of another module are arguments here
"""Passwords and devices: seen by their owner, ended by the owner or an administrator."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from cms.models import AuditEntry, Organisation, User
from cms.roles import Role
from cms.services.accounts import make_slip
from cms.services.sessions import device_words, forget_sessions, mask_address
from tests.cms.sign_in_world import PASSWORD, is_signed_in, make_school, make_staff
from tests.cms.test_sign_in import officer, person, school  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db

WECHAT = "Mozilla/5.0 (Linux; Android 12; V2150A) AppleWebKit/537.36 Chrome/86.0 Mobile MicroMessenger/8.0.40"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120.0"
NEW = "gui-hua-1974"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("wangguihua", password=PASSWORD)


def device(agent: str = WECHAT, address: str = "203.0.113.7", name: str = "wangguihua") -> Client:
    """Return a browser that is signed in."""
    made = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    made.post("/account/sign-in/", {"name": name, "password": PASSWORD})
    return made


def test_devices_are_named_and_masked(user: User) -> None:
    phone, desk = device(), device(EDGE, "2001:db8::7")
    page = phone.get("/me/sessions/").content.decode()
    for words in ("安卓手机 · 微信", "Windows 电脑 · Edge", "203.0.*.*", "2001:0db8:*", "就是这一台"):
        assert words in page
    assert "203.0.113.7" not in page
    assert page.count("就是这一台") == 1
    assert page.index("微信") < page.index("Edge")  # this one first
    (row,) = UserSession.objects.filter(user_agent=EDGE)
    phone.post(f"/me/sessions/{row.pk}/end/")
    assert not is_signed_in(desk)
    assert is_signed_in(phone)
    assert AuditEntry.objects.filter(action="session.end", actor_id=user.pk).count() == 1


def test_all_others_are_signed_out_and_nobody_elses(user: User) -> None:
    User.objects.create_user("lisi", password=PASSWORD)
    phone, desk, stranger = device(), device(EDGE), device(name="lisi")
    (row,) = UserSession.objects.filter(user__username="lisi")
    phone.post(f"/me/sessions/{row.pk}/end/")
    assert is_signed_in(stranger)
    phone.post("/me/sessions/end/")
    assert is_signed_in(phone)
    assert not is_signed_in(desk)
    assert is_signed_in(stranger)


def test_the_list_takes_as_many_queries_for_twenty_devices_as_for_two(user: User) -> None:
    counts = []
    for more in (1, 18):
        for _device in range(more):
            device(EDGE)
        phone = device()
        phone.get("/me/sessions/")
        with CaptureQueriesContext(connection) as queries:
            phone.get("/me/sessions/")
        counts.append(len(queries))
        UserSession.objects.filter(user_agent=WECHAT).delete()
    assert counts[0] == counts[1]


def test_signing_out_and_time_leave_no_row(user: User) -> None:
    phone, _desk = device(), device(EDGE)
    phone.post("/account/sign-out/")
    assert UserSession.objects.count() == 1
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    forget_sessions(timezone.now() + dt.timedelta(days=2))
    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


def test_use_is_noted_every_ten_minutes(user: User) -> None:
    phone = device()
    later = timezone.now().replace(microsecond=0) + dt.timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        phone.get("/me/")
    assert UserSession.objects.get().last_seen_at == later


def test_a_new_password_keeps_this_device_only(user: User) -> None:
    phone, desk = device(), device(EDGE)
    assert "现在的密码不对" in phone.post("/me/password/", {"old": "x", "password": NEW}).content.decode()
    assert "密码太短" in phone.post("/me/password/", {"old": PASSWORD, "password": "1"}).content.decode()
    done = phone.post("/me/password/", {"old": PASSWORD, "password": NEW})
    assert done.headers["Location"] == "/me/account/"
    assert is_signed_in(phone)
    assert not is_signed_in(desk)
    assert "就是这一台" in phone.get("/me/sessions/").content.decode()
    assert AuditEntry.objects.filter(action="password.change").count() == 1


def test_a_slip_sets_the_password_of_the_persons_account_but_of_no_official(
    person: Any,
    school: Organisation,
    officer: User,
) -> None:
    def slip() -> Client:
        code = make_slip(person, school, by=officer, at=timezone.now())[1]
        bearer = Client()
        bearer.post("/account/slip/", {"code": code})
        return bearer

    slip().post("/account/slip/account/", {"phone": "13900000417", "password": PASSWORD})
    bound = User.objects.get(phone="13900000417")
    old = device(name="13900000417")
    bearer = slip()
    page = bearer.get("/account/slip/account/").content.decode()
    assert "139****0417" in page
    assert "13900000417" not in page
    assert "请选一项" in bearer.post("/account/slip/account/", {"password": NEW}).content.decode()
    forged = bearer.post("/account/slip/account/", {"account": officer.pk, "password": NEW})
    assert forged.status_code == 200
    done = bearer.post("/account/slip/account/", {"account": bound.pk, "password": NEW})
    assert done.headers["Location"] == "/me/"
    bound.refresh_from_db()
    assert bound.check_password(NEW)
    assert not is_signed_in(old)
    # With a role the account is no longer for whoever may print slips.
    make_role(bound, Role.TRAINER, school)
    assert "139****0417" not in slip().get("/account/slip/account/").content.decode()


def make_role(user: User, role: Role, organisation: Organisation) -> None:
    from cms.services.memberships import grant_role

    grant_role(user, role, organisation, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1))


def test_administrators_look_after_their_own_people(client: Client) -> None:
    ours = make_school()
    theirs = make_school("青山乡培训站", "QS")
    boss = make_staff("jigou", Role.ORG_ADMIN, ours)
    trainer = make_staff("jiangshi", Role.TRAINER, ours)
    stranger = make_staff("qingshan", Role.TRAINER, theirs)
    admin = make_staff("admin", Role.SYSTEM_ADMIN, ours)
    signed_in = {name: device(name=name) for name in ("jiangshi", "qingshan", "admin")}
    client.force_login(boss)
    page = client.get("/admin/accounts/").content.decode()
    assert "jiangshi" in page
    assert "qingshan" not in page
    assert client.get(f"/admin/accounts/inspect/{trainer.pk}/").status_code == 200
    for user, status in ((trainer, 302), (stranger, 404), (admin, 404), (boss, 403)):
        assert client.post(f"/admin/accounts/{user.pk}/end-sessions/").status_code == status
    assert [is_signed_in(one) for one in signed_in.values()] == [False, True, True]
    client.force_login(make_staff("jiaowu", Role.PLANNER, ours))
    assert client.get("/admin/accounts/").status_code == 403
    assert client.post(f"/admin/accounts/{trainer.pk}/paper/").status_code == 403


def test_no_other_page_signs_anybody_in_or_sets_a_password(client: Client) -> None:
    admin = make_staff("admin", Role.SYSTEM_ADMIN, make_school())
    for path in ("/admin/login/", "/_util/login/"):
        assert client.get(f"{path}?next=/me/").headers["Location"] == "/account/sign-in/?next=%2Fme%2F"
        assert client.post(path, {"username": "admin", "password": PASSWORD}).status_code == 405
    for path in ("/admin/password_reset/", "/admin/password_reset/confirm/MQ/x-y/"):
        assert client.get(path).status_code == 404
    client.force_login(admin)
    page = client.get("/admin/account/").content.decode()
    assert 'type="password"' not in page
    assert 'type="email"' not in page
    for name in (
        "account_login",
        "account_signup",
        "account_reset_password",
        "mfa_index",
        "usersessions_list",
    ):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    client.post("/admin/logout/")
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WECHAT, "安卓手机 · 微信"),
        (EDGE, "Windows 电脑 · Edge"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) Version/16.0 Mobile Safari/604.1",
            "苹果手机 · Safari",
        ),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb HuaweiBrowser/5.0", "鸿蒙手机 · 华为浏览器"),
        ("curl/8.0", "认不出的设备"),
    ],
)
def test_devices_have_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_addresses_are_masked() -> None:
    assert [mask_address(one) for one in ("203.0.113.7", "2001:db8:1::7", "?")] == [
        "203.0.*.*",
        "2001:0db8:*",
        "",
    ]
