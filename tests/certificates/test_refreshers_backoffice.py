"""The list of who is due, the rules, the command and the learner's countdown."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.refreshers.demo import load_rules
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.panels import RefresherCountdown
from certificates.refreshers.reading import person_status
from certificates.refreshers.services.rules import save_rule
from cms.errors import DomainError
from cms.models import Organisation, Person, Region, User
from cms.roles import Role
from cms.services.memberships import grant_role
from cms.services.people import record_in_post
from courses.enums import RecordState
from courses.models import TrainingRecord
from tests.certificates.claims_world import OTHER_COUNTY, ClaimsWorld, is_refused, make_claims_world
from tests.certificates.issuing_world import AT, CHINA, COUNTY, TOWN

TODAY = dt.date(2026, 4, 22)
PAGE = "certificates_due:index"


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(dt.datetime(2026, 4, 22, 10, tzinfo=CHINA), tick=False):
        yield


@pytest.fixture
def world(db: None) -> ClaimsWorld:
    load = make_claims_world()
    load_rules(by=None, at=AT)
    return load


def employ(
    world: ClaimsWorld, start: dt.date, *, name: str = "", employer: Organisation | None = None
) -> Person:
    person = world.base.person(name)
    record_in_post(
        person, employer or world.school, employment_model="employee", started_on=start, ended_on=None,
        region_code=TOWN, by=None, at=AT,
    )  # fmt: skip
    return person


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(world: ClaimsWorld, **data: str) -> str:
    return client_of(world.officer).get(reverse(PAGE), data).content.decode()


def test_the_worst_stand_first_with_counts_and_the_rate(world: ClaimsWorld) -> None:
    employ(world, dt.date(2025, 4, 1), name="王期内")
    employ(world, dt.date(2024, 5, 1), name="李快到")
    employ(world, dt.date(2024, 4, 21), name="张逾期")
    text = page(world)
    assert text.index("张逾期") < text.index("李快到") < text.index("王期内")
    assert "在岗人员 66.7% 按时回炉" in text
    assert "从2024年4月21日上岗起，24 个月内要回炉一次，最晚 2026年4月21日。已经过了 1 天。" in text
    assert "按时率 =（在有效期内 + 快到期）÷" in text


def test_any_day_may_be_asked(world: ClaimsWorld) -> None:
    employ(world, dt.date(2024, 4, 21), name="张逾期")
    assert "已经过了 1 天" in page(world, on="2026-04-22")
    assert "还有 0 天" in page(world, on="2026-04-21")
    before = page(world, on="2024-04-20")
    assert "张逾期" not in before and "没有要回炉的在岗人员" in before
    wrong = page(world, on="2026-13-45")
    assert "日期要写成 年-月-日" in wrong and "张逾期" not in wrong


def test_filters_narrow_the_list(world: ClaimsWorld) -> None:
    employ(world, dt.date(2025, 4, 1), name="王期内")
    employ(world, dt.date(2024, 4, 21), name="张逾期")
    other = Organisation.objects.create(name="云岭家政", short_code="YL", region_code=COUNTY)
    employ(world, dt.date(2024, 4, 1), name="赵别家", employer=other)
    overdue = page(world, state="overdue")
    assert "张逾期" in overdue and "王期内" not in overdue
    employer = page(world, employer=str(other.pk))
    assert "赵别家" in employer and "张逾期" not in employer
    assert "张逾期" in page(world, region=TOWN)
    assert "选择一个有效的选项" in page(world, region=OTHER_COUNTY)


def test_the_list_stays_in_scope(world: ClaimsWorld) -> None:
    employ(world, dt.date(2024, 4, 21), name="张逾期")
    neighbour = client_of(world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY))
    assert "张逾期" not in neighbour.get(reverse(PAGE)).content.decode()
    assert "张逾期" in client_of(world.planner).get(reverse(PAGE)).content.decode()
    rival = User.objects.create(username="rival")
    grant_role(rival, Role.ORG_ADMIN, world.base.other_school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    assert "张逾期" not in client_of(rival).get(reverse(PAGE)).content.decode()
    trainer = User.objects.create(username="trainer")
    grant_role(trainer, Role.TRAINER, world.school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    assert is_refused(client_of(trainer).get(reverse(PAGE)))


def test_twenty_workers_cost_as_many_queries_as_two(world: ClaimsWorld) -> None:
    for _ in range(2):
        employ(world, dt.date(2024, 4, 21))
    client = client_of(world.officer)

    def queries() -> int:
        client.get(reverse(PAGE))
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse(PAGE))
        return len(caught)

    two = queries()
    for _ in range(18):
        employ(world, dt.date(2024, 4, 21))
    assert queries() == two


def test_a_long_list_has_pages(world: ClaimsWorld) -> None:
    for number in range(51):
        employ(
            world,
            dt.date(2024, 4, 21) + dt.timedelta(days=number),
            name=f"工人{'甲乙丙丁戊己庚辛壬癸'[number % 10]}",
        )
    assert "第 1 页，共 2 页" in page(world)
    assert page(world, page="2").count("<td>星河县巾帼家政培训学校</td>") == 1


def test_a_rule_is_one_sentence_with_an_example(world: ClaimsWorld) -> None:
    rule = RefresherRule.objects.get()
    text = (
        client_of(world.officer)
        .get(reverse("certificates_refresher_rule:inspect", args=[rule.pk]))
        .content.decode()
    )
    assert "示范省的在岗人员每 24 个月至少回炉一次，到期当天还算按时，提前 90 天提醒" in text
    assert "2027年1月1日问：快到期。" in text and "2027年1月2日问：已逾期。" in text


def test_the_administrator_adds_a_rule_and_an_overlap_is_refused(world: ClaimsWorld) -> None:
    admin = User.objects.create(username="admin")
    grant_role(admin, Role.SYSTEM_ADMIN, world.school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    url = reverse("certificates_refresher_rule:add")
    county = Region.objects.get(code=COUNTY)
    form = {
        "region": county.pk, "interval_months": 12, "window_days": 60, "grace_days": 0, "early": "from_completion",
        "valid_from": "2026-01-01", "valid_until": "2026-12-31",
    }  # fmt: skip
    client = client_of(admin)
    assert client.post(url, form).status_code == 302
    again = client.post(url, form | {"valid_from": "2026-12-31", "valid_until": ""})
    assert "时间重叠" in again.content.decode()
    backwards = client.post(url, form | {"valid_from": "2027-02-01", "valid_until": "2027-01-01"})
    assert "不能早于" in backwards.content.decode()
    assert "interval_months" in client.post(url, form | {"interval_months": 0}).context["form"].errors
    assert RefresherRule.objects.filter(region_code=COUNTY).count() == 1
    assert client.post(url, form | {"valid_from": "2027-01-01", "valid_until": ""}).status_code == 302
    assert is_refused(client_of(world.officer).get(url))
    employ(world, dt.date(2025, 4, 21), name="张逾期")
    assert "12 个月内" in page(world), "the inner region's rule comes first"


@pytest.mark.parametrize(
    ("start", "end", "clashes"),
    [
        ((2026, 1, 1), (2026, 6, 30), True),
        ((2026, 6, 30), None, True),
        ((2025, 1, 1), None, True),
        ((2026, 7, 1), None, False),
        ((2025, 1, 1), (2025, 12, 31), False),
    ],
)
def test_rules_of_one_region_share_no_day(db: None, start: Any, end: Any, clashes: bool) -> None:
    region = Region.objects.create(code=COUNTY, name="星河县", level=3, valid_from=dt.date(2020, 1, 1))

    def save(first: dt.date, last: dt.date | None) -> None:
        save_rule(
            region, interval_months=24, window_days=90, valid_from=first, valid_until=last, by=None, at=AT
        )

    save(dt.date(2026, 1, 1), dt.date(2026, 6, 30))
    wanted = dt.date(*start), dt.date(*end) if end else None
    if not clashes:
        save(*wanted)
        return
    with pytest.raises(DomainError) as error:
        save(*wanted)
    assert error.value.code == "rule_overlap"


def test_outside_its_own_rules_time_a_county_follows_its_province(world: ClaimsWorld) -> None:
    person = employ(world, dt.date(2025, 2, 1))
    for first, last, months in (
        (dt.date(2025, 1, 1), dt.date(2025, 12, 31), 6),
        (dt.date(2027, 1, 1), None, 12),
    ):
        save_rule(
            Region.objects.get(code=COUNTY), interval_months=months, window_days=30, valid_from=first,
            valid_until=last, by=None, at=AT,
        )  # fmt: skip
    due = {
        on.year: answer.due_on
        for on in (dt.date(2025, 3, 1), TODAY, dt.date(2027, 1, 1))
        if (answer := person_status(person, on)) is not None
    }
    assert due == {2025: dt.date(2025, 8, 1), 2026: dt.date(2027, 2, 1), 2027: dt.date(2026, 2, 1)}


def test_only_the_administrator_keeps_rules(world: ClaimsWorld) -> None:
    with pytest.raises(DomainError) as error:
        save_rule(
            Region.objects.get(code=COUNTY), interval_months=24, window_days=90, valid_from=TODAY, valid_until=None,
            by=world.officer, at=AT,
        )  # fmt: skip
    assert error.value.code == "not_allowed"


def test_the_command_prints_counts_and_people(world: ClaimsWorld) -> None:
    employ(world, dt.date(2024, 4, 21), name="张逾期")
    out = StringIO()
    call_command("refresher_due", on="2026-04-22", region=COUNTY, stdout=out)
    assert "已逾期\t1" in out.getvalue() and "张逾期" in out.getvalue()
    out = StringIO()
    call_command("refresher_due", on="2026-04-22", region=OTHER_COUNTY, stdout=out)
    assert "已逾期\t0" in out.getvalue() and "张逾期" not in out.getvalue()
    for wrong in ({"on": "2026-02-30"}, {"on": "2026-04-22", "region": "123"}):
        with pytest.raises(CommandError):
            call_command("refresher_due", **wrong)


def test_the_learner_sees_the_days_left(world: ClaimsWorld) -> None:
    request, panel = RequestFactory().get("/me/"), RefresherCountdown()
    person = employ(world, dt.date(2024, 5, 22), name="王桂花")
    shown = panel.context(request, person)
    assert (shown["days"], shown["status"].due_on) == (30, dt.date(2026, 5, 22))
    record = world.base.record(person)
    type(world.base.version).objects.update(counts_as_refresher=True)
    TrainingRecord.objects.filter(pk=record.pk).update(state=RecordState.COMPLETED)
    assert panel.context(request, person)["status"].due_on == dt.date(2028, 3, 20)
    assert panel.context(request, world.base.person())["status"] is None, "who never was in post has no clock"
    with CaptureQueriesContext(connection) as caught:
        panel.context(request, person)
    assert len(caught) <= 5  # post, refreshers, rule, its region and the mergers before it
    holder = client_of(world.base.holder(person))
    text = holder.get("/me/").content.decode()
    assert "什么时候回炉" in text and "2028年3月20日前回炉一次" in text
