"""Vocabulary of subsidies."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubsidyType(models.TextChoices):
    """Kinds of subsidy (glossary)."""

    TRAINING = "training_subsidy", _("职业培训补贴")
    SKILL_UPGRADE = "skill_upgrade_subsidy", _("技能提升补贴")
    ASSESSMENT = "assessment_subsidy", _("职业技能鉴定（评价）补贴")
    LIVING = "living_subsidy", _("生活费（交通费）补贴")
    STARTUP = "startup_subsidy", _("创业培训补贴")


class Fund(models.TextChoices):
    """Where the money comes from."""

    SPECIAL_ACCOUNT = "special_account", _("职业技能提升行动专账")
    UI_FUND = "ui_fund", _("失业保险基金")
    EMPLOYMENT_FUND = "employment_fund", _("就业补助资金")


class Beneficiary(models.TextChoices):
    """Who gets the money."""

    PERSON = "person", _("个人")
    PROVIDER = "provider", _("培训机构")
    EMPLOYER = "employer", _("企业")


class RateUnit(models.TextChoices):
    """What a rate is counted in."""

    PER_PERSON = "per_person", _("元/人")
    PER_HOUR = "per_hour", _("元/学时")
    PER_DAY = "per_day", _("元/人·天")


class ClaimState(models.TextChoices):
    """Life of a claim (design §3)."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    REVIEW = "review", _("审核中")
    HOLD = "hold", _("暂缓")
    NOTICE = "notice", _("公示中")
    PAYABLE = "payable", _("待拨付")
    PAID = "paid", _("已拨付")
    REJECTED = "rejected", _("已驳回")
    WITHDRAWN = "withdrawn", _("已撤回")
    PAYMENT_FAILED = "payment_failed", _("拨付失败")
    RECOVERING = "recovering", _("追回中")
    RECOVERED = "recovered", _("已追回")


CLAIM_MOVES: dict[str, frozenset[str]] = {
    ClaimState.DRAFT: frozenset({ClaimState.SUBMITTED, ClaimState.WITHDRAWN}),
    ClaimState.SUBMITTED: frozenset({ClaimState.REVIEW, ClaimState.WITHDRAWN}),
    ClaimState.REVIEW: frozenset(
        {ClaimState.NOTICE, ClaimState.HOLD, ClaimState.REJECTED, ClaimState.WITHDRAWN}
    ),
    ClaimState.HOLD: frozenset({ClaimState.REVIEW, ClaimState.REJECTED, ClaimState.WITHDRAWN}),
    ClaimState.NOTICE: frozenset({ClaimState.PAYABLE, ClaimState.REVIEW}),
    # Back to review only where the certificate was revoked meanwhile (``start_review``); so below.
    ClaimState.PAYABLE: frozenset({ClaimState.PAID, ClaimState.PAYMENT_FAILED, ClaimState.REVIEW}),
    ClaimState.PAYMENT_FAILED: frozenset({ClaimState.PAYABLE, ClaimState.REVIEW}),
    ClaimState.PAID: frozenset({ClaimState.RECOVERING}),
    ClaimState.RECOVERING: frozenset({ClaimState.RECOVERED}),
    ClaimState.RECOVERED: frozenset(),
    ClaimState.REJECTED: frozenset(),
    ClaimState.WITHDRAWN: frozenset(),
}
# A certificate and scheme have at most one of these.
LIVE_CLAIMS = frozenset(
    {
        ClaimState.DRAFT,
        ClaimState.SUBMITTED,
        ClaimState.REVIEW,
        ClaimState.HOLD,
        ClaimState.NOTICE,
        ClaimState.PAYABLE,
        ClaimState.PAYMENT_FAILED,
        ClaimState.PAID,
        ClaimState.RECOVERING,
    }
)


class Outcome(models.TextChoices):
    """What a rule says; "no data" is neither yes nor no."""

    YES = "yes", _("符合")
    NO = "no", _("不符合")
    NO_DATA = "no_data", _("待核")


class BatchState(models.TextChoices):
    """Life of a batch; once frozen its file never changes."""

    FROZEN = "frozen", _("已生成")
    EXPORTED = "exported", _("已导出")


class PaymentOutcome(models.TextChoices):
    """What became of one attempt to pay."""

    PAID = "paid", _("已拨付")
    FAILED = "failed", _("拨付失败")


class RecoveryReason(models.TextChoices):
    """Why money that was paid has to come back."""

    CERTIFICATE_REVOKED = "revoked", _("证书撤销")
    FACTS_CORRECTED = "corrected", _("考勤或资料更正")
    AUDIT_FINDING = "audit", _("审计发现")
    PAID_TWICE = "paid_twice", _("重复拨付")
    OTHER = "other", _("其他")


class RecoveryEntryKind(models.TextChoices):
    """A line of a recovery's ledger."""

    NOTIFIED = "notified", _("通知")
    RETURNED = "returned", _("退回")
    WRITTEN_OFF = "written_off", _("核销")
