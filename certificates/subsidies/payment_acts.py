"""What officers do on the page of a claim once it was sent: correct, recover, keep the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.subsidies.enums import CLAIM_MOVES, ClaimState, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models import Claim
from certificates.subsidies.money import ClaimMoney
from certificates.subsidies.payment_forms import CorrectionForm, EntryForm, RecoveryForm
from certificates.subsidies.permissions import can_keep_ledger, can_record_payments, can_recover
from certificates.subsidies.services import payments, recoveries
from certificates.subsidies.services.claims import is_revoked
from cms.errors import DomainError
from cms.models import User

_OFFICERS = (RecoveryEntryKind.RETURNED, RecoveryEntryKind.NOTIFIED)


class LedgerForm(EntryForm):
    """A notice, or money that came back: the officer's lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, kinds=_OFFICERS, **kwargs)


class WriteOffForm(EntryForm):
    """Money given up: the approver's line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, kinds=[RecoveryEntryKind.WRITTEN_OFF], **kwargs)


def correct(claim: Claim, data: Any, request: HttpRequest) -> None:
    """Make a failed claim payable again."""
    user: Any = request.user
    payments.correct_payment(claim, note=data["note"], by=user, at=timezone.now())


def recover(claim: Claim, data: Any, request: HttpRequest) -> None:
    """Open a recovery."""
    user: Any = request.user
    reason = RecoveryReason(data["reason"])
    recoveries.open_recovery(
        claim, reason=reason, amount=data["amount"], note=data["note"], by=user, at=timezone.now()
    )


def keep_ledger(claim: Claim, data: Any, request: HttpRequest) -> None:
    """Add a line to the recovery that is open."""
    user: Any = request.user
    recovery = claim.recoveries.filter(closed_at__isnull=True).first()
    if recovery is None:
        raise DomainError("recovery_closed", _("这笔申领没有正在办的追回。"))
    kind = RecoveryEntryKind(data["kind"])
    facts = {name: data[name] for name in ("amount", "happened_on", "voucher", "note") if name in data}
    recoveries.record_recovery_entry(recovery, kind, **facts, by=user, at=timezone.now())


ACTS = {
    "correct-payment": (CorrectionForm, correct),
    "recover": (RecoveryForm, recover),
    "ledger": (LedgerForm, keep_ledger),
    "write-off": (WriteOffForm, keep_ledger),
}


def may_ever(claim: Claim, user: User, act: str) -> bool:
    """Say whether the act is this user's part at all, in whatever state the claim is."""
    if act in {"recover", "write-off"}:
        return can_recover(user, claim)
    if act == "ledger":
        return can_keep_ledger(user, claim)
    return can_record_payments(user, claim.region_code)


def legal_money_acts(claim: Claim, user: User) -> set[str]:
    """Return which of these acts the user may do in the claim's state."""
    moves = CLAIM_MOVES[claim.state]
    open_now = {
        "correct-payment": claim.state == ClaimState.PAYMENT_FAILED and not is_revoked(claim),
        "recover": ClaimState.RECOVERING in moves,
        "ledger": ClaimState.RECOVERED in moves,
        "write-off": ClaimState.RECOVERED in moves,
    }
    return {act for act, is_open in open_now.items() if is_open and may_ever(claim, user, act)}


def act_forms(claim: Claim, money: ClaimMoney, today: dt.date) -> dict[str, Any]:
    """Return the empty forms of these acts, with what is most likely filled in."""
    reason = RecoveryReason.CERTIFICATE_REVOKED if is_revoked(claim) else RecoveryReason.AUDIT_FINDING
    amount = money.paid.amount if money.paid else None
    rest = money.running.open if money.running else None
    line = {"happened_on": today, "amount": rest}
    return {
        "correct_form": CorrectionForm(auto_id="correct_%s"),
        "recovery_form": RecoveryForm(initial={"reason": reason, "amount": amount}, auto_id="recover_%s"),
        "ledger_form": LedgerForm(initial={"happened_on": today}, auto_id="ledger_%s"),
        "write_off_form": WriteOffForm(initial=line, auto_id="off_%s"),
    }
