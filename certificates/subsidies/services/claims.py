"""Make, submit, review and decide claims. Submitter and approver are two people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.subsidies.assessment import Assessment
from certificates.subsidies.enums import LIVE_CLAIMS, ClaimState, Outcome
from certificates.subsidies.models import Check, Claim, SubsidyScheme
from certificates.subsidies.on_the_day import document_on, employer_on
from certificates.subsidies.permissions import can_approve, can_review, can_submit
from certificates.subsidies.reading import Proof
from certificates.subsidies.services.review import (
    assess_proof,
    broken_rules,
    highest_amount,
    proof_of,
    same_person,
    standing_assessment,
    why_no_amount,
)
from certificates.subsidies.services.states import move_claim
from certificates.subsidies.services.telling import forget_decision, forget_payment, tell_decided
from cms import audit
from cms.enums import AffiliationKind
from cms.errors import DomainError, Refusals
from cms.ids import spoken_code
from cms.models import Affiliation, Organisation, Person, User
from cms.regional import lies_in
from cms.services.people import affiliate
from cms.snapshots import new_nonce, snapshot_digest

# Approved, and no money out: what may go back where the certificate was revoked.
_APPROVED = frozenset({ClaimState.NOTICE, ClaimState.PAYABLE, ClaimState.PAYMENT_FAILED})


@dataclass(frozen=True)
class ClaimOutcome:
    """How one certificate of a bulk call fared: the claim, or the code and words of the refusal."""

    proof: Proof
    claim: Claim | None
    code: str = ""
    text: str = ""


def create_claims(
    proofs: Sequence[Proof], scheme: SubsidyScheme, organisation: Organisation, *, by: User, at: dt.datetime
) -> list[ClaimOutcome]:
    """Make and submit a claim for each proof; a refused one does not touch its neighbours."""
    outcomes = []
    for proof in proofs:
        try:
            with transaction.atomic():
                claim = submit_claim(create_claim(proof, scheme, organisation, by=by, at=at), by=by, at=at)
            outcomes.append(ClaimOutcome(proof, claim))
        except DomainError as error:
            outcomes.append(ClaimOutcome(proof, None, error.code, str(error)))
    return outcomes


@transaction.atomic
def create_claim(
    proof: Proof, scheme: SubsidyScheme, organisation: Organisation, *, by: User, at: dt.datetime
) -> Claim:
    """Make a draft with its assessment: one live claim a scheme and certificate.

    Refuses ``not_allowed``, ``not_your_person`` (the organisation has nothing to do with the holder),
    ``scheme_elsewhere`` (another region's scheme) and ``claim_exists``.
    """
    if not can_submit(by, organisation):
        raise DomainError("not_allowed", _("您不能替这家机构申报。"))
    _refuse_foreign(proof, scheme, organisation, timezone.localdate(at))
    assessment = assess_proof(proof, scheme, at)
    claim = Claim(
        number=f"SL-{timezone.localdate(at):%Y%m%d}-{spoken_code(6)}",
        scheme=scheme,
        person=proof.person,
        organisation=organisation,
        region_code=proof.region_code,
        certificate=proof if isinstance(proof, Certificate) else None,
        external_certificate=None if isinstance(proof, Certificate) else proof,
        deadline=assessment.deadline,
        assessed_amount=assessment.amount,
        created_at=at,
    )
    try:
        with transaction.atomic():
            claim.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("claim_exists", _("这张证书已经申报过这项补贴。")) from error
    _write_checks(claim, assessment, at)
    affiliate(
        proof.person, organisation, AffiliationKind.CLAIM,
        region_code=proof.region_code, source=claim.number, at=at,
    )  # fmt: skip
    audit.record("claim.create", claim, by=by, at=at, scheme=scheme.code, outcome=assessment.outcome)
    return claim


def _refuse_foreign(proof: Proof, scheme: SubsidyScheme, organisation: Organisation, on: dt.date) -> None:
    known = (
        proof.organisation_id == organisation.pk
        or Affiliation.objects.filter(
            person_id=proof.person_id, organisation=organisation, until__isnull=True
        ).exists()
    )
    if not known:
        raise DomainError("not_your_person", _("这个人不在您机构的名册里，不能替他申报。"))
    if not lies_in(proof.region_code, scheme.region_code, on):
        raise DomainError("scheme_elsewhere", _("这项政策不适用于证书所在的地区。"), field="scheme")


def _write_checks(claim: Claim, assessment: Assessment, at: dt.datetime) -> None:
    claim.checks.all().delete()
    Check.objects.bulk_create(
        Check(
            claim=claim,
            order=order,
            code=rule.code,
            title=rule.title,
            outcome=rule.outcome,
            explanation=rule.explanation,
            checked_at=at,
        )
        for order, rule in enumerate(assessment.rules, start=1)
    )


@transaction.atomic
def submit_claim(claim: Claim, *, by: User, at: dt.datetime) -> Claim:
    """Freeze the assessment of today and hand the claim to the office. Refuses ``not_eligible`` with reasons."""
    # One person's claims are handed in one after another: limits a year count those before.
    Person.objects.select_for_update().get(pk=claim.person_id)
    claim = _lock(claim)
    if not can_submit(by, claim.organisation):
        raise DomainError("not_allowed", _("您不能替这家机构申报。"))
    assessment = assess_proof(proof_of(claim), claim.scheme, at, claim=claim)
    if assessment.outcome == Outcome.NO:
        raise Refusals(
            [
                DomainError("not_eligible", rule.explanation)
                for rule in assessment.reasons()
                if rule.outcome == Outcome.NO
            ]
        )
    move_claim(claim, ClaimState.SUBMITTED)
    claim.submitted_by, claim.submitted_at = by, at
    _write_checks(claim, assessment, at)
    claim.snapshot = _snapshot(claim, assessment)
    claim.nonce = new_nonce()
    claim.snapshot_sha256 = snapshot_digest(claim.snapshot, claim.nonce)
    claim.deadline, claim.assessed_amount = assessment.deadline, assessment.amount
    claim.save()
    audit.record(
        "claim.submit", claim, by=by, at=at, sha256=claim.snapshot_sha256, outcome=assessment.outcome
    )
    return claim


def _snapshot(claim: Claim, assessment: Assessment) -> dict[str, Any]:
    at = claim.submitted_at or claim.created_at
    day = timezone.localdate(at)
    document = document_on(claim.person.documents.all(), at)
    period = employer_on(
        claim.person.in_post_periods.current().select_related("organisation"), day, claim.organisation_id
    )
    return {
        "claim": claim.number,
        "scheme": claim.scheme.code,
        "person": claim.person_id,
        "name": claim.person.legal_name,
        "document": document.masked if document else "",
        "document_id": document.pk if document else None,
        "employer": period.organisation.name if period else "",
        "employed_on": period.started_on.isoformat() if period else "",
        "proof": proof_of(claim).number,
        "deadline": assessment.deadline.isoformat(),
        "amount": str(assessment.amount) if assessment.amount is not None else None,
        "outcome": assessment.outcome,
        "rules": [
            {"code": rule.code, "outcome": rule.outcome, "explanation": rule.explanation}
            for rule in assessment.rules
        ],
    }


@transaction.atomic
def start_review(claim: Claim, *, by: User, at: dt.datetime) -> Claim:
    """Take a submitted or held claim in hand, or one back whose certificate was revoked after the approval.

    Taken back, it loses the approval (the audit entry keeps it) and wants a new decision. Refuses
    ``wrong_state`` for an approved claim that nothing speaks against, ``in_batch`` once it was sent and until its
    payment is known to have failed.
    """
    claim = _lock(claim)
    _refuse_stranger(can_review(by, claim))
    if refusal := why_not_back(claim):
        raise refusal
    if claim.state not in _APPROVED:
        return _move(claim, ClaimState.REVIEW, "claim.review", by=by, at=at)
    forget_decision(claim, at=at)
    forget_payment(claim, at=at)
    undone = {"amount": str(claim.approved_amount), "decided_by": claim.decided_by_id}
    claim.approved_amount = claim.notice_until = None
    claim.decided_by, claim.decided_at, claim.decision_note = None, None, ""
    return _move(
        claim, ClaimState.REVIEW, "claim.reopen", by=by, at=at, because="certificate_revoked", **undone
    )


def why_not_back(claim: Claim) -> DomainError | None:
    """Return what keeps an approved claim from going back to review; of other states the table speaks."""
    if claim.state not in _APPROVED:
        return None
    # The table allows it for objections, which bring their own reason; a revoked certificate is one.
    if not is_revoked(claim):
        now = {"now": claim.get_state_display()}
        return DomainError("wrong_state", _("现在是“%(now)s”，没有异议不能退回审核。") % now)
    # Of a failed one it is known that the money stayed where it was.
    if claim.batch_id is not None and claim.state != ClaimState.PAYMENT_FAILED:
        words = _("已经进了申报批次，不能退回审核。请联系拨付单位停止拨付，再登记拨付结果。")
        return DomainError("in_batch", words)
    return None


@transaction.atomic
def hold_claim(claim: Claim, *, note: str, by: User, at: dt.datetime) -> Claim:
    """Put a claim aside with a reason (暂缓)."""
    claim = _lock(claim)
    _refuse_stranger(can_review(by, claim))
    claim.decision_note = _needed(note)
    return _move(claim, ClaimState.HOLD, "claim.hold", by=by, at=at, note=claim.decision_note)


@transaction.atomic
def approve_claim(claim: Claim, *, amount: Decimal, note: str = "", by: User, at: dt.datetime) -> Claim:
    """Approve for public notice. A second person; words are needed where a rule had no data.

    Refuses ``same_person``, ``no_longer_eligible`` (a revoked certificate too), ``rate_missing``,
    ``amount_wrong`` (zero or less), ``amount_too_high`` (above what was assessed), ``note_missing``.
    """
    claim = _lock(claim)
    _refuse_stranger(can_approve(by, claim))
    if by.pk == claim.submitted_by_id:
        raise same_person()
    assessment = standing_assessment(claim, at)
    if broken := broken_rules(assessment):
        raise Refusals([DomainError("no_longer_eligible", rule.explanation) for rule in broken])
    _check_amount(amount, highest_amount(claim, assessment), assessment)
    if assessment.outcome == Outcome.NO_DATA and not note.strip():
        raise DomainError("note_missing", _("还有待核的项目，请写明是怎么核实的。"), field="note")
    # What the decision rests on; the snapshot of the submission stays as it was.
    _write_checks(claim, assessment, at)
    claim.approved_amount = amount
    claim.notice_until = timezone.localdate(at) + dt.timedelta(days=claim.scheme.notice_days)
    claim.decided_by, claim.decided_at, claim.decision_note = by, at, note.strip()[:200]
    _move(claim, ClaimState.NOTICE, "claim.approve", by=by, at=at, amount=str(amount), note=note.strip())
    tell_decided(claim, by=by, at=at)
    return claim


def _check_amount(amount: Decimal, highest: Decimal | None, assessment: Assessment) -> None:
    if highest is None:
        raise DomainError("rate_missing", why_no_amount(assessment), field="amount")
    if amount <= 0:
        raise DomainError("amount_wrong", _("核定金额要大于 0。"), field="amount")
    if amount > highest:
        raise DomainError("amount_too_high", _("核定金额不能超过测算金额。"), field="amount")


@transaction.atomic
def reject_claim(claim: Claim, *, note: str, by: User, at: dt.datetime) -> Claim:
    """Reject with a reason the applicant can read."""
    claim = _lock(claim)
    _refuse_stranger(can_approve(by, claim))
    if by.pk == claim.submitted_by_id:
        raise same_person()
    claim.decided_by, claim.decided_at, claim.decision_note = by, at, _needed(note)
    _move(claim, ClaimState.REJECTED, "claim.reject", by=by, at=at, note=claim.decision_note)
    tell_decided(claim, by=by, at=at)
    return claim


@transaction.atomic
def end_notice(claim: Claim, *, by: User | None, at: dt.datetime) -> Claim:
    """Make a claim payable after its notice days; ``by`` is None for the clock.

    Refuses ``notice_running`` and ``certificate_revoked``.
    """
    claim = _lock(claim)
    _refuse_stranger(by is None or can_review(by, claim))
    if claim.notice_until is None or timezone.localdate(at) <= claim.notice_until:
        raise DomainError("notice_running", _("公示还没有结束。"))
    if is_revoked(claim):
        raise DomainError("certificate_revoked", _("证书已经撤销，不能拨付。请退回审核后驳回。"))
    return _move(claim, ClaimState.PAYABLE, "claim.payable", by=by, at=at)


def end_due_notices(at: dt.datetime) -> int:
    """Make every claim payable whose notice is over; safe to run twice. Return how many."""
    due = Claim.objects.filter(state=ClaimState.NOTICE, notice_until__lt=timezone.localdate(at))
    count = 0
    for claim in due.iterator():
        try:
            end_notice(claim, by=None, at=at)
            count += 1
        except DomainError:
            continue  # moved on between reading and locking
    return count


@transaction.atomic
def withdraw_claim(claim: Claim, *, by: User, at: dt.datetime) -> Claim:
    """Take a claim back before it is decided."""
    claim = _lock(claim)
    if not can_submit(by, claim.organisation):
        raise DomainError("not_allowed", _("您不能替这家机构撤回申报。"))
    return _move(claim, ClaimState.WITHDRAWN, "claim.withdraw", by=by, at=at)


def is_revoked(claim: Claim) -> bool:
    """Say whether our certificate behind the claim was taken back."""
    return claim.certificate is not None and claim.certificate.state == CertificateState.REVOKED


def _lock(claim: Claim) -> Claim:
    return Claim.objects.select_for_update(of=("self",)).select_related("scheme", "person", "organisation").get(
        pk=claim.pk
    )  # fmt: skip


def _move(
    claim: Claim, state: ClaimState, action: str, *, by: User | None, at: dt.datetime, **data: Any
) -> Claim:
    before = claim.state
    move_claim(claim, state)
    claim.save()
    audit.record(action, claim, by=by, at=at, old=before, new=state, **data)
    return claim


def _needed(note: str) -> str:
    if not note.strip():
        raise DomainError("note_missing", _("请写明原因，申报机构看得到。"), field="note")
    return note.strip()[:200]


def _refuse_stranger(allowed: bool) -> None:
    if not allowed:
        raise DomainError("not_allowed", _("这笔申领不归您办理。"))


def live_claim_keys(proofs: Sequence[Proof], scheme: SubsidyScheme) -> set[str]:
    """Return numbers of proofs that already have a live claim under ``scheme``: one query."""
    rows = Claim.objects.filter(scheme=scheme, state__in=sorted(LIVE_CLAIMS)).filter(
        person_id__in={proof.person_id for proof in proofs}
    )
    pairs = rows.values_list("certificate__number", "external_certificate__number")
    return {ours or others for ours, others in pairs}
