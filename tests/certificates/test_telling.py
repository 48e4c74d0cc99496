"""What is told about certificates, claims and the refresher: once, and only while it is so."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from certificates.issuing.enums import RevocationReason
from certificates.issuing.services.issuing import issue_certificate
from certificates.issuing.services.revoking import revoke_certificate
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.services.reminding import queue_reminders
from certificates.subsidies.services import claims
from cms.enums import Channel, EmploymentModel, MessageState
from cms.messaging.kinds import link_of
from cms.messaging.posting import post_due
from cms.messaging.sending import deliver_due
from cms.messaging.words import text_of
from cms.models import Delivery, InPostPeriod, Message, Person
from cms.services.messages import choose_messages
from courses.enums import RecordState
from courses.models import TrainingRecord
from tests.certificates import issuing_world
from tests.certificates.claims_world import at, make_claims_world
from tests.certificates.issuing_world import CHINA
from tests.cms.message_world import GATEWAY, Gateway

pytestmark = pytest.mark.django_db
NOON = dt.time(12, tzinfo=CHINA)


def told(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind, state=MessageState.POSTED).order_by("pk"))


def test_a_certificate_is_told_once_and_a_revoked_one_is_not() -> None:
    world = issuing_world.make_world()
    first, second = (
        issue_certificate(world.record(), by=world.planner, at=issuing_world.AT) for _ in range(2)
    )
    issue_certificate(first.record, by=world.planner, at=issuing_world.AT)
    revoke_certificate(
        second, reason=RevocationReason.values[0], note="弄错了", by=world.planner, at=issuing_world.AT
    )
    post_due(issuing_world.AT)
    [message] = told("certificate_ready")
    assert message.person == first.person
    assert first.number in text_of(message).body
    assert link_of(message) == "/me/"


def test_a_decision_is_told_to_the_person_and_to_who_handed_the_claim_in() -> None:
    world = make_claims_world()
    claim = world.in_review()
    claims.reject_claim(claim, note="照片看不清，请补一张。", by=world.approver, at=at(4, 3))
    post_due(at(4, 3))
    [to_person] = told("claim_decided")
    [to_office] = told("claim_answered")
    assert (to_person.person, to_office.user) == (claim.person, world.planner)
    for message in (to_person, to_office):
        assert "照片看不清，请补一张。" in text_of(message).body
    assert claim.number in text_of(to_office).title
    assert claim.person.legal_name in text_of(to_office).body


def test_an_approval_is_told_with_the_end_of_the_notice_and_void_once_it_is_reopened() -> None:
    world = make_claims_world()
    claim = claims.approve_claim(
        world.in_review(), amount=Decimal(800), note="电话核实", by=world.approver, at=at(4, 3)
    )
    post_due(at(4, 3))
    [message] = told("claim_decided")
    assert "公示到" in text_of(message).body
    assert "电话核实" not in text_of(message).body  # what the office wrote for itself
    revoke_certificate(
        claim.certificate, reason=RevocationReason.values[0], note="冒名", by=world.planner, at=at(4, 4)
    )
    claims.start_review(claim, by=world.officer, at=at(4, 4))
    assert not told("claim_decided")


# The refresher -------------------------------------------------------------------------------------

START = dt.date(2024, 6, 15)  # due on 15 June 2026


@pytest.fixture
def worker() -> Person:
    """Somebody in post since ``START`` under a rule of 24 months, with an account."""
    world = issuing_world.make_world()
    RefresherRule.objects.create(
        region_code="990000000000", interval_months=24, window_days=90, valid_from=dt.date(2020, 1, 1)
    )
    person = world.person()
    world.holder(person)
    InPostPeriod.objects.create(
        person=person, organisation=world.school, region_code=issuing_world.TOWN,
        employment_model=EmploymentModel.EMPLOYEE, started_on=START, recorded_at=issuing_world.AT,
    )  # fmt: skip
    return person


def live(days: Any) -> list[tuple[dt.date, int]]:
    """Let the sweep and the outbox run at noon of each day; return what was told on which day."""
    seen = []
    for day in days:
        moment = dt.datetime.combine(day, NOON)
        queue_reminders(moment)
        queue_reminders(moment)
        before = {message.pk for message in told("refresher_due")}
        deliver_due(moment)
        seen += [(day, one.about["step"]) for one in told("refresher_due") if one.pk not in before]
    return seen


def days(first: dt.date, count: int, every: int = 1) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range(0, count, every)]


def test_three_reminders_once_each_over_the_whole_window(worker: Person) -> None:
    assert live(days(dt.date(2026, 3, 15), 94)) == [
        (dt.date(2026, 3, 17), 90),
        (dt.date(2026, 5, 16), 30),
        (dt.date(2026, 6, 15), 0),
    ]


def test_a_sweep_that_was_down_skips_what_was_overtaken_and_writes_to_nobody_long_lapsed(
    worker: Person,
) -> None:
    assert live([dt.date(2026, 3, 10), dt.date(2026, 5, 21)]) == [(dt.date(2026, 5, 21), 30)]
    assert live([dt.date(2026, 6, 23)]) == []


def test_five_days_down_over_the_due_day_still_tell_the_last_step(worker: Person) -> None:
    assert live([dt.date(2026, 6, 20)]) == [(dt.date(2026, 6, 20), 0)]


def test_a_refresher_done_after_queueing_stops_the_reminder(worker: Person) -> None:
    world_version = issuing_world.make_version(code="HL-01")
    world_version.counts_as_refresher = True
    world_version.save()
    queue_reminders(dt.datetime.combine(dt.date(2026, 3, 17), NOON))
    TrainingRecord.objects.create(
        person=worker, course=world_version.course, course_version=world_version,
        organisation=worker.in_post_periods.get().organisation,
        region_code=issuing_world.TOWN, source="x", state=RecordState.COMPLETED, started_on=dt.date(2026, 3, 16),
        completed_on=dt.date(2026, 3, 17), opened_at=issuing_world.AT,
    )  # fmt: skip
    deliver_due(dt.datetime.combine(dt.date(2026, 3, 18), NOON))
    assert Message.objects.get(kind="refresher_due").state == MessageState.WITHDRAWN


def test_who_does_not_want_it_by_phone_has_it_on_the_site_only(
    worker: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMS_GATEWAY = GATEWAY
    monkeypatch.setattr(Gateway, "sent", [])
    worker.phone = "13900000417"
    worker.save()
    user = worker.accounts.get().user
    choose_messages(
        user, {("refresher_due", Channel.SMS): False}, language="zh-hans", by=user, at=issuing_world.AT
    )
    assert live([dt.date(2026, 3, 17)])
    assert not Gateway.sent
    assert Delivery.objects.get(channel="sms").reason == "opted_out"
    assert Message.objects.unread_by(user).count() == 1


def test_two_employers_are_one_reminder(worker: Person) -> None:
    period = worker.in_post_periods.get()
    period.pk = None
    period.started_on = dt.date(2025, 1, 1)
    period.save()
    assert len(live([dt.date(2026, 3, 17), dt.date(2026, 3, 18)])) == 1
