"""Where a claim stands today: the assessment again, with the days that count for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from certificates.subsidies.assessment import Assessment, assess, weigh
from certificates.subsidies.enums import Outcome
from certificates.subsidies.models import Claim, SubsidyScheme
from certificates.subsidies.permissions import can_approve
from certificates.subsidies.reading import Proof, facts_of, scheme_fact
from certificates.subsidies.rules import RuleOutcome
from cms.errors import DomainError
from cms.models import User
from cms.snapshots import snapshot_digest

# Handed in in time is in time, however long the office takes.
_OF_THE_SUBMISSION = frozenset({"in_time", "in_force", "yearly_limit"})
# What was decided stays as it was decided; these are still open.
OPEN_STATES = frozenset({"draft", "submitted", "review", "hold"})
# The office's words are Chinese whatever the clerk reads.
KEPT_IN = "zh-hans"


def proof_of(claim: Claim) -> Proof:
    """Return the certificate the claim stands on."""
    proof = claim.certificate or claim.external_certificate
    if proof is None:
        raise ValueError("a claim without a proof cannot be stored")
    return proof


def assess_proof(
    proof: Proof,
    scheme: SubsidyScheme,
    at: dt.datetime,
    *,
    claim: Claim | None = None,
    language: str = KEPT_IN,
) -> Assessment:
    """Assess one proof on the local day of ``at``; words that are kept with a claim are Chinese."""
    with translation.override(language):  # the facts name kinds and groups, so they are read inside too
        facts = facts_of([proof], leaving_out=[claim.pk] if claim else [])[0]
        return assess(facts, [scheme_fact(scheme)], timezone.localdate(at))[0]


def standing_assessment(claim: Claim, at: dt.datetime, *, language: str = KEPT_IN) -> Assessment:
    """Return the assessment with today's facts; limits of time are judged on the day of submission."""
    today = assess_proof(proof_of(claim), claim.scheme, at, claim=claim, language=language)
    if claim.submitted_at is None:
        return today
    then = assess_proof(proof_of(claim), claim.scheme, claim.submitted_at, claim=claim, language=language)
    kept = {rule.code: rule for rule in then.rules if rule.code in _OF_THE_SUBMISSION}
    return weigh(today, tuple(kept.get(rule.code, rule) for rule in today.rules))


def broken_rules(assessment: Assessment) -> list[RuleOutcome]:
    """Return what must be dealt with before an approval (必须处理)."""
    return [rule for rule in assessment.rules if rule.outcome == Outcome.NO]


def highest_amount(claim: Claim, assessment: Assessment) -> Decimal | None:
    """Return the most that may be approved: what was assessed, or what a rate added since gives."""
    return claim.assessed_amount if claim.assessed_amount is not None else assessment.amount


def why_no_amount(assessment: Assessment) -> str:
    """Return in words why there is no amount to approve: what the rule of the rate says."""
    return next(rule.explanation for rule in assessment.rules if rule.code == "rate")


def same_person() -> DomainError:
    """Return the refusal of somebody who decides on what they handed in."""
    return DomainError("same_person", _("申报和审批要由两个人办，您提交的申领请另一位审批。"))


def why_approval_is_shut(claim: Claim, assessment: Assessment, user: User) -> str:
    """Return in words what keeps ``user`` from approving now; empty when nothing does."""
    if claim.submitted_by_id == user.pk:
        return str(same_person())
    if not can_approve(user, claim):
        return _("审批由这个地区的审批人办。")
    if broken := broken_rules(assessment):
        return _("还有 %(count)s 项必须处理，处理完才能通过。") % {"count": len(broken)}
    if highest_amount(claim, assessment) is None:
        return why_no_amount(assessment)
    return ""


def is_untouched(claim: Claim) -> bool:
    """Say whether the snapshot of the submission is still the one that was hashed."""
    return (
        bool(claim.snapshot_sha256) and snapshot_digest(claim.snapshot, claim.nonce) == claim.snapshot_sha256
    )
