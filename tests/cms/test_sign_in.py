"""Signing in and out, signing up and slips, over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.backoffice.panels import learner_panels
from cms.enums import AccountRelation, AffiliationKind, IdType, Sex
from cms.identity import demo_number
from cms.models import Organisation, Person, PersonAccount, User
from cms.navigation import MenuEntry, work_menu
from cms.roles import Role
from cms.services import accounts, people
from cms.services.memberships import grant_role

pytestmark = pytest.mark.django_db

COUNTY = "990101000000"
NUMBER = demo_number(dt.date(1973, 4, 15), 61, Sex.FEMALE)
PASSWORD = "hua-hua-1973"
WRONG = "手机号（或用户名）和密码对不上"


@pytest.fixture(autouse=True)
def _no_panels(monkeypatch: Any) -> None:
    """The panels of the upper apps have their own tests."""
    monkeypatch.setattr(learner_panels, "_items", {})


@pytest.fixture
def user() -> User:
    made = User.objects.create_user("wangguihua", "hua@example.com", PASSWORD)
    made.phone = "13900000417"
    made.save()
    return made


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


@pytest.fixture
def officer(school: Organisation) -> User:
    made = User.objects.create_user("planner", password=PASSWORD)
    grant_role(made, Role.PLANNER, school, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1))
    return made


@pytest.fixture
def person(school: Organisation) -> Person:
    made, _created = people.register_person(
        legal_name="王桂花",
        id_type=IdType.CITIZEN_ID,
        number=NUMBER,
        organisation=school,
        kind=AffiliationKind.ROSTER,
        region_code=COUNTY,
        source="花名册",
        by=None,
        at=timezone.now(),
    )
    return made


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/account/sign-in/", {"name": name, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("name", ["wangguihua", "13900000417", "HUA@example.com", " 13900000417 "])
def test_one_signs_in_by_name_phone_or_mail(client: Client, user: User, name: str) -> None:
    assert sign_in(client, name).headers["Location"] == "/me/"
    assert is_signed_in(client)


@pytest.mark.parametrize(("name", "password"), [("wangguihua", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_try_says_one_calm_thing_and_keeps_the_name(
    client: Client, user: User, name: str, password: str
) -> None:
    page = sign_in(client, name, password)
    assert page.status_code == 200
    text = page.content.decode()
    assert WRONG in text
    assert f'value="{name}"' in text
    assert password not in text.replace(name, "")
    assert not is_signed_in(client)


def test_an_empty_form_names_both_fields(client: Client) -> None:
    text = sign_in(client, "", "").content.decode()
    assert "请填手机号" in text
    assert "请填密码" in text


def test_ten_wrong_tries_must_wait(client: Client, user: User, settings: Any) -> None:
    for _try in range(settings.THROTTLE_FAILURES):
        assert sign_in(client, "wangguihua", "wrong").status_code == 200
    blocked = sign_in(client, "wangguihua")
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["Retry-After"]) <= settings.THROTTLE_SECONDS
    assert not is_signed_in(client)
    # Somebody else on the same address, and the same name from elsewhere, are not locked out.
    assert sign_in(client, "somebody", "wrong").status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, "wangguihua").status_code == 302


def test_a_right_try_forgets_the_wrong_ones(client: Client, user: User, settings: Any) -> None:
    for _round in range(2):
        for _try in range(settings.THROTTLE_FAILURES - 1):
            sign_in(client, "wangguihua", "wrong")
        assert sign_in(client, "wangguihua").status_code == 302
        client.post("/account/sign-out/")


@pytest.mark.parametrize(
    ("target", "place"),
    [("/me/data/", "/me/data/"), ("https://example.com/", "/me/"), ("//example.com/", "/me/")],
)
def test_one_returns_to_where_one_came_from_but_never_elsewhere(
    client: Client, user: User, target: str, place: str
) -> None:
    assert sign_in(client, "wangguihua", next=target).headers["Location"] == place


def test_office_staff_begin_in_the_back_office(client: Client, officer: User) -> None:
    assert sign_in(client, "planner").headers["Location"] == "/admin/"


def test_trainers_begin_at_their_desk(
    client: Client, user: User, school: Organisation, monkeypatch: Any
) -> None:
    monkeypatch.setattr(work_menu, "_items", {"desk": MenuEntry("desk", path="/desk/")})
    assert sign_in(client, "wangguihua").headers["Location"] == "/me/"
    grant_role(user, Role.TRAINER, school, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1))
    assert sign_in(client, "wangguihua").headers["Location"] == "/desk/"


def test_signing_out_asks_for_post(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/account/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/account/sign-out/").status_code == 302
    assert not is_signed_in(client)


def form_data(**changes: Any) -> dict[str, Any]:
    return {
        "legal_name": "王桂花",
        "id_type": IdType.CITIZEN_ID,
        "number": NUMBER,
        "phone": "139 0000 0417",
        "password": PASSWORD,
        "consent": "on",
    } | changes


def test_signing_up_opens_an_account_and_signs_in(client: Client) -> None:
    page = client.post("/account/sign-up/", form_data(), follow=True)
    assert page.redirect_chain == [("/me/", 302)]
    assert "王桂花，您好" in page.content.decode()
    assert User.objects.get(phone="13900000417").check_password(PASSWORD)


def test_the_page_is_the_same_whether_the_number_is_known_or_not(client: Client, person: Person) -> None:
    unknown = demo_number(dt.date(1973, 4, 15), 62, Sex.FEMALE)
    pages = []
    for number, phone in ((NUMBER, "13900000417"), (unknown, "13900000418")):
        visitor = Client()
        page = visitor.post("/account/sign-up/", form_data(number=number, phone=phone), follow=True)
        mine = visitor.get("/me/data/").content.decode()
        pages.append(
            (page.status_code, without_token(page.content.decode()), without_token(mine.replace(phone, "")))
        )
    assert pages[0] == pages[1]
    assert "身份证号要在窗口或凭一次性凭条核验" in pages[0][1]


def without_token(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)


def test_wrong_answers_stay_and_are_named_on_their_fields(client: Client) -> None:
    data = form_data(number=NUMBER[:17], legal_name="王2")
    del data["consent"]
    text = client.post("/account/sign-up/", data).content.decode()
    assert f'value="{NUMBER[:17]}"' in text
    assert 'value="王2"' in text
    assert PASSWORD not in text
    assert "请勾选" in text
    text = client.post("/account/sign-up/", form_data(number=NUMBER[:17], legal_name="王2")).content.decode()
    assert "您填了 17 位" in text
    assert "姓名里不能有“2”" in text
    assert not User.objects.exists()
    assert not Person.objects.exists()


def test_a_taken_phone_is_said_and_counted(client: Client, user: User, settings: Any) -> None:
    for _try in range(settings.THROTTLE_FAILURES):
        page = client.post("/account/sign-up/", form_data())
        assert "已经有账号" in page.content.decode()
    assert client.post("/account/sign-up/", form_data()).status_code == 429


def slip_code(person: Person, school: Organisation, officer: User) -> str:
    return accounts.make_slip(person, school, by=officer, at=timezone.now())[1]


def test_the_link_of_a_slip_leads_to_an_account(
    client: Client, person: Person, school: Organisation, officer: User
) -> None:
    code = slip_code(person, school, officer)
    opened = client.get(f"/account/slip/?code={code}")
    assert opened.headers["Location"] == "/account/slip/"
    assert f'value="{code}"' in client.get("/account/slip/").content.decode()
    # The link alone opens nothing: it would be a way to guess without being counted.
    assert client.get("/account/slip/account/").headers["Location"] == "/account/slip/"
    assert client.post("/account/slip/", {"code": code}).headers["Location"] == "/account/slip/account/"
    text = client.get("/account/slip/account/").content.decode()
    assert "王桂花" in text
    assert NUMBER not in text
    page = client.post("/account/slip/account/", {"phone": "13900000417", "password": PASSWORD}, follow=True)
    assert page.redirect_chain == [("/me/", 302)]
    assert "王桂花，您好" in page.content.decode()
    assert "核验" not in page.content.decode().replace("现在核验", "")
    assert client.get("/account/slip/account/").headers["Location"] == "/account/slip/"


def test_a_wrong_code_is_calm_and_throttled(client: Client, settings: Any) -> None:
    for _try in range(settings.THROTTLE_FAILURES):
        assert "这个码用不了" in client.post("/account/slip/", {"code": "ACDE3467"}).content.decode()
    assert client.post("/account/slip/", {"code": "ACDE3467"}).status_code == 429


def test_an_account_binds_a_relative(
    client: Client, user: User, person: Person, school: Organisation, officer: User
) -> None:
    client.force_login(user)
    client.post("/account/slip/", {"code": slip_code(person, school, officer)})
    assert "请选一项" in client.post("/account/slip/account/", {}).content.decode()
    page = client.post("/account/slip/account/", {"relation": AccountRelation.FAMILY}, follow=True)
    assert "正在替 王桂花 办事" in page.content.decode()
    assert PersonAccount.objects.get(user=user).relation == AccountRelation.FAMILY


def test_the_second_step_needs_the_first(client: Client) -> None:
    assert client.get("/account/slip/account/").headers["Location"] == "/account/slip/"


@pytest.mark.parametrize(
    "path", ["/account/sign-in/", "/account/sign-up/", "/account/slip/", "/account/slip/account/"]
)
def test_other_methods_are_refused(client: Client, path: str) -> None:
    assert client.put(path).status_code == 405


def test_every_fault_is_named_in_one_answer(client: Client) -> None:
    data = form_data(number=NUMBER[:17], phone="139", password="1")
    del data["consent"]
    text = client.post("/account/sign-up/", data).content.decode()
    for words in ("您填了 17 位", "您填了 3 位", "请勾选", "密码太短，至少 8 位。", "还有 4 处要改"):
        assert words in text
