"""The second factor: staff cannot pass without it, and no code works twice."""

from __future__ import annotations

import datetime as dt
import io
import re
from functools import partial
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from cms.errors import DomainError
from cms.models import AuditEntry, Organisation, User
from cms.roles import Role
from cms.services import second_factor as factors
from tests.cms.sign_in_world import PASSWORD, found_in, make_school, make_staff

NOW = dt.datetime(2026, 4, 2, 2, 0, 0, tzinfo=dt.UTC)


@pytest.fixture
def school(db: None) -> Organisation:
    return make_school()


@pytest.fixture
def officer(school: Organisation) -> User:
    return make_staff("jiaowu", Role.PLANNER, school)


def shown(secret: str, at: dt.datetime, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30 + steps))


def enrolled(user: User, at: dt.datetime = NOW) -> tuple[str, list[str]]:
    """Return the key and the recovery codes of a new second factor, added a while ago."""
    secret = factors.new_secret()
    ago = at - dt.timedelta(minutes=10)
    return secret, factors.enrol(user, secret, shown(secret, ago), at=ago)


def sign_in(client: Client, name: str = "jiaowu", **more: Any) -> Any:
    return client.post("/account/sign-in/", {"name": name, "password": PASSWORD, **more})


def actions(user: User) -> list[str]:
    return list(
        AuditEntry.objects.filter(object_id=str(user.pk)).order_by("pk").values_list("action", flat=True)
    )


def test_staff_add_a_second_factor_before_anything_else(client: Client, officer: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    assert sign_in(client).headers["Location"] == "/admin/"
    for path in ("/admin/people/", "/me/"):
        assert client.get(path).headers["Location"] == f"/me/second-factor/new/?next={path}"
    by_script = {"x-requested-with": "XMLHttpRequest"}
    assert client.get("/admin/people/", headers=by_script).status_code == 403
    assert client.get("/me/", headers={"accept": "application/json"}).status_code == 403
    assert client.post("/me/password/", {}).headers["Location"] == "/me/second-factor/new/"
    page = client.get("/me/second-factor/new/?next=/admin/people/").content.decode()
    assert 'src="data:image/svg+xml' in page
    secret = found_in(page, r'factor-key">([A-Z2-7 ]+)<').replace(" ", "")
    assert "码不对" in client.post("/me/second-factor/new/", {"code": "000"}).content.decode()
    code = shown(secret, timezone.now())
    done = client.post("/me/second-factor/new/", {"code": code, "next": "/admin/people/"})
    assert done.headers["Location"] == "/me/second-factor/codes/"
    codes = re.findall(r"<code>(\d{4} \d{4})</code>", client.get("/me/second-factor/codes/").content.decode())
    assert len(set(codes)) == 10
    assert client.post("/me/second-factor/codes/done/").headers["Location"] == "/admin/people/"
    assert client.get("/me/second-factor/codes/").headers["Location"] == "/me/second-factor/"
    assert client.get("/admin/people/").status_code == 200
    assert secret not in str(Authenticator.objects.values_list("data"))
    assert "factor.add" in actions(officer)


def test_trainees_and_trainers_are_not_asked(client: Client, school: Organisation, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    make_staff("jiangshi", Role.TRAINER, school)
    sign_in(client, "jiangshi")
    assert client.get("/me/").status_code == 200


def test_between_the_two_proofs_nothing_is_open(client: Client, officer: User) -> None:
    with time_machine.travel(NOW, tick=False):
        secret, _codes = enrolled(officer)
        answer = sign_in(client, next="/admin/people/")
        assert answer.headers["Location"] == "/account/second-factor/"
        for path in ("/admin/", "/me/", "/me/second-factor/", "/me/second-factor/codes/", "/me/sessions/"):
            assert client.get(path).headers["Location"].startswith("/account/sign-in/")
        assert "_auth_user_id" not in client.session
        code = shown(secret, NOW)
        assert client.post("/account/second-factor/", {"code": code}).headers["Location"] == "/admin/people/"
        assert client.get("/admin/people/").status_code == 200
        # The same code again, from a shoulder or a log.
        thief = Client()
        sign_in(thief)
        assert "码不对" in thief.post("/account/second-factor/", {"code": code}).content.decode()
        with time_machine.travel(NOW + dt.timedelta(seconds=31), tick=False):
            # Still inside the tolerance, and half a minute after allauth's own memory of it ended.
            assert "码不对" in thief.post("/account/second-factor/", {"code": code}).content.decode()
    assert AuditEntry.objects.get(action="account.sign_in").data == {"way": "password", "factor": True}


def test_a_first_proof_is_good_for_ten_minutes_and_one_password(client: Client, officer: User) -> None:
    with time_machine.travel(NOW, tick=False):
        enrolled(officer)
        sign_in(client)
        officer.set_password("gui-hua-1974")
        officer.save()
        assert client.get("/account/second-factor/").headers["Location"] == "/account/sign-in/"
    officer.set_password(PASSWORD)
    officer.save()
    with time_machine.travel(NOW, tick=False):
        sign_in(client)
    with time_machine.travel(NOW + dt.timedelta(minutes=11), tick=False):
        assert client.get("/account/second-factor/").headers["Location"] == "/account/sign-in/"


def test_wrong_codes_are_counted_for_the_account(client: Client, officer: User, settings: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        secret, _codes = enrolled(officer)
        for _try in range(settings.THROTTLE_FAILURES):
            visitor = Client(REMOTE_ADDR=f"192.0.2.{_try}")
            sign_in(visitor)
            assert visitor.post("/account/second-factor/", {"code": "12"}).status_code == 200
        sign_in(client)
        assert client.post("/account/second-factor/", {"code": shown(secret, NOW)}).status_code == 429


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(officer: User, steps: int, works: bool) -> None:
    secret, _codes = enrolled(officer)
    if works:
        factors.check_code(officer, shown(secret, NOW, steps), at=NOW)
    with pytest.raises(DomainError, match="码不对"):
        factors.check_code(officer, shown(secret, NOW, steps), at=NOW)


def test_full_width_digits_and_blanks_are_no_mistake(officer: User) -> None:
    secret, _codes = enrolled(officer)
    typed = "".join(chr(ord(one) + 0xFEE0) for one in shown(secret, NOW))
    factors.check_code(officer, f"{typed[:3]} {typed[3:]}", at=NOW)


def test_a_recovery_code_works_once_and_new_ones_end_the_old(officer: User) -> None:
    secret, codes = enrolled(officer)
    factors.check_code(officer, codes[0], at=NOW)
    with pytest.raises(DomainError):
        factors.check_code(officer, codes[0], at=NOW)
    assert factors.recovery_codes_left(officer) == 9
    fresh = factors.renew_recovery_codes(officer, shown(secret, NOW), at=NOW)
    with pytest.raises(DomainError):
        factors.check_code(officer, codes[1], at=NOW)
    factors.check_code(officer, fresh[1], at=NOW)
    assert actions(officer)[-3:] == ["factor.recovery_code", "factor.recovery_renew", "factor.recovery_code"]


@pytest.mark.both
def test_of_two_bearers_of_one_code_one_passes(run_together: Any) -> None:
    officer = make_staff("jiaowu", Role.PLANNER, make_school())
    secret, codes = enrolled(officer)
    for code in (shown(secret, NOW), codes[0]):
        results = run_together(*[partial(factors.check_code, officer, code, at=NOW)] * 2)
        assert sorted(str(type(one).__name__) for one in results) == ["DomainError", "NoneType"]


def test_staff_cannot_take_it_off_and_others_can(client: Client, school: Organisation, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    officer = make_staff("jiaowu", Role.PLANNER, school)
    trainer = make_staff("jiangshi", Role.TRAINER, school)
    for user, left in ((officer, True), (trainer, False)):
        secret, _codes = enrolled(user)
        with time_machine.travel(NOW, tick=False):
            visitor = Client()
            sign_in(visitor, user.username)
            visitor.post("/account/second-factor/", {"code": shown(secret, NOW)})
            visitor.post("/me/second-factor/", {"code": shown(secret, NOW, 1), "act": "off"})
        assert factors.is_enrolled(user) is left
    assert "factor.remove" in actions(trainer)


def test_a_system_administrator_resets_it_with_a_reason(client: Client, school: Organisation) -> None:
    officer = make_staff("jiaowu", Role.PLANNER, school)
    boss = make_staff("jigou", Role.ORG_ADMIN, school)
    admin = make_staff("admin", Role.SYSTEM_ADMIN, school)
    secret, _codes = enrolled(officer, timezone.now())
    elsewhere = Client()
    sign_in(elsewhere)
    elsewhere.post("/account/second-factor/", {"code": shown(secret, timezone.now())})
    assert elsewhere.get("/admin/people/").status_code == 200
    path = f"/admin/accounts/{officer.pk}/reset-factor/"
    client.force_login(boss)
    client.post(path, {"reason": "手机丢了"})
    assert factors.is_enrolled(officer)
    client.force_login(admin)
    client.post(path, {"reason": " "})
    assert factors.is_enrolled(officer)
    client.post(path, {"reason": "手机丢了，当面核对过"})
    assert not factors.is_enrolled(officer)
    assert elsewhere.get("/admin/").headers["Location"].startswith("/account/sign-in/")
    entry = AuditEntry.objects.get(action="factor.reset")
    assert (entry.actor_id, "reason" in entry.data) == (admin.pk, True)


def test_a_new_key_of_the_installation_takes_the_factors_along(officer: User, settings: Any) -> None:
    secret, codes = enrolled(officer)
    assert not factors.stale_factors().exists()
    old = settings.FIELD_KEYS[0]
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert factors.stale_factors().count() == 2
    for row in factors.stale_factors():
        factors.renew_factor(row)
    settings.FIELD_KEYS = [new]
    assert not factors.stale_factors().exists()
    factors.check_code(officer, shown(secret, NOW), at=NOW)
    factors.check_code(officer, codes[0], at=NOW)


def test_the_command_line_helps_the_last_administrator(officer: User) -> None:
    enrolled(officer)
    call_command("reset_second_factor", "jiaowu", reason="phone lost", stdout=io.StringIO())
    assert not factors.is_enrolled(officer)
