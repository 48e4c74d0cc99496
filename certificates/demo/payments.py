"""Money of the demo world: a batch that was paid, a claim that failed, one that is coming back, one that came back."""

from __future__ import annotations

from decimal import Decimal

from certificates.demo.story import Story
from certificates.subsidies.demo import PROFILE
from certificates.subsidies.enums import PaymentOutcome, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models import Claim, ClaimBatch, Recovery, SubsidyScheme
from certificates.subsidies.services import batches, exports
from certificates.subsidies.services.payments import PaymentResult, correct_payment, record_payments
from certificates.subsidies.services.recoveries import open_recovery, record_recovery_entry

# Days from today: the batch goes out, the bank answers, what failed is corrected and answered again.
SENT, ANSWERED, CORRECTED, PAID_AT_LAST, FOUND = -20, -17, -15, -13, -10


def send_and_settle(story: Story, claims: dict[str, Claim]) -> None:
    """Send the payable claims of the upgrade scheme, record the answers, ask two back."""
    batch = _send(story)
    wrong = "收款户名和姓名不一致。"
    failed = {"paid_at_last": wrong, "payment_failed": "银行卡已经注销。"}
    _answer(story, batch, claims, failed, day=ANSWERED)
    again = correct_payment(
        claims["paid_at_last"], note="本人带银行卡到窗口更正了户名。", by=story.stage.cast["butie"],
        at=story.at(CORRECTED),
    )  # fmt: skip
    _answer(story, batch, {"paid_at_last": again}, {}, day=PAID_AT_LAST)
    _come_back(story, claims["recovering"], "审计报告（示例）第 3 项：参保月数重复计算。", Decimal(400))
    _give_up_the_rest(story, claims["recovered"])


def _send(story: Story) -> ClaimBatch:
    by, at = story.stage.cast["butie"], story.at(SENT)
    scheme = SubsidyScheme.objects.get(code="demo-upgrade")
    batch = batches.build_batch(scheme, story.stage.county.code, by=by, at=at)
    profile = exports.profile_for(PROFILE, batch.region_code, at.date())
    exports.export_batch(batch, profile, reason="报基金拨付", by=by, at=at)
    batch.refresh_from_db()
    return batch


def _answer(
    story: Story, batch: ClaimBatch, claims: dict[str, Claim], failed: dict[str, str], *, day: int
) -> None:
    results = [
        PaymentResult(claim.pk, PaymentOutcome.FAILED, failed[key])
        if key in failed
        else PaymentResult(claim.pk, PaymentOutcome.PAID)
        for key, claim in claims.items()
    ]
    record_payments(
        batch, results, happened_on=story.day(-day), voucher=f"示范国库-{100 - day:04d}",
        by=story.stage.cast["butie"], at=story.at(day),
    )  # fmt: skip


def _come_back(story: Story, claim: Claim, note: str, returned: Decimal) -> Recovery:
    """Open a recovery; the person is notified the day after and pays a part a few days on."""
    recovery = open_recovery(
        claim, reason=RecoveryReason.AUDIT_FINDING, amount=claim.approved_amount or Decimal(0), note=note,
        by=story.stage.cast["shenpi"], at=story.at(FOUND),
    )  # fmt: skip
    officer = story.stage.cast["butie"]
    record_recovery_entry(
        recovery, RecoveryEntryKind.NOTIFIED, happened_on=story.day(-FOUND - 1), voucher="星人社追〔示例〕1号",
        note="送达本人，签收。", by=officer, at=story.at(FOUND + 1),
    )  # fmt: skip
    record_recovery_entry(
        recovery, RecoveryEntryKind.RETURNED, amount=returned, happened_on=story.day(-FOUND - 5),
        voucher="示范银行-0001", by=officer, at=story.at(FOUND + 5),
    )  # fmt: skip
    return recovery


def _give_up_the_rest(story: Story, claim: Claim) -> None:
    recovery = _come_back(story, claim, "审计报告（示例）第 4 项：同一笔重复享受。", Decimal(900))
    record_recovery_entry(
        recovery, RecoveryEntryKind.WRITTEN_OFF, amount=Decimal(100), happened_on=story.day(-FOUND - 7),
        note="家庭困难，县政府专题会议同意核销。", by=story.stage.cast["shenpi"], at=story.at(FOUND + 7),
    )  # fmt: skip
