"""Tell the person and who handed the claim in what was decided and paid; inside the transaction of the change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from certificates.subsidies.enums import Beneficiary, ClaimState
from certificates.subsidies.models import Claim, Payment, Recovery
from cms.messaging import Note, queue_messages, withdraw_about, withdraw_messages
from cms.models import User

KINDS = ("claim_decided", "claim_answered")
PAYMENT_KINDS = ("payment_told", "payment_answered")


def tell_decided(claim: Claim, *, by: User, at: dt.datetime) -> None:
    """Queue the decision; an earlier one that was reopened is void."""
    occasion = at.isoformat(timespec="seconds")
    withdraw_about(KINDS, [claim], at=at, keep=occasion)
    about = {
        "scheme": claim.scheme.name,
        "number": claim.number,
        "is_met": claim.state != ClaimState.REJECTED,
        "notice_until": claim.notice_until.isoformat() if claim.notice_until else "",
        # Why it was refused; what was written beside an approval stays inside the office.
        "why": claim.decision_note if claim.state == ClaimState.REJECTED else "",
    }
    queue_messages(
        "claim_decided", [Note(claim, about, person=claim.person, occasion=occasion)], by=by, at=at
    )
    if claim.submitted_by is not None:
        note = Note(
            claim,
            about | {"name": claim.person.legal_name},
            user=claim.submitted_by,
            occasion=occasion,
            organisation=claim.organisation,
        )
        queue_messages("claim_answered", [note], by=by, at=at)


def forget_decision(claim: Claim, *, at: dt.datetime) -> None:
    """Take back what was told, because the claim is under review again."""
    withdraw_messages(KINDS, claim, at=at)


def tell_payments(payments: Sequence[Payment], *, by: User, at: dt.datetime) -> None:
    """Queue what came of a batch: everybody hears of money paid; of a failure who can put it right."""
    told = [(payment.claim, _of_payment(payment)) for payment in payments]
    _tell(
        [(claim, about) for claim, about in told if about["what"] == "paid" or _is_hers(claim)],
        [(claim, about) for claim, about in told if about["what"] == "failed"],
        by=by, at=at,
    )  # fmt: skip


def tell_recovery(recovery: Recovery, *, by: User, at: dt.datetime) -> None:
    """Queue that money has to come back: to who handed the claim in, and to the person if she got it."""
    claim = recovery.claim
    told = [(claim, _about(claim, "recovering", why=str(recovery.reason)))]
    _tell(told if _is_hers(claim) else [], told, by=by, at=at)


def forget_payment(claim: Claim, *, at: dt.datetime) -> None:
    """Take back what was told of a payment that failed, because it is paid again or under review again."""
    withdraw_messages(PAYMENT_KINDS, claim, at=at)


def _is_hers(claim: Claim) -> bool:
    return claim.scheme.beneficiary == Beneficiary.PERSON


def _of_payment(payment: Payment) -> dict[str, Any]:
    day = payment.happened_on.isoformat()
    return _about(payment.claim, str(payment.outcome), day=day, why=payment.failure_reason)


def _about(claim: Claim, what: str, **facts: str) -> dict[str, Any]:
    """Return what the words need; never an amount: a phone may be shared."""
    return {
        "what": what,
        "scheme": claim.scheme.name,
        "number": claim.number,
        "beneficiary": claim.scheme.beneficiary,
        **facts,
    }


def _tell(
    to_people: Sequence[tuple[Claim, dict[str, Any]]],
    to_office: Sequence[tuple[Claim, dict[str, Any]]],
    *,
    by: User,
    at: dt.datetime,
) -> None:
    occasion = at.isoformat(timespec="seconds")
    withdraw_about(PAYMENT_KINDS, [claim for claim, _about in [*to_people, *to_office]], at=at, keep=occasion)
    people = [Note(claim, about, person=claim.person, occasion=occasion) for claim, about in to_people]
    office = [
        Note(
            claim, about | {"name": claim.person.legal_name}, user=claim.submitted_by, occasion=occasion,
            organisation=claim.organisation,
        )
        for claim, about in to_office
        if claim.submitted_by is not None
    ]  # fmt: skip
    queue_messages("payment_told", people, by=by, at=at)
    queue_messages("payment_answered", office, by=by, at=at)
