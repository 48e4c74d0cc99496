"""Subsidies of the demo world: the class's claims to the exported batch, and a claim in each other state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from certificates.demo.dates import issued_for_deadline, issued_too_early
from certificates.demo.payments import SENT, send_and_settle
from certificates.demo.story import Story
from certificates.issuing.enums import CertificateState, RevocationReason
from certificates.issuing.services.revoking import revoke_certificate
from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import Claim, SubsidyScheme
from certificates.subsidies.services import batches, claims, exports, insurance, proposals
from cms.errors import DomainError
from cms.models import Person
from courses.enums import ExternalKind, SkillLevel
from courses.models import ExternalCertificate, Occupation
from courses.services.external import record_external_certificate

# A claim takes this way: what is done with it once it is made.
Way = Callable[[Story, Claim], None]
# When the claims at the boundary of the last day are handed in.
_HANDED_IN = -1


def claim_and_export(story: Story) -> None:
    """g2. Claims under two schemes, a second person's approval, the batch, the same bytes twice."""
    stage, at = story.stage, story.at(-15)
    training = SubsidyScheme.objects.get(code="demo-training")
    proofs = proposals.certificates_of(story.opened)
    outcomes = claims.create_claims(proofs, training, stage.school, by=stage.cast["jiaowu"], at=at)
    made = [item.claim for item in outcomes if item.claim is not None]
    story.tell(
        f"   {training}：{len(proofs)} 张证书，提交 {len(made)} 笔，不能提交 {len(proofs) - len(made)} 笔"
    )
    for item in outcomes:
        if item.claim is None:
            story.tell(f"   例：{item.proof.person}：{item.text}")
            break
    _claim_upgrade(story)
    for claim in made[: -min(4, len(made) // 2)]:
        _approve(story, claim, -14)
    claims.end_due_notices(at + dt.timedelta(days=10))
    _batch(story, training)
    open_claims = Claim.objects.exclude(state=ClaimState.PAYABLE).count()
    story.tell(f"   其余申领 {open_claims} 笔，停在各自的状态")


def _batch(story: Story, scheme: SubsidyScheme) -> None:
    stage, at = story.stage, story.at(-4)
    batch = batches.build_batch(scheme, stage.county.code, by=stage.cast["butie"], at=at)
    profile = exports.profile_for("training-roster", batch.region_code, story.today)
    export = exports.export_batch(batch, profile, reason="报财政拨付", by=stage.cast["butie"], at=at)
    again = exports.export_batch(
        batch, profile, reason="复核存档", by=stage.cast["butie"], at=at + dt.timedelta(days=1)
    )
    same = exports.export_bytes(export) == exports.export_bytes(again)
    story.tell(
        f"   批次 {batch.number}：{batch.row_count} 人次，{batch.total_amount} 元；再次下载"
        f"{'逐字节相同' if same else '不同'}（SHA-256 {export.file.sha256[:16]}…）"
    )


def _claim_upgrade(story: Story) -> None:
    """The trainee of the story claims for a skill-level certificate: nobody has asked the insurance yet."""
    claim = _new_claim(story, story.people[0], story.day(70), made=-15)
    claims.submit_claim(claim, by=story.stage.cast["jiaowu"], at=story.at(-15))
    answers = "；".join(f"{row.title}：{row.explanation}" for row in claim.checks.all())
    story.tell(f"   {claim.scheme}（{claim.person}）：{answers}")


def _new_claim(story: Story, person: Person, issued_on: dt.date, *, made: int) -> Claim:
    """Put a skill-level certificate on record and draft its claim, ``made`` days from today."""
    stage, by = story.stage, story.stage.cast["jiaowu"]
    number = ExternalCertificate.objects.count() + 1
    certificate = record_external_certificate(
        person, organisation=stage.school, kind=ExternalKind.SKILL_LEVEL, number=f"S000099999999265{number:06d}",
        occupation=Occupation.objects.get(name="家政服务员"), work_type=None, skill_level=SkillLevel.FIVE,
        issuer="示范评价机构", issued_on=issued_on, register_checked_on=story.day(-made + 1), is_in_register=True,
        by=by, at=story.at(made),
    )  # fmt: skip
    scheme = SubsidyScheme.objects.get(code="demo-upgrade")
    return claims.create_claim(certificate, scheme, stage.school, by=by, at=story.at(made))


def _submit(story: Story, claim: Claim, day: int) -> Claim:
    return claims.submit_claim(claim, by=story.stage.cast["jiaowu"], at=story.at(day))


def _insured(story: Story, claim: Claim, day: int, months: int) -> None:
    insurance.record_insurance_check(
        claim, insured_months=months, checked_on=story.day(-day), source="县失业保险经办窗口",
        by=story.stage.cast["butie"], at=story.at(day),
    )  # fmt: skip


def _approve(story: Story, claim: Claim, day: int) -> None:
    """Review in the morning, approval by another person the day after."""
    claims.start_review(claim, by=story.stage.cast["butie"], at=story.at(day))
    claims.approve_claim(
        claim, amount=claim.assessed_amount or Decimal(0), note="核对无误", by=story.stage.cast["shenpi"],
        at=story.at(day + 1),
    )  # fmt: skip


# --- one claim in each state ----------------------------------------------------------------------


def _stay_draft(story: Story, claim: Claim) -> None:
    """Nobody has handed it in yet."""


def _stay_submitted(story: Story, claim: Claim) -> None:
    _submit(story, claim, _HANDED_IN)


def _come_too_late(story: Story, claim: Claim) -> None:
    """The last day to claim was the day before: the claim stays a draft."""
    try:
        _submit(story, claim, _HANDED_IN)
    except DomainError as refusal:
        story.tell(f"   迟了一天：{refusal}")
    else:
        raise RuntimeError("a claim after its last day was taken")


def _in_review(story: Story, claim: Claim) -> None:
    _submit(story, claim, -6)
    _insured(story, claim, -5, 12)
    claims.start_review(claim, by=story.stage.cast["butie"], at=story.at(-5))


def _on_hold(story: Story, claim: Claim) -> None:
    _submit(story, claim, -6)
    _insured(story, claim, -5, 11)
    claims.start_review(claim, by=story.stage.cast["butie"], at=story.at(-5))
    claims.hold_claim(claim, note="缴费差 1 个月，下月再核。", by=story.stage.cast["butie"], at=story.at(-4))


def _on_notice(story: Story, claim: Claim) -> None:
    _submit(story, claim, -6)
    _insured(story, claim, -5, 36)
    _approve(story, claim, -3)


def _payable(story: Story, claim: Claim) -> None:
    """Approved too late for the batch: it waits for the next."""
    _submit(story, claim, -20)
    _insured(story, claim, -19, 24)
    _approve(story, claim, -12)
    claims.end_due_notices(story.at(-2))


def _rejected(story: Story, claim: Claim) -> None:
    _submit(story, claim, -6)
    claims.start_review(claim, by=story.stage.cast["butie"], at=story.at(-5))
    claims.reject_claim(
        claim, note="参保地不在本县，请到参保地申领。", by=story.stage.cast["shenpi"], at=story.at(-4)
    )


def _withdrawn(story: Story, claim: Claim) -> None:
    _submit(story, claim, -6)
    claims.withdraw_claim(claim, by=story.stage.cast["jiaowu"], at=story.at(-5))


# Sent in one batch and settled together (``payments.py``).
_SENT = ("paid", "paid_at_last", "payment_failed", "recovering", "recovered")


def _add_sent_claims(story: Story) -> None:
    """Claims of a month ago: handed in, approved, the notice over before the batch was built."""
    made = {}
    for key, person in zip(_SENT, story.take(len(_SENT)), strict=True):
        claim = _submit(story, _new_claim(story, person, story.day(60), made=-32), -32)
        _insured(story, claim, -31, 24)
        _approve(story, claim, -30)
        made[key], story.shown[key] = claim, person
    claims.end_due_notices(story.at(SENT - 2))
    fresh = Claim.objects.in_bulk([claim.pk for claim in made.values()])
    send_and_settle(story, {key: fresh[claim.pk] for key, claim in made.items()})


# Made so many days from today; the day of issue from the day it is handed in, or None for two months ago.
_WAYS: tuple[tuple[Way, int, Callable[[dt.date], dt.date] | None], ...] = (
    (_stay_draft, -1, None),
    (_stay_submitted, -1, issued_for_deadline),
    (_come_too_late, -2, issued_too_early),
    (_in_review, -6, None),
    (_on_hold, -6, None),
    (_on_notice, -6, None),
    (_payable, -20, None),
    (_rejected, -6, None),
    (_withdrawn, -6, None),
)


def add_other_claims(story: Story) -> None:
    """A claim in each state, handed in on and after the last day, and one reopened after a revocation."""
    people = story.take(len(_WAYS))
    _add_sent_claims(story)  # before anything that waits for the next batch
    for (way, made, deadline), person in zip(_WAYS, people, strict=True):
        issued_on = story.day(60) if deadline is None else deadline(story.day(-_HANDED_IN))
        way(story, _new_claim(story, person, issued_on, made=made))
        story.shown[way.__name__.strip("_")] = person
    _reopen_after_fraud(story)


def _reopen_after_fraud(story: Story) -> None:
    """Certificates turn out to be forged after the approval: one claim is back in review, one waits for that."""
    training = SubsidyScheme.objects.get(code="demo-training")
    # The reissued one stays good: it is the county's only one.
    left = Claim.objects.filter(
        scheme=training, state=ClaimState.SUBMITTED, certificate__state=CertificateState.ISSUED
    ).order_by("pk")
    forged = list(left.select_related("certificate")[:2])
    for claim in forged:
        _approve(story, claim, -6)
        if claim.certificate is None:
            raise LookupError("the training scheme takes our certificates")
        revoke_certificate(
            claim.certificate, reason=RevocationReason.FRAUD, note="考核由他人代考，经查属实。",
            by=story.stage.cast["jigou"], at=story.at(-2),
        )  # fmt: skip
    claims.start_review(forged[0], by=story.stage.cast["butie"], at=story.at(-1))
