"""Credit codes with their check character, and licences: superseded, never overwritten, shown when lapsed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from cms.demo import load_demo_organisations, load_demo_regions
from cms.enums import LicenceState
from cms.errors import DomainError
from cms.models import Licence, Organisation, User
from cms.roles import Role
from cms.services.licences import add_licence, correct_licence, licence_standings, standing_of
from cms.services.memberships import grant_role, sync_roles
from cms.uscc import check_uscc

NOW = timezone.now()
GOOD = "52990101MA0DEM03XF"
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("123", "uscc_length", "3 位"),
        ("350100100012345", "uscc_length", "工商注册号"),
        ("12345678X", "uscc_length", "组织机构代码"),
        ("52990101MAODEM03XF", "uscc_signs", "是不是 0"),
        ("5299O101MA0DEM03XF", "uscc_signs", "是不是 0"),
        ("52990101MA0DEM03X!", "uscc_signs", "“!”"),
        ("5299A101MA0DEM03XF", "uscc_region", "前 8 位"),
        ("52990101MA0DEM03XA", "uscc_wrong", "校验位"),
    ],
)
def test_what_is_wrong_with_a_code_is_said(text: str, code: str, words: str) -> None:
    with pytest.raises(DomainError) as refusal:
        check_uscc(text)
    assert (refusal.value.code, refusal.value.field) == (code, "uscc")
    assert words in str(refusal.value)


def test_a_code_is_taken_as_people_write_it() -> None:
    assert check_uscc(" ５２990101-ma0dem03x f ") == GOOD


@given(
    st.text("0123456789", min_size=8, max_size=8),
    st.text(_SIGNS, min_size=9, max_size=9),
    st.integers(0, 17),
    st.sampled_from(_SIGNS),
)
def test_one_wrong_sign_never_passes(head: str, body: str, place: int, sign: str) -> None:
    right = f"{head}{body}"
    right += uscc.calc_check_digit(right)
    assert check_uscc(right) == right
    wrong = right[:place] + sign + right[place + 1 :]
    if wrong != right:
        with pytest.raises(DomainError):
            check_uscc(wrong)


TODAY = dt.date(2026, 6, 15)


@pytest.mark.parametrize(
    ("terms", "state", "until"),
    [
        ([], "none", None),
        ([("2024-01-01", None)], "holds", None),
        ([("2024-01-01", "2027-12-31")], "holds", "2027-12-31"),
        ([("2024-01-01", "2026-06-15")], "ending", "2026-06-15"),
        ([("2024-01-01", "2026-06-14")], "lapsed", "2026-06-14"),
        ([("2024-01-01", "2026-08-14")], "ending", "2026-08-14"),
        ([("2024-01-01", "2026-08-15")], "holds", "2026-08-15"),
        ([("2024-01-01", "2026-07-01"), ("2026-07-02", "2029-07-01")], "holds", "2026-07-01"),
        ([("2026-07-01", None)], "coming", None),
        ([("2020-01-01", "2022-12-31"), ("2023-01-01", "2025-12-31")], "lapsed", "2025-12-31"),
    ],
)
def test_how_licences_stand(terms: list[tuple[str, str | None]], state: str, until: str | None) -> None:
    day = dt.date.fromisoformat
    rows = [Licence(valid_from=day(first), valid_until=day(last) if last else None) for first, last in terms]
    found = standing_of(rows, TODAY)
    assert (found.state, found.until and found.until.isoformat()) == (state, until)


@pytest.fixture
def demo(db: None) -> dict[str, Organisation]:
    load_demo_regions()
    sync_roles()
    return load_demo_organisations()


FACTS: dict[str, Any] = {
    "kind": "filing", "number": "备 2026-1", "authority": "星河县人社局", "valid_from": dt.date(2026, 1, 1),
    "valid_until": dt.date(2026, 12, 31),
}  # fmt: skip


def test_a_correction_leaves_the_old_row(demo: dict[str, Organisation]) -> None:
    old = add_licence(demo["YL"], **FACTS, by=None, at=NOW)
    new = correct_licence(old, **{**FACTS, "number": "备 2026-11"}, by=None, at=NOW)
    old.refresh_from_db()
    assert (old.number, old.superseded_at) == ("备 2026-1", NOW)
    assert (new.number, new.superseded_at, new.recorded_at) == ("备 2026-11", None, NOW)
    with pytest.raises(DomainError) as refusal:
        correct_licence(old, **FACTS, by=None, at=NOW)
    assert refusal.value.code == "licence_superseded"
    assert licence_standings([demo["YL"]], dt.date(2026, 3, 1))[demo["YL"].pk].state == LicenceState.HOLDS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": " "}, "licence_number"),
        ({"authority": " "}, "licence_authority"),
        ({"valid_until": dt.date(2025, 1, 1)}, "licence_order"),
        ({}, "licence_known"),
    ],
)
def test_a_wrong_licence_is_refused(
    demo: dict[str, Organisation], changes: dict[str, Any], code: str
) -> None:
    add_licence(demo["YL"], **FACTS, by=None, at=NOW)
    with pytest.raises(DomainError) as refusal:
        add_licence(demo["YL"], **{**FACTS, **changes}, by=None, at=NOW)
    assert refusal.value.code == code
    assert demo["YL"].licences.count() == 1


def signed_in(role: Role, organisation: Organisation) -> Client:
    user = User.objects.create(username=f"{role}{User.objects.count()}")
    grant_role(user, role, organisation, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    client = Client()
    client.force_login(user)
    return client


def test_an_administrator_keeps_the_own_licences(demo: dict[str, Organisation]) -> None:
    school = demo["XH"]
    client, planner = signed_in(Role.ORG_ADMIN, school), signed_in(Role.PLANNER, school)
    stranger = signed_in(Role.ORG_ADMIN, demo["QS"])
    add = reverse("organisations:add_licence", args=[school.pk])
    form = {**FACTS, "valid_from": "2029-01-01", "valid_until": "2028-01-01"}
    assert planner.get(add).status_code == 403
    assert stranger.get(add).status_code == 404
    assert "不能早于" in client.post(add, form).content.decode()
    assert client.post(add, {**form, "valid_until": ""}).status_code == 302
    made = Licence.objects.get(number=FACTS["number"])
    correct = reverse("organisations:correct_licence", args=[made.pk])
    assert FACTS["number"] in client.get(correct).content.decode()
    assert stranger.get(correct).status_code == 404
    assert client.post(correct, {**form, "number": "备 9", "valid_until": ""}).status_code == 302
    shown = client.get(reverse("organisations:inspect", args=[school.pk])).content.decode()
    assert "备 9" in shown and "以新的一条为准" in shown
    assert client.get(correct).status_code == 404, "it was corrected already"


def test_a_lapsed_licence_is_shown_in_the_list(demo: dict[str, Organisation]) -> None:
    root = signed_in(Role.SYSTEM_ADMIN, demo["XHRS"])
    address = reverse("organisations:index")
    # The filter names the state too.
    assert root.get(address).content.decode().count(">已过期<") == 1
    with time_machine.travel(dt.datetime(2029, 1, 2, tzinfo=dt.UTC), tick=False):
        root.force_login(User.objects.get(memberships__role=Role.SYSTEM_ADMIN))
        assert root.get(address).content.decode().count(">已过期<") == 2


def test_a_wrong_credit_code_is_said_at_its_field(demo: dict[str, Organisation]) -> None:
    root = signed_in(Role.SYSTEM_ADMIN, demo["XHRS"])
    form = {"name": "新机构", "short_code": "XJ", "region_code": "990101000000", "kinds": ["provider"]}
    answer = root.post(reverse("organisations:add"), {**form, "uscc": "52990101MAODEM03XF"})
    assert "是不是 0" in str(answer.context["form"].errors["uscc"])
    assert not Organisation.objects.filter(short_code="XJ").exists()
