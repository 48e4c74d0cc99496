"""开展家政服务职业培训（人次）, hand counted; and what a learner is told to claim."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.enums import EnrolmentState
from caravan.models import Enrolment
from certificates.reports.periods import parse_period
from certificates.reports.training import training_report
from certificates.subsidies.panels import ClaimAdvice
from cms.errors import DomainError
from cms.models import User
from cms.roles import Role
from courses.enums import TrainingType
from tests.certificates.claims_world import OTHER_COUNTY, ClaimsWorld, at, is_refused, make_claims_world
from tests.certificates.issuing_world import COUNTY, make_class, make_version

JANUARY, JUNE = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
URL = "certificates_training_report"


@pytest.fixture
def world(db: None) -> ClaimsWorld:
    return make_claims_world()


def end(world: ClaimsWorld, training_class: Any, *moments: dt.datetime, state: str = "completed") -> None:
    for moment in moments:
        Enrolment.objects.create(
            training_class=training_class, person=world.base.person(), state=state, way="office",
            requested_at=moment, enrolled_at=moment, ended_at=moment,
        )  # fmt: skip


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_completed_enrolments_of_the_period_are_counted(world: ClaimsWorld) -> None:
    first = world.base.training_class
    second = make_class(world.school, make_version(code="JW-02"), "XH-2026-0008")
    second.region_code = "990101101000"
    second.save()
    inside = (at(1, 1, 0), at(3, 20), at(6, 30, 23))
    end(world, first, *inside)
    end(world, first, at(12, 31, 23, year=2025), at(7, 1, 0))  # the day before and the day after
    end(world, first, at(3, 20), state=EnrolmentState.NOT_COMPLETED)
    end(world, second, at(5, 1))
    person = first.enrolments.first().person
    Enrolment.objects.create(
        training_class=second,
        person=person,
        state="completed",
        way="office",
        requested_at=at(5, 1),
        ended_at=at(5, 1),
    )
    report = training_report(world.officer, JANUARY, JUNE)
    assert report.total == 5, "somebody who completed two classes counts twice"
    assert {(row.name, row.classes, row.completed) for row in report.by_town} == {
        ("城关镇", 1, 3),
        ("河湾镇", 1, 2),
    }
    assert [(row.name, row.completed) for row in report.by_organisation] == [(world.school.name, 5)]
    assert sum(row.completed for row in report.by_town) == sum(line.completed for line in report.classes) == 5
    assert training_report(None, JANUARY, JUNE, "990101101000").total == 2


def test_lectures_are_never_counted(world: ClaimsWorld) -> None:
    lecture = make_version(code="JZ-01")
    lecture.training_type = TrainingType.LECTURE
    lecture.save()
    end(world, make_class(world.school, lecture, "XH-2026-0009"), at(3, 20))
    assert training_report(None, JANUARY, JUNE).total == 0


def test_a_class_with_two_on_its_staff_is_counted_once(world: ClaimsWorld) -> None:
    for name in ("甲", "乙"):
        world.base.training_class.staff.create(user=User.objects.create(username=name), role="trainer")
    end(world, world.base.training_class, at(3, 20))
    assert training_report(world.planner, JANUARY, JUNE).total == 1


def test_the_page_is_scoped_and_leads_to_the_classes(world: ClaimsWorld) -> None:
    end(world, world.base.training_class, at(3, 20))
    period = {"start": "2026-01-01", "end": "2026-06-30"}
    for user in (world.planner, world.approver):
        text = client_of(user).get(reverse(URL), period).content.decode()
        assert "开展家政服务职业培训 1 人次" in text and "/classes/XH-2026-0007/" in text
    neighbour = client_of(world.office_user("邻县", Role.AUDITOR, OTHER_COUNTY))
    text = neighbour.get(reverse(URL), period).content.decode()
    assert "开展家政服务职业培训 0 人次" in text and "XH-2026-0007" not in text
    assert is_refused(client_of(User.objects.create(username="nobody")).get(reverse(URL)))
    wrong = client_of(world.approver).get(reverse(URL), {"start": "2026-06-30", "end": "2026-01-01"})
    assert "不能早于" in wrong.content.decode()
    assert (
        "日期要写成"
        in client_of(world.approver).get(reverse(URL), {"start": "x", "end": ""}).content.decode()
    )


def test_twenty_classes_cost_as_many_queries_as_two(world: ClaimsWorld) -> None:
    version = make_version(code="JW-02")
    client = client_of(world.officer)
    period = {"start": "2026-01-01", "end": "2026-06-30"}

    def queries() -> int:
        client.get(reverse(URL), period)
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse(URL), period)
        return len(caught)

    for number in range(2):
        end(world, make_class(world.school, version, f"XH-2026-01{number:02}"), at(3, 20))
    two = queries()
    for number in range(2, 20):
        end(world, make_class(world.school, version, f"XH-2026-01{number:02}"), at(3, 20))
    assert queries() == two


def test_the_command_writes_a_workbook(world: ClaimsWorld, tmp_path) -> None:
    end(world, world.base.training_class, at(3, 20), at(4, 20))
    out = tmp_path / "report.xlsx"
    call_command("report", "training", region=COUNTY, period="2026H1", out=str(out))
    book = openpyxl.load_workbook(io.BytesIO(out.read_bytes()))
    assert book.sheetnames == ["按乡镇", "按机构", "班级明细"]
    assert [cell.value for cell in book["按乡镇"][5]] == ["城关镇", 1, 2]
    assert "合计 2 人次" in book["按乡镇"]["A2"].value
    first = out.read_bytes()
    call_command("report", "training", region=COUNTY, period="2026H1", out=str(out))
    assert out.read_bytes() == first
    for wrong in ({"region": "1", "period": "2026"}, {"region": COUNTY, "period": "2026H3"}):
        with pytest.raises(CommandError):
            call_command("report", "training", out=str(out), **wrong)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026h2", (2026, 7, 1), (2026, 12, 31)),
        ("2024Q1", (2024, 1, 1), (2024, 3, 31)),
        ("2024-02", (2024, 2, 1), (2024, 2, 29)),
    ],
)
def test_periods(text: str, first: Any, last: Any) -> None:
    assert parse_period(text) == (dt.date(*first), dt.date(*last))


@pytest.mark.parametrize("text", ["", "2026H3", "26", "2026-13", "0000", "2026Q0"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(DomainError) as error:
        parse_period(text)
    assert error.value.code == "period_wrong"


def test_a_learner_is_told_what_to_claim_and_until_when(world: ClaimsWorld) -> None:
    with time_machine.travel(at(4, 22), tick=False):
        certificate = world.certificate(verified=False)
        person = certificate.person
        world.external(person, skill_level=4, is_in_register=None, register_checked_on=None)
        client = client_of(world.base.holder(person))
        text = client.get("/me/").content.decode()
    assert "可以去申领什么" in text and "能不能领、领多少，由参保地窗口核定。这里只帮您记日子。" in text
    assert "最晚 2027年3月24日" in text and "还有 336 天" in text
    assert text.count("要问窗口") >= 3, "group, register and insured months are not known"
    assert "800.00" not in text, "no promise of money"


def test_the_advice_is_a_fixed_number_of_queries_and_shows_a_claim(world: ClaimsWorld) -> None:
    with time_machine.travel(at(4, 22), tick=False):
        claim = world.submitted()
        panel, request = ClaimAdvice(), RequestFactory().get("/me/")
        with CaptureQueriesContext(connection) as one:
            advices = panel.context(request, claim.person)["advices"]
        assert [item.claim for item in advices] == [claim]
        for level in (4, 3, 2):
            world.external(claim.person, skill_level=level)
        with CaptureQueriesContext(connection) as four:
            assert len(panel.context(request, claim.person)["advices"]) == 4
        assert len(four) == len(one)
    with time_machine.travel(at(4, 22, year=2028), tick=False):
        late = panel.context(request, claim.person)["advices"]
        assert [item.days_left < 0 for item in late if item.claim is None] == [True] * 3, (
            "shown, never hidden"
        )
