"""What was paid, what failed and what came back, read for the pages of a batch and of a claim; sums are never stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certificates.subsidies.enums import ClaimState, PaymentOutcome, RecoveryEntryKind
from certificates.subsidies.models import Claim, ClaimBatch, Payment, Recovery, RecoveryEntry

NOUGHT = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """So many claims of a batch, so much money (元), under one heading."""

    label: str | Promise
    tone: str
    count: int
    amount: Decimal


def figures_of(batch: ClaimBatch) -> list[Figure]:
    """Return paid, failed and open claims of a batch, and what came back: three queries."""
    rows = batch.claims.values("state").annotate(n=Count("pk"), total=Sum("approved_amount")).order_by()
    by_state = {row["state"]: (row["n"], row["total"] or NOUGHT) for row in rows}
    paid = batch.payments.filter(outcome=PaymentOutcome.PAID).aggregate(n=Count("pk"), total=Sum("amount"))
    back = RecoveryEntry.objects.filter(
        recovery__claim__batch=batch, kind=RecoveryEntryKind.RETURNED
    ).aggregate(n=Count("recovery", distinct=True), total=Sum("amount"))
    waiting = by_state.get(ClaimState.PAYABLE, (0, NOUGHT))
    failed = by_state.get(ClaimState.PAYMENT_FAILED, (0, NOUGHT))
    # Back to review for a revoked certificate, and rejected: their approved amount is gone with the approval.
    dropped = batch.row_count - waiting[0] - failed[0] - paid["n"]
    left = batch.total_amount - waiting[1] - failed[1] - (paid["total"] or NOUGHT)
    found = [
        Figure(_("已拨付"), "good", paid["n"], paid["total"] or NOUGHT),
        Figure(_("拨付失败"), "bad", *failed),
        Figure(_("还没有结果"), "warn", *waiting),
    ]
    if dropped > 0:
        found.append(Figure(_("不再拨付"), "neutral", dropped, left))
    if back["n"]:
        found.append(Figure(_("已经退回"), "info", back["n"], back["total"]))
    return found


@dataclass(frozen=True)
class RecoveryAccount:
    """A recovery with its lines; amounts in 元."""

    recovery: Recovery
    entries: list[RecoveryEntry]

    def _sum(self, kind: RecoveryEntryKind) -> Decimal:
        return sum((line.amount or NOUGHT for line in self.entries if line.kind == kind), NOUGHT)

    @property
    def returned(self) -> Decimal:
        """What came back."""
        return self._sum(RecoveryEntryKind.RETURNED)

    @property
    def written_off(self) -> Decimal:
        """What was given up."""
        return self._sum(RecoveryEntryKind.WRITTEN_OFF)

    @property
    def open(self) -> Decimal:
        """What is still to come back."""
        return self.recovery.amount - self.returned - self.written_off


@dataclass(frozen=True)
class ClaimMoney:
    """Every attempt to pay a claim, oldest first, and its recoveries."""

    payments: list[Payment] = field(default_factory=list)
    recoveries: list[RecoveryAccount] = field(default_factory=list)

    @property
    def paid(self) -> Payment | None:
        """The payment that went out."""
        return next((one for one in self.payments if one.outcome == PaymentOutcome.PAID), None)

    @property
    def running(self) -> RecoveryAccount | None:
        """The recovery that is open."""
        return next((one for one in self.recoveries if one.recovery.closed_at is None), None)


def money_of(claim: Claim) -> ClaimMoney:
    """Return what was paid on a claim and came back: three queries, none for a claim that was never sent."""
    if claim.batch_id is None:
        return ClaimMoney()
    payments = list(claim.payments.select_related("recorded_by").order_by("recorded_at", "pk"))
    recoveries = claim.recoveries.select_related("opened_by").prefetch_related("entries__recorded_by")
    accounts = [
        RecoveryAccount(row, list(row.entries.all())) for row in recoveries.order_by("opened_at", "pk")
    ]
    return ClaimMoney(payments, accounts)
