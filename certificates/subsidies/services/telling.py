"""Tell the person and who handed the claim in what was decided; inside the transaction of the decision."""

from __future__ import annotations

import datetime as dt

from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import Claim
from cms.messaging import Note, queue_messages, withdraw_about, withdraw_messages
from cms.models import User

KINDS = ("claim_decided", "claim_answered")


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
