"""What became of a batch that was sent: paid, failed, corrected; and money that has to come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.issuing.enums import RevocationReason
from certificates.issuing.services.revoking import revoke_certificate
from certificates.subsidies import todo
from certificates.subsidies.advice import advice_for
from certificates.subsidies.enums import ClaimState, PaymentOutcome, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models import Claim, ClaimBatch, Payment, Recovery, RecoveryEntry, SubsidyScheme
from certificates.subsidies.money import figures_of
from certificates.subsidies.services import claims, exports
from certificates.subsidies.services.payments import PaymentResult, correct_payment, record_payments
from certificates.subsidies.services.recoveries import open_amount, open_recovery, record_recovery_entry
from certificates.subsidies.services.review import assess_proof
from cms.enums import MessageState
from cms.errors import DomainError, Refusals
from cms.messaging.posting import post_due
from cms.messaging.words import text_of
from cms.models import AuditEntry, Message, User
from cms.my_data import sections_of
from cms.roles import Role
from tests.certificates.claims_world import OTHER_COUNTY, ClaimsWorld, at, is_refused, make_claims_world
from tests.harness.typed import typed

PAID, FAILED = PaymentOutcome.PAID, PaymentOutcome.FAILED
RETURNED, NOTIFIED, WRITTEN_OFF = (
    RecoveryEntryKind.RETURNED, RecoveryEntryKind.NOTIFIED, RecoveryEntryKind.WRITTEN_OFF,
)  # fmt: skip


@pytest.fixture
def world(db: None) -> ClaimsWorld:
    return make_claims_world()


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(at(4, 25), tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(world: ClaimsWorld, count: int = 1) -> ClaimBatch:
    """A batch of so many claims whose file went to the treasury on 22 April."""
    batch = world.batch(count)
    exports.export_batch(batch, world.profile, reason="报财政拨付", by=world.officer, at=at(4, 22))
    batch.refresh_from_db()
    return batch


def record(world: ClaimsWorld, batch: ClaimBatch, *results: PaymentResult, **changes: Any) -> list[Payment]:
    facts = {"happened_on": dt.date(2026, 4, 24), "voucher": "国库0417", "by": world.officer, "at": at(4, 25)}
    return record_payments(batch, results, **(facts | changes))


def paid(world: ClaimsWorld, batch: ClaimBatch | None = None) -> Claim:
    batch = batch or sent(world)
    claim = batch.claims.get()
    record(world, batch, PaymentResult(claim.pk, PAID))
    return fresh(claim)


def recovering(world: ClaimsWorld, amount: int = 800) -> Recovery:
    return open_recovery(
        paid(world), reason=RecoveryReason.AUDIT_FINDING, amount=Decimal(amount), note="审计报告 3 号", by=world.approver,
        at=at(4, 25),
    )  # fmt: skip


def enter(world: ClaimsWorld, recovery: Recovery, kind: RecoveryEntryKind, **changes: Any) -> RecoveryEntry:
    facts: dict[str, Any] = {
        "happened_on": dt.date(2026, 4, 25), "by": world.officer, "at": at(4, 25), "voucher": "退0001",
    }  # fmt: skip
    return record_recovery_entry(recovery, kind, **(facts | changes))


def fresh(claim: Claim) -> Claim:
    return Claim.objects.select_related("scheme", "certificate", "organisation", "person").get(pk=claim.pk)


def revoke(world: ClaimsWorld, claim: Claim) -> None:
    assert claim.certificate is not None
    revoke_certificate(
        claim.certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=at(4, 23)
    )


def codes(act: Callable[[], Any]) -> list[str]:
    with pytest.raises(DomainError) as error:
        act()
    found = error.value
    return [one.code for one in found.refusals] if isinstance(found, Refusals) else [found.code]


# --- results -------------------------------------------------------------------------------------


def test_a_batch_is_paid_but_for_one_that_is_corrected_and_paid_again(world: ClaimsWorld) -> None:
    batch = sent(world, 3)
    first, second, third = batch.claims.order_by("pk")
    record(world, batch, PaymentResult(first.pk, PAID), PaymentResult(second.pk, FAILED, "户名不符"))
    assert [fresh(one).state for one in (first, second, third)] == ["paid", "payment_failed", "payable"]
    assert [(row.label, row.count, row.amount) for row in figures_of(batch)] == [
        ("已拨付", 1, 800), ("拨付失败", 1, 800), ("还没有结果", 1, 800),
    ]  # fmt: skip
    entry = AuditEntry.objects.get(action="claim.payment_fail")
    assert (entry.data["amount"], entry.data["happened_on"], typed(entry)) == (
        "800.00",
        "2026-04-24",
        "户名不符",
    )
    assert codes(lambda: correct_payment(second, note=" ", by=world.officer, at=at(4, 25))) == [
        "note_missing"
    ]
    assert codes(lambda: correct_payment(first, note="更正了", by=world.officer, at=at(4, 25))) == [
        "wrong_state"
    ]
    correct_payment(second, note="换了卡", by=world.officer, at=at(4, 25))
    record(world, batch, PaymentResult(second.pk, PAID), PaymentResult(third.pk, PAID))
    assert set(batch.claims.values_list("state", flat=True)) == {ClaimState.PAID}
    assert [row.outcome for row in second.payments.order_by("pk")] == [FAILED, PAID]
    assert sum(row.amount for row in Payment.objects.filter(outcome=PAID)) == batch.total_amount


def test_everything_that_is_wrong_is_said_and_nothing_is_kept(world: ClaimsWorld) -> None:
    batch, other = sent(world, 2), sent(world)
    first, second = batch.claims.order_by("pk")
    strange = other.claims.get()
    double = [PaymentResult(first.pk, PAID), PaymentResult(first.pk, PAID)]
    wrong = [*double, PaymentResult(second.pk, FAILED, " …"), PaymentResult(strange.pk, PAID)]
    assert codes(lambda: record(world, batch, *wrong, happened_on=dt.date(2026, 4, 26), voucher=" ")) == [
        "future_date", "voucher_missing", "told_twice", "reason_missing", "not_in_batch",
    ]  # fmt: skip
    assert codes(lambda: record(world, batch, happened_on=dt.date(2026, 4, 20))) == [
        "before_batch", "nothing_told",
    ]  # fmt: skip
    number = PaymentResult(second.pk, FAILED, "卡号 6222 0202 0001 2345 不存在")
    assert codes(lambda: record(world, batch, number)) == ["reason_has_number"]
    assert not Payment.objects.exists()
    record(world, batch, PaymentResult(first.pk, PAID))
    again = [PaymentResult(first.pk, PAID), PaymentResult(second.pk, PAID)]
    assert codes(lambda: record(world, batch, *again)) == ["already_recorded"]
    assert fresh(second).state == ClaimState.PAYABLE, "whole or not at all"
    unsent = world.batch()
    result = PaymentResult(unsent.claims.get().pk, PAID)
    assert codes(lambda: record(world, unsent, result)) == ["not_exported"]


def test_who_handed_in_or_decided_does_not_record(world: ClaimsWorld) -> None:
    batch = sent(world)
    claim = batch.claims.get()
    result = PaymentResult(claim.pk, PAID)
    neighbour = world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY)
    for stranger in (world.approver, world.planner, neighbour):
        assert codes(lambda by=stranger: record(world, batch, result, by=by)) == ["not_allowed"]
    for field in ("submitted_by", "decided_by"):
        kept = getattr(claim, f"{field}_id")
        Claim.objects.filter(pk=claim.pk).update(**{field: world.officer})
        assert codes(lambda: record(world, batch, result)) == ["same_person"]
        Claim.objects.filter(pk=claim.pk).update(**{field: kept})
    record(world, batch, result)


def test_money_that_went_out_on_a_revoked_certificate_is_on_record_and_is_asked_back(
    world: ClaimsWorld,
) -> None:
    claim = sent(world).claims.get()
    revoke(world, claim)
    record(world, claim.batch, PaymentResult(claim.pk, PAID))
    waits = todo.claims_to_recover(world.approver)
    assert waits is not None and waits.count == 1
    page = client_of(world.approver).get(waits.url).content.decode()
    assert claim.number in page
    open_recovery(
        claim, reason=RecoveryReason.CERTIFICATE_REVOKED, amount=Decimal(800), note="撤销决定", by=world.approver,
        at=at(4, 25),
    )  # fmt: skip
    waits = todo.claims_to_recover(User.objects.get(pk=world.approver.pk))
    assert waits is not None and waits.count == 0
    assert fresh(claim).approved_amount == 800, "the claim stays as it was decided"


def test_money_that_was_stopped_leads_back_to_review(world: ClaimsWorld) -> None:
    claim = sent(world).claims.get()
    revoke(world, claim)
    record(world, claim.batch, PaymentResult(claim.pk, FAILED, "证书撤销，停止拨付"))
    assert codes(lambda: correct_payment(claim, note="更正了", by=world.officer, at=at(4, 25))) == [
        "certificate_revoked"
    ]
    assert list(Claim.objects.all().revoked_before_payment()) == [claim]
    back = claims.start_review(fresh(claim), by=world.officer, at=at(4, 25))
    done = claims.reject_claim(back, note="证书已撤销", by=world.approver, at=at(4, 25))
    assert done.state == ClaimState.REJECTED
    figures = figures_of(done.batch)
    assert [(row.label, row.count, row.amount) for row in figures[2:]] == [
        ("还没有结果", 0, 0),
        ("不再拨付", 1, 800),
    ]


def test_a_failed_payment_alone_is_no_way_back_to_review(world: ClaimsWorld) -> None:
    claim = sent(world).claims.get()
    record(world, claim.batch, PaymentResult(claim.pk, FAILED, "户名不符"))
    assert codes(lambda: claims.start_review(claim, by=world.officer, at=at(4, 25))) == ["wrong_state"]


# --- recoveries ----------------------------------------------------------------------------------


def test_a_recovery_ends_when_returned_and_written_off_reach_it(world: ClaimsWorld) -> None:
    recovery = recovering(world, 700)
    claim = recovery.claim
    enter(world, recovery, NOTIFIED, amount=Decimal(5))
    enter(world, recovery, RETURNED, amount=Decimal(300))
    enter(world, recovery, RETURNED, amount=Decimal(350))
    assert (open_amount(recovery), fresh(claim).state) == (50, ClaimState.RECOVERING)
    off = {"amount": Decimal(50), "note": "会议纪要 2 号", "by": world.approver}
    enter(world, recovery, WRITTEN_OFF, **off)
    recovery.refresh_from_db()
    assert (open_amount(recovery), fresh(claim).state) == (0, ClaimState.RECOVERED)
    assert recovery.closed_at == at(4, 25)
    assert recovery.entries.get(kind=NOTIFIED).amount is None, "a notice moves no money"
    assert codes(lambda: enter(world, recovery, RETURNED, amount=Decimal(1))) == ["recovery_closed"]
    assert list(AuditEntry.objects.filter(action__startswith="claim.recover").values_list("action", flat=True)) == [
        "claim.recover", *["claim.recovery_entry"] * 4, "claim.recovered",
    ]  # fmt: skip


@pytest.mark.parametrize(("asked", "outcome"), [(800, "yes"), (300, "no")])
def test_only_money_that_came_back_whole_makes_room_for_another_claim(
    world: ClaimsWorld, asked: int, outcome: str
) -> None:
    recovery = recovering(world, asked)
    enter(world, recovery, RETURNED, amount=Decimal(asked))
    certificate = recovery.claim.certificate
    assert certificate is not None
    answer = assess_proof(certificate, world.scheme, at(4, 25))
    assert next(rule.outcome for rule in answer.rules if rule.code == "once") == outcome


def test_what_a_recovery_refuses(world: ClaimsWorld) -> None:
    claim = paid(world)
    facts: dict[str, Any] = {
        "reason": RecoveryReason.OTHER, "amount": Decimal(800), "note": "文号", "by": world.approver, "at": at(4, 25),
    }  # fmt: skip
    for changes, code in (
        ({"by": world.officer}, "not_allowed"),
        ({"amount": Decimal("800.01")}, "amount_too_high"),
        ({"amount": Decimal(0)}, "amount_wrong"),
        ({"note": ""}, "note_missing"),
        ({"reason": RecoveryReason.CERTIFICATE_REVOKED}, "not_revoked"),
    ):
        assert codes(lambda changes=changes: open_recovery(claim, **(facts | changes))) == [code]
    recovery = open_recovery(claim, **facts)
    assert codes(lambda: open_recovery(claim, **facts)) == ["wrong_state"], "one at a time"
    lines: tuple[tuple[dict[str, Any], str], ...] = (
        ({"by": world.approver}, "not_allowed"),
        ({"amount": Decimal("800.01")}, "amount_too_high"),
        ({"amount": None}, "amount_wrong"),
        ({"voucher": ""}, "voucher_missing"),
        ({"happened_on": dt.date(2026, 4, 26)}, "future_date"),
        ({"happened_on": dt.date(2026, 4, 23)}, "before_payment"),
    )
    for changes, code in lines:
        line = {"amount": Decimal(100)} | changes
        assert codes(lambda line=line: enter(world, recovery, RETURNED, **line)) == [code]
    for changes, code in (({"note": "文号"}, "not_allowed"), ({"by": world.approver}, "note_missing")):
        line = {"amount": Decimal(100)} | changes
        assert codes(lambda line=line: enter(world, recovery, WRITTEN_OFF, **line)) == [code]
    assert not RecoveryEntry.objects.exists()


@pytest.mark.both
def test_the_database_keeps_money_as_it_was_told(world: ClaimsWorld) -> None:
    recovery = recovering(world)
    claim = recovery.claim
    line = enter(world, recovery, RETURNED, amount=Decimal(1))
    [payment] = claim.payments.all()
    copy = {
        "claim": claim, "batch": claim.batch, "amount": 1, "happened_on": payment.happened_on, "voucher": "x",
        "recorded_by": world.officer, "recorded_at": at(4, 25),
    }  # fmt: skip
    refused: tuple[Callable[[], Any], ...] = (
        lambda: Payment.objects.create(**copy, outcome=PAID),
        lambda: Payment.objects.create(**copy, outcome=FAILED),
        lambda: Payment.objects.create(**(copy | {"amount": 0}), outcome=FAILED, failure_reason="x"),
        lambda: Payment.objects.filter(pk=payment.pk).update(amount=2),
        lambda: RecoveryEntry.objects.filter(pk=line.pk).update(amount=2),
        lambda: RecoveryEntry.objects.filter(pk=line.pk).delete(),
        lambda: Recovery.objects.create(
            claim=claim,
            reason="other",
            note="更正了",
            amount=1,
            opened_by=world.approver,
            opened_at=at(4, 25),
        ),
    )
    for act in refused:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# --- races ---------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_of_two_officers_who_record_one_batch_one_is_late(run_together, transactional_db) -> None:
    world = make_claims_world()
    batch = sent(world, 2)
    second = world.office_user("李专员", Role.SUBSIDY_OFFICER)
    keys = list(batch.claims.values_list("pk", flat=True))

    def act(name: str, result: PaymentOutcome) -> int:
        by = User.objects.get(username=name)
        results = [PaymentResult(key, result, "退票" if result == FAILED else "") for key in keys]
        return len(record(world, batch, *results, by=by))

    results = run_together(lambda: act(world.officer.username, PAID), lambda: act(second.username, FAILED))
    assert sorted(map(str, (item if isinstance(item, int) else item.code for item in results))) == [
        "2", "already_recorded",
    ], results  # fmt: skip
    assert Payment.objects.count() == 2 and Payment.objects.values("outcome").distinct().count() == 1


@pytest.mark.postgresql
def test_of_two_returns_of_the_whole_one_is_late(run_together, transactional_db) -> None:
    world = make_claims_world()
    recovery = recovering(world)

    def act() -> int:
        officer = User.objects.get(pk=world.officer.pk)
        return enter(world, recovery, RETURNED, amount=Decimal(800), by=officer).pk

    results = run_together(act, act)
    assert [item.code for item in results if isinstance(item, DomainError)] == ["recovery_closed"], results
    assert open_amount(Recovery.objects.get()) == 0
    assert Claim.objects.get().state == ClaimState.RECOVERED


# --- screens -------------------------------------------------------------------------------------


def test_the_officer_records_a_batch_on_the_screen(world: ClaimsWorld) -> None:
    batch = sent(world, 2)
    first, second = batch.claims.order_by("pk")
    revoke(world, second)
    client, url = client_of(world.officer), reverse("certificates_record_payments", args=[batch.pk])
    assert url in client.get(reverse("certificates_batch:inspect", args=[batch.pk])).content.decode()
    page = client.get(url).content.decode()
    assert first.person.legal_name not in page and "2 笔等结果" in page
    assert page.count('value="paid" selected') == 1 and "证书已撤销" in page, "the revoked one stands open"
    data = {
        "claim": [first.pk, second.pk], "happened_on": "2026-04-24", "voucher": "国库0417",
        f"outcome_{first.pk}": "paid", f"outcome_{second.pk}": "failed",
    }  # fmt: skip
    assert "请写明为什么没有拨成" in client.post(url, data).content.decode()
    data[f"reason_{second.pk}"] = "停止拨付"
    sure = client.post(url, data).content.decode()
    assert "1 笔，800.00 元" in sure and "停止拨付" in sure and not Payment.objects.exists()
    assert f'name="outcome_{first.pk}" value="paid"' in sure
    assert 'value="停止拨付"' in client.post(url, data | {"back": "1"}).content.decode()
    done = client.post(url, data | {"sure": "1"}, follow=True).content.decode()
    assert "登记了 2 笔拨付结果" in done and url not in done
    late = client.post(url, data | {"sure": "1"}).content.decode()
    assert "不能再登记" in late and Payment.objects.count() == 2
    assert "都登记过了" in client.get(url).content.decode()
    neighbour = world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY)
    assert client_of(neighbour).get(url).status_code == 404
    assert is_refused(client_of(world.approver).get(url))


def test_the_claim_page_leads_from_a_payment_to_its_recovery(world: ClaimsWorld) -> None:
    claim = paid(world)
    page = reverse("certificates_claim:inspect", args=[claim.pk])

    def act(user: User, name: str, **data: Any) -> Any:
        url = reverse("certificates_claim_act", args=[claim.pk, name])
        return client_of(user).post(url, data, follow=True)

    assert "国库0417" in client_of(world.planner).get(page).content.decode()
    assert "办追回" not in client_of(world.officer).get(page).content.decode()
    assert act(world.officer, "recover", reason="audit", amount="800", note="更正了").status_code == 403
    assert (
        "应追回金额"
        in act(world.approver, "recover", reason="audit", amount="", note="更正了").content.decode()
    )
    opened = act(
        world.approver, "recover", reason="audit", amount="800", note="审计报告 3 号"
    ).content.decode()
    assert "还差 800.00 元" in opened and "核销追不回的" in opened and "登记通知或退款" not in opened
    day = {"happened_on": "2026-04-25"}
    told = act(world.officer, "ledger", kind="returned", amount="500", voucher="退1", **day).content.decode()
    assert "还差 300.00 元" in told and "核销追不回的" not in told
    assert (
        "不能超过"
        in act(world.officer, "ledger", kind="returned", amount="500", voucher="退2", **day).content.decode()
    )
    assert (
        act(world.officer, "write-off", kind="written_off", amount="300", note="更正了", **day).status_code
        == 403
    )
    ended = act(
        world.approver, "write-off", kind="written_off", amount="300", note="会议纪要", **day
    ).content.decode()
    assert "结清" in ended and "核销追不回的" not in ended
    assert fresh(claim).state == ClaimState.RECOVERED


def test_pages_of_money_ask_as_often_for_twenty_rows_as_for_two(world: ClaimsWorld) -> None:
    client = client_of(world.officer)
    counts = []
    for rows in (2, 20):
        batch = sent(world, rows)
        for url in (
            reverse("certificates_record_payments", args=[batch.pk]),
            reverse("certificates_batch:inspect", args=[batch.pk]),
            reverse("certificates_batch:index") + "?awaits=result",
        ):
            client.get(url)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(url).status_code == 200
            counts.append(len(caught))
        record(world, batch, *[PaymentResult(pk, PAID) for pk in batch.claims.values_list("pk", flat=True)])
    assert counts[:3] == counts[3:]


# --- who hears of it -----------------------------------------------------------------------------


def told(kind: str) -> list[str]:
    post_due(at(4, 25))
    rows = Message.objects.filter(kind=kind, state=MessageState.POSTED).order_by("pk")
    return [text_of(row).body for row in rows]


def test_the_person_hears_of_money_paid_and_the_office_of_what_failed(world: ClaimsWorld) -> None:
    batch = sent(world, 2)
    first, second = batch.claims.order_by("pk")
    record(world, batch, PaymentResult(first.pk, PAID), PaymentResult(second.pk, FAILED, "户名不符。"))
    [hers], [office] = told("payment_told"), told("payment_answered")
    assert "拨付给培训机构了" in hers and "800" not in hers
    assert "原因：户名不符。请" in office and second.number in office
    advice = next(one for one in advice_for(first.person, dt.date(2026, 4, 25)) if one.claim)
    assert "拨付给培训机构了" in advice.money
    SubsidyScheme.objects.update(beneficiary="person")
    correct_payment(second, note="改了", by=world.officer, at=at(4, 25))
    assert not told("payment_answered"), "it is no longer so"
    record(world, batch, PaymentResult(second.pk, FAILED, "退票"), at=at(4, 25, 11))
    advice = next(one for one in advice_for(second.person, dt.date(2026, 4, 25)) if one.claim)
    assert "没有拨成：退票" in advice.money


def test_her_data_tell_what_was_paid_and_asked_back(world: ClaimsWorld) -> None:
    recovery = recovering(world)
    enter(world, recovery, RETURNED, amount=Decimal(300))
    sections = dict(sections_of(recovery.claim.person))
    [payment] = sections["payments"].items
    facts = {fact.key: fact.value for fact in payment.facts}
    assert (facts["amount"], facts["happened_on"]) == (800, dt.date(2026, 4, 24))
    asked, line = sections["recoveries"].items
    assert [fact.value for fact in asked.facts if fact.key == "amount"] == [800]
    assert [fact.value for fact in line.facts if fact.key == "amount"] == [300]
