"""One's own pages: for whom, what is held, who sees it; panels of the upper apps appear."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.backoffice.panels import learner_panels
from cms.enums import AccountProof, AccountRelation, AffiliationKind, IdType, Sex
from cms.identity import demo_number
from cms.models import Organisation, Person, User
from cms.roles import Role
from cms.services import accounts, people
from cms.services.memberships import grant_role

pytestmark = pytest.mark.django_db

COUNTY = "990101000000"
NAMES = ("王桂花", "李小红", "李小红")


@pytest.fixture(autouse=True)
def _no_panels(monkeypatch: Any) -> None:
    """The panels of the upper apps have their own tests."""
    monkeypatch.setattr(learner_panels, "_items", {})


@pytest.fixture
def school() -> Organisation:
    return Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)


def number(place: int) -> str:
    return demo_number(dt.date(1973, 4, 15), place, Sex.FEMALE)


@pytest.fixture
def members(school: Organisation) -> list[Person]:
    return [
        people.register_person(
            legal_name=name,
            id_type=IdType.CITIZEN_ID,
            number=number(place),
            organisation=school,
            kind=AffiliationKind.ROSTER,
            region_code=COUNTY,
            source="花名册",
            phone="13900000417",
            by=None,
            at=timezone.now(),
        )[0]
        for place, name in enumerate(NAMES, start=60)
    ]


@pytest.fixture
def coordinator(school: Organisation, members: list[Person]) -> User:
    user = User.objects.create_user("helper")
    grant_role(user, Role.COORDINATOR, school, by=None, at=timezone.now(), valid_from=dt.date(2020, 1, 1))
    for member in members:
        accounts.act_for(
            user, member, AccountRelation.COORDINATOR, AccountProof.CONSENT, by=None, at=timezone.now()
        )
    return user


def text_of(client: Client, path: str = "/me/") -> str:
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("path", ["/me/", "/me/data/"])
def test_strangers_are_sent_to_sign_in(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"] == f"/account/sign-in/?next={path}"


def test_an_account_without_a_person_is_told_what_to_do(client: Client) -> None:
    client.force_login(User.objects.create_user("staff"))
    assert "还没有绑定学员" in text_of(client)
    assert client.get("/me/data/").status_code == 404


def test_a_coordinator_acts_for_three_and_switches(
    client: Client, coordinator: User, members: list[Person]
) -> None:
    client.force_login(coordinator)
    text = text_of(client)
    assert "正在替 王桂花 办事" in text
    assert "还能替 2 个人办" in text
    for place in (61, 62):
        assert f"尾号 {number(place)[-4:]}" in text  # two of one name are told apart
    assert f"尾号 {number(60)[-4:]}" not in text
    client.post("/me/switch/", {"person": members[2].pk})
    assert "正在替 李小红 办事" in text_of(client)
    assert f'value="{members[0].pk}"' in text_of(client)


def test_one_cannot_switch_to_somebody_elses_person(client: Client, members: list[Person]) -> None:
    client.force_login(User.objects.create_user("stranger"))
    assert client.post("/me/switch/", {"person": members[0].pk}).status_code == 404
    assert client.post("/me/switch/", {"person": "x"}).status_code == 404
    assert client.get("/me/switch/").status_code == 405
    assert "还没有绑定学员" in text_of(client)


def test_ones_own_information_is_masked_and_names_who_sees_it(
    client: Client, coordinator: User, members: list[Person]
) -> None:
    client.force_login(coordinator)
    text = text_of(client, "/me/data/")
    assert f"9{'*' * 16}{number(60)[-1]}" in text
    assert number(60) not in text
    assert "星河县家政培训学校" in text
    assert "13900000417" in text
    assert "1973" in text
    assert "4月15日" not in text  # never the whole birth date beside a number


def test_panels_of_the_upper_apps_get_the_person(
    client: Client, coordinator: User, members: list[Person], monkeypatch: Any
) -> None:
    asked: list[Person] = []

    class Seen:
        name, template, order = "seen", "components/notice.html", 1

        def is_shown(self, request: Any, subject: Person) -> bool:
            asked.append(subject)
            return True

        def context(self, request: Any, subject: Person) -> dict[str, Any]:
            return {"text": f"panel for {subject.legal_name}"}

    monkeypatch.setattr(learner_panels, "_items", {"seen": Seen()})
    client.force_login(coordinator)
    assert "panel for 王桂花" in text_of(client)
    assert "还没有课" not in text_of(client)
    assert set(asked) == {members[0]}
    monkeypatch.setattr(learner_panels, "_items", {})
    assert "还没有课" in text_of(client)


def test_queries_do_not_grow_with_the_people(
    client: Client,
    coordinator: User,
    school: Organisation,
    django_assert_max_num_queries: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(learner_panels, "_items", {})
    client.force_login(coordinator)
    counts = []
    for batch in (0, 18):
        for place in range(100, 100 + batch):
            person, _new = people.register_person(
                legal_name="赵红",
                id_type=IdType.CITIZEN_ID,
                number=number(place),
                organisation=school,
                kind=AffiliationKind.ROSTER,
                region_code=COUNTY,
                source="花名册",
                by=None,
                at=timezone.now(),
            )
            accounts.act_for(
                coordinator,
                person,
                AccountRelation.COORDINATOR,
                AccountProof.CONSENT,
                by=None,
                at=timezone.now(),
            )
        with django_assert_max_num_queries(20) as seen:
            text_of(client)
        counts.append(len(seen))
    assert counts[0] == counts[1]
