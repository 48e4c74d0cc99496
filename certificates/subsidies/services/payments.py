"""Record what became of a batch that was sent: paid or failed, claim by claim, whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.subsidies.enums import BatchState, ClaimState, PaymentOutcome
from certificates.subsidies.models import Claim, ClaimBatch, Payment
from certificates.subsidies.permissions import can_record_payments
from certificates.subsidies.services.claims import is_revoked
from certificates.subsidies.services.states import move_claim
from certificates.subsidies.services.telling import forget_payment, tell_payments
from certificates.subsidies.services.written import needed_words, short_words
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import User

_STATES = {PaymentOutcome.PAID: ClaimState.PAID, PaymentOutcome.FAILED: ClaimState.PAYMENT_FAILED}


@dataclass(frozen=True)
class PaymentResult:
    """What the treasury or the bank told of one claim; ``reason`` is why it failed."""

    claim_id: int
    outcome: PaymentOutcome
    reason: str = ""


@transaction.atomic
def record_payments(
    batch: ClaimBatch,
    results: Sequence[PaymentResult],
    *,
    happened_on: dt.date,
    voucher: str,
    by: User,
    at: dt.datetime,
) -> list[Payment]:
    """Record one attempt for each claim told of; claims of the batch that nobody told of stay payable.

    All or nothing: raises ``Refusals`` with every reason of ``why_not_recorded``. A certificate that was revoked
    meanwhile is no reason: money that went out is on record, and an approver opens the recovery.

    1. Lock the batch: of two officers the second finds the first one's results.
    2. Lock the claims, check, write the payments, move the claims.
    """
    batch = ClaimBatch.objects.select_for_update().get(pk=batch.pk)
    claims = _claims(batch, results, lock=True)
    if refusals := why_not_recorded(
        batch, results, happened_on=happened_on, voucher=voucher, by=by, at=at, claims=claims
    ):
        raise Refusals(refusals)
    payments = []
    for result in results:
        claim = claims[result.claim_id]
        move_claim(claim, _STATES[result.outcome])
        reason = short_words(result.reason) if result.outcome == PaymentOutcome.FAILED else ""
        payments.append(
            Payment(
                claim=claim, batch=batch, outcome=result.outcome, happened_on=happened_on,
                amount=claim.approved_amount or Decimal(0),  # the database refuses a nought
                voucher=voucher.strip()[:60], failure_reason=reason, recorded_by=by, recorded_at=at,
            )
        )  # fmt: skip
    Payment.objects.bulk_create(payments, batch_size=500)
    for outcome, state in _STATES.items():
        told = [payment.claim_id for payment in payments if payment.outcome == outcome]
        Claim.objects.filter(pk__in=told).update(state=state)
    _write_down(batch, payments, by=by, at=at)
    tell_payments(payments, by=by, at=at)
    return payments


def _claims(batch: ClaimBatch, results: Iterable[PaymentResult], *, lock: bool) -> dict[int, Claim]:
    rows = batch.claims.filter(pk__in={result.claim_id for result in results}).order_by("pk")
    if lock:  # only the claims: PostgreSQL locks no row that an outer join may leave out
        rows = rows.select_for_update(of=("self",))
    return {row.pk: row for row in rows.select_related("scheme", "person", "organisation", "submitted_by")}


def _write_down(batch: ClaimBatch, payments: Sequence[Payment], *, by: User, at: dt.datetime) -> None:
    paid = [payment for payment in payments if payment.outcome == PaymentOutcome.PAID]
    failed = [payment for payment in payments if payment.outcome == PaymentOutcome.FAILED]
    audit.record_each("claim.pay", ((one.claim, None, _told(one)) for one in paid), by=by, at=at)
    audit.record_each("claim.payment_fail", ((one.claim, None, _told(one)) for one in failed), by=by, at=at)
    audit.record(
        "batch.payments", batch, by=by, at=at,
        rows=len(payments), failed=len(failed), amount=str(sum((one.amount for one in paid), Decimal(0))),
    )  # fmt: skip


def _told(payment: Payment) -> dict[str, str]:
    return {
        "amount": str(payment.amount),
        "happened_on": payment.happened_on.isoformat(),
        "reason": payment.failure_reason,
    }


def why_not_recorded(
    batch: ClaimBatch,
    results: Sequence[PaymentResult],
    *,
    happened_on: dt.date,
    voucher: str,
    by: User,
    at: dt.datetime,
    claims: Mapping[int, Claim] | None = None,
) -> list[DomainError]:
    """Return everything that keeps these results from being recorded; empty when nothing does.

    Codes: ``not_allowed``, ``not_exported``, ``nothing_told``, ``voucher_missing``, ``future_date``,
    ``before_batch``, ``told_twice``, ``not_in_batch``, ``already_recorded``, ``same_person``, ``reason_missing``,
    ``reason_has_number``.
    """
    if not can_record_payments(by, batch.region_code):
        return [DomainError("not_allowed", _("这个批次的拨付结果不归您登记。"))]
    if batch.state != BatchState.EXPORTED:
        return [DomainError("not_exported", _("这个批次还没有导出，名单没有送去拨付，不会有结果。"))]
    found = _faults_of_all(batch, results, happened_on, voucher, timezone.localdate(at))
    known = _claims(batch, results, lock=False) if claims is None else claims
    for result in results:
        fault = _fault_of_one(result, known.get(result.claim_id), by)
        found += [fault] if fault else []
    return found


def _faults_of_all(
    batch: ClaimBatch, results: Sequence[PaymentResult], happened_on: dt.date, voucher: str, today: dt.date
) -> list[DomainError]:
    found = []
    if happened_on > today:
        found.append(DomainError("future_date", _("拨付日期不能晚于今天。"), field="happened_on"))
    if happened_on < timezone.localdate(batch.created_at):
        found.append(DomainError("before_batch", _("拨付日期不能早于批次生成的日子。"), field="happened_on"))
    if not voucher.strip():
        words = _("请填凭证号。")
        found.append(DomainError("voucher_missing", words, field="voucher"))
    if not results:
        found.append(DomainError("nothing_told", _("还没有选结果，请至少登记一笔。")))
    if max(Counter(result.claim_id for result in results).values(), default=1) > 1:
        found.append(DomainError("told_twice", _("同一笔申领登记了两次，请只留一次。")))
    return found


def _fault_of_one(result: PaymentResult, claim: Claim | None, by: User) -> DomainError | None:
    told, reason = f"outcome_{result.claim_id}", f"reason_{result.claim_id}"
    if claim is None:
        return DomainError("not_in_batch", _("有一笔申领不在这个批次里。"), field=told)
    if claim.state != ClaimState.PAYABLE:
        now = {"number": claim.number, "now": claim.get_state_display()}
        return DomainError(
            "already_recorded", _("%(number)s 现在是“%(now)s”，不能再登记。") % now, field=told
        )
    if had_a_hand(claim, by):
        words = _("%(number)s 是您申报或审批的，拨付结果要由另一个人登记。") % {"number": claim.number}
        return DomainError("same_person", words, field=told)
    if result.outcome == PaymentOutcome.FAILED:
        try:
            needed_words(result.reason, _("请写明为什么没有拨成。"), code="reason_missing", field=reason)
        except DomainError as error:
            return error
    return None


def had_a_hand(claim: Claim, user: User) -> bool:
    """Say whether ``user`` handed the claim in or decided it: somebody else tells what was paid on it."""
    return user.pk in {claim.submitted_by_id, claim.decided_by_id}


@transaction.atomic
def correct_payment(claim: Claim, *, note: str, by: User, at: dt.datetime) -> Claim:
    """Make a failed claim payable again, once what was wrong is put right: it is paid from the same batch.

    Refuses ``not_allowed``, ``note_missing``, ``certificate_revoked`` (back to review instead), ``wrong_state``.
    """
    claim = Claim.objects.select_for_update(of=("self",)).select_related("certificate").get(pk=claim.pk)
    if not can_record_payments(by, claim.region_code):
        raise DomainError("not_allowed", _("这笔申领不归您办理。"))
    words = needed_words(note, _("请写明更正了什么。"), code="note_missing", field="note")
    if is_revoked(claim):
        raise DomainError("certificate_revoked", _("证书已经撤销，不能再拨付。请退回审核后驳回。"))
    move_claim(claim, ClaimState.PAYABLE)
    claim.save(update_fields=["state"])
    audit.record("claim.payment_correct", claim, by=by, at=at, note=words)
    forget_payment(claim, at=at)
    return claim
