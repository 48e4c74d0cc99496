"""The one way a claim changes its state."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.subsidies.enums import CLAIM_MOVES, ClaimState
from certificates.subsidies.models import Claim
from cms.errors import DomainError


def move_claim(claim: Claim, to: ClaimState) -> None:
    """Set the state if the table allows it; raise ``DomainError`` ``wrong_state`` otherwise. Does not save."""
    if to not in CLAIM_MOVES[claim.state]:
        words = {"now": claim.get_state_display(), "to": to.label}
        raise DomainError("wrong_state", _("现在是“%(now)s”，不能改成“%(to)s”。") % words)
    claim.state = to
