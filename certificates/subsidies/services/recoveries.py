"""Money that has to come back: open a recovery, keep its ledger, end it when nothing is left open."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.subsidies.enums import ClaimState, PaymentOutcome, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models import Claim, Payment, Recovery, RecoveryEntry
from certificates.subsidies.permissions import can_keep_ledger, can_recover
from certificates.subsidies.services.claims import is_revoked
from certificates.subsidies.services.states import move_claim
from certificates.subsidies.services.telling import tell_recovery
from certificates.subsidies.services.written import needed_words, optional_words
from cms import audit
from cms.errors import DomainError
from cms.models import User


@transaction.atomic
def open_recovery(
    claim: Claim, *, reason: RecoveryReason, amount: Decimal, note: str, by: User, at: dt.datetime
) -> Recovery:
    """Ask for money of a paid claim back: 已拨付 → 追回中; the claim itself stays as it was decided.

    Refuses ``not_allowed``, ``wrong_state``, ``not_revoked`` (the certificate is good), ``note_missing``,
    ``reason_has_number``, ``amount_wrong``, ``amount_too_high`` (more than was paid).
    """
    claim = _lock(claim.pk)
    if not can_recover(by, claim):
        raise DomainError("not_allowed", _("追回由这个地区的审批人办。"))
    move_claim(claim, ClaimState.RECOVERING)
    if reason == RecoveryReason.CERTIFICATE_REVOKED and claim.certificate_id and not is_revoked(claim):
        raise DomainError("not_revoked", _("证书没有撤销，请选别的原因。"), field="reason")
    words = needed_words(note, _("请写明依据，有文号写文号。"), code="note_missing", field="note")
    _check_amount(amount, payment_of(claim).amount, _("追回金额不能超过拨付的金额。"))
    claim.save(update_fields=["state"])
    recovery = Recovery.objects.create(
        claim=claim, reason=reason, note=words, amount=amount, opened_by=by, opened_at=at
    )
    audit.record("claim.recover", claim, by=by, at=at, amount=str(amount), recovery_reason=reason, note=words)
    tell_recovery(recovery, by=by, at=at)
    return recovery


@transaction.atomic
def record_recovery_entry(
    recovery: Recovery,
    kind: RecoveryEntryKind,
    *,
    amount: Decimal | None = None,
    happened_on: dt.date,
    voucher: str = "",
    note: str = "",
    by: User,
    at: dt.datetime,
) -> RecoveryEntry:
    """Add a line; when returned and written off reach the amount, the claim is 已追回.

    A notice moves no money; what came back has a voucher; what is written off has a reason and is the
    approver's. Refuses ``not_allowed``, ``recovery_closed``, ``future_date``, ``before_payment``,
    ``amount_wrong``, ``amount_too_high`` (more than is open), ``voucher_missing``, ``note_missing``,
    ``reason_has_number``.
    """
    claim = _lock(recovery.claim_id)  # before the recovery, as in ``open_recovery``
    recovery = Recovery.objects.select_for_update().get(pk=recovery.pk)
    _refuse_stranger(claim, kind, by)
    if recovery.closed_at is not None:
        raise DomainError("recovery_closed", _("这笔追回已经结清，不能再登记。"))
    _check_day(happened_on, claim, timezone.localdate(at))
    open_now = open_amount(recovery)
    moved = None if kind == RecoveryEntryKind.NOTIFIED else amount or Decimal(0)
    if moved is not None:
        _check_amount(moved, open_now, _("不能超过还没追回的金额。"))
    entry = RecoveryEntry.objects.create(
        recovery=recovery, kind=kind, amount=moved, happened_on=happened_on, voucher=_voucher(kind, voucher),
        note=_note(kind, note), recorded_by=by, recorded_at=at,
    )  # fmt: skip
    money: dict[str, Any] = {} if moved is None else {"amount": str(moved)}
    audit.record(
        "claim.recovery_entry", claim, by=by, at=at,
        recovery_entry=kind, happened_on=happened_on.isoformat(), note=entry.note, **money,
    )  # fmt: skip
    if moved == open_now:
        _close(recovery, claim, by=by, at=at)
    return entry


def _close(recovery: Recovery, claim: Claim, *, by: User, at: dt.datetime) -> None:
    recovery.closed_at = at
    recovery.save(update_fields=["closed_at"])
    move_claim(claim, ClaimState.RECOVERED)
    claim.save(update_fields=["state"])
    audit.record("claim.recovered", claim, by=by, at=at, amount=str(recovery.amount))


def open_amount(recovery: Recovery) -> Decimal:
    """Return what has neither come back nor been written off: worked out from the lines, stored nowhere."""
    settled: Decimal | None = recovery.entries.aggregate(total=Sum("amount"))["total"]
    return recovery.amount - (settled or Decimal(0))


def payment_of(claim: Claim) -> Payment:
    """Return the payment of a claim that was paid; raises ``Payment.DoesNotExist``."""
    return claim.payments.get(outcome=PaymentOutcome.PAID)


def _lock(pk: int) -> Claim:
    rows = Claim.objects.select_for_update(of=("self",)).select_related(
        "scheme", "person", "organisation", "submitted_by", "certificate"
    )
    return rows.get(pk=pk)


def _refuse_stranger(claim: Claim, kind: RecoveryEntryKind, by: User) -> None:
    if kind == RecoveryEntryKind.WRITTEN_OFF and not can_recover(by, claim):
        raise DomainError("not_allowed", _("核销由这个地区的审批人办。"))
    if kind != RecoveryEntryKind.WRITTEN_OFF and not can_keep_ledger(by, claim):
        raise DomainError("not_allowed", _("追回台账由这个地区的补贴专员登记。"))


def _check_day(happened_on: dt.date, claim: Claim, today: dt.date) -> None:
    if happened_on > today:
        raise DomainError("future_date", _("日期不能晚于今天。"), field="happened_on")
    if happened_on < payment_of(claim).happened_on:
        raise DomainError("before_payment", _("日期不能早于拨付的日子。"), field="happened_on")


def _check_amount(amount: Decimal, highest: Decimal, too_high: str) -> None:
    if amount <= 0:
        raise DomainError("amount_wrong", _("金额要大于 0。"), field="amount")
    if amount > highest:
        raise DomainError("amount_too_high", too_high, field="amount")


def _voucher(kind: RecoveryEntryKind, voucher: str) -> str:
    if kind == RecoveryEntryKind.RETURNED and not voucher.strip():
        raise DomainError("voucher_missing", _("请填退款的凭证号或银行流水号。"), field="voucher")
    return voucher.strip()[:60]


def _note(kind: RecoveryEntryKind, note: str) -> str:
    if kind == RecoveryEntryKind.WRITTEN_OFF:
        return needed_words(note, _("请写明为什么核销，凭什么文件。"), code="note_missing", field="note")
    return optional_words(note, field="note")
