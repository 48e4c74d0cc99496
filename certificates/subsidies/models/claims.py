"""Schemes, claims and batches."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from certificates.issuing.models import Certificate
from certificates.subsidies.enums import (
    LIVE_CLAIMS,
    BatchState,
    Beneficiary,
    ClaimState,
    Fund,
    Outcome,
    RateUnit,
    SubsidyType,
)
from certificates.subsidies.querysets import BatchQuerySet, ClaimQuerySet, OpenRuleQuerySet
from cms.enums import PersonGroup
from cms.models import Organisation, Person, StoredFile
from cms.models.regions import region_code_validator
from courses.enums import CertificateKind, ExternalKind, SkillLevel
from courses.models import ExternalCertificate, Occupation


class SubsidyScheme(models.Model):
    """A scheme is (name, fund, region) with validity; the same Chinese name may be two schemes (domain §2.1)."""

    code = models.SlugField(_("代号"), max_length=40, unique=True)
    name = models.CharField(_("补贴名称"), max_length=80)
    subsidy_type = models.CharField(_("补贴类型"), max_length=30, choices=SubsidyType)
    fund = models.CharField(_("资金来源"), max_length=30, choices=Fund)
    region_code = models.CharField(_("适用地区"), max_length=12, validators=[region_code_validator])
    beneficiary = models.CharField(_("发给谁"), max_length=20, choices=Beneficiary)
    document = models.CharField(_("依据文件"), max_length=160)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)
    # Which certificate the claim stands on: exactly one of the two.
    certificate_kind = models.CharField(_("凭本系统证书"), max_length=20, choices=CertificateKind, blank=True)
    external_kind = models.CharField(_("凭外部证书"), max_length=20, choices=ExternalKind, blank=True)
    needs_register_check = models.BooleanField(_("证书要在全国系统查得到"), default=False)
    min_insured_months = models.PositiveSmallIntegerField(_("最少参保月数"), null=True, blank=True)
    min_attended_hours = models.DecimalField(
        _("最少出勤学时"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    min_attendance_percent = models.PositiveSmallIntegerField(_("最低出勤率（%）"), null=True, blank=True)
    min_age = models.PositiveSmallIntegerField(_("最小年龄"), null=True, blank=True)
    max_age_men = models.PositiveSmallIntegerField(_("男最大年龄"), null=True, blank=True)
    max_age_women = models.PositiveSmallIntegerField(_("女最大年龄"), null=True, blank=True)
    claim_window_months = models.PositiveSmallIntegerField(_("申领期限（月）"))
    max_claims_a_year = models.PositiveSmallIntegerField(_("每人每年最多几次"), null=True, blank=True)
    once_per_occupation_level = models.BooleanField(_("同一职业同一等级只领一次"), default=True)
    notice_days = models.PositiveSmallIntegerField(_("公示天数"), default=5)

    objects = OpenRuleQuerySet["SubsidyScheme"].as_manager()

    class Meta:
        verbose_name = _("补贴政策")
        verbose_name_plural = _("补贴政策")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(certificate_kind="") ^ Q(external_kind=""), name="certificates_scheme_one_proof"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="certificates_scheme_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SchemeGroup(models.Model):
    """A person category the scheme is for; a scheme without rows is for everybody."""

    scheme = models.ForeignKey(SubsidyScheme, on_delete=models.CASCADE, related_name="groups")
    group = models.CharField(_("人员类别"), max_length=30, choices=PersonGroup)

    class Meta:
        verbose_name = _("政策对象")
        verbose_name_plural = _("政策对象")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "group"], name="certificates_scheme_group_once")
        ]

    def __str__(self) -> str:
        return self.get_group_display()


class Rate(models.Model):
    """An amount of a scheme, by occupation and level where they matter; a hole is an error, never 0."""

    scheme = models.ForeignKey(SubsidyScheme, on_delete=models.CASCADE, related_name="rates")
    occupation = models.ForeignKey(
        Occupation, verbose_name=_("职业"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    skill_level = models.PositiveSmallIntegerField(_("等级"), choices=SkillLevel, null=True, blank=True)
    amount = models.DecimalField(
        _("标准（元）"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    unit = models.CharField(_("单位"), max_length=20, choices=RateUnit)
    cap = models.DecimalField(_("每人上限（元）"), max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("补贴标准")
        verbose_name_plural = _("补贴标准")
        constraints = [
            # One row a key; "any" (null) is a key of its own, and SQLite has no NULLS NOT DISTINCT.
            models.UniqueConstraint(
                fields=["scheme", "occupation", "skill_level"], name="certificates_rate_both"
            ),
            models.UniqueConstraint(
                fields=["scheme", "occupation"],
                condition=Q(skill_level__isnull=True, occupation__isnull=False),
                name="certificates_rate_occupation",
            ),
            models.UniqueConstraint(
                fields=["scheme", "skill_level"],
                condition=Q(occupation__isnull=True, skill_level__isnull=False),
                name="certificates_rate_level",
            ),
            models.UniqueConstraint(
                fields=["scheme"],
                condition=Q(occupation__isnull=True, skill_level__isnull=True),
                name="certificates_rate_any",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="certificates_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.get_unit_display()}"


class InsuranceCheck(models.Model):
    """What the insurance office said about somebody's months, on a day."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="certificates_insurance_checks")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    region_code = models.CharField(_("参保地"), max_length=12, validators=[region_code_validator])
    insured_months = models.PositiveSmallIntegerField(_("累计缴费月数"))
    checked_on = models.DateField(_("核查日期"))
    source = models.CharField(_("来源"), max_length=100)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("参保核查")
        verbose_name_plural = _("参保核查")
        ordering = ["-checked_on"]

    def __str__(self) -> str:
        return f"{self.person} {self.insured_months}"


class ClaimBatchSeries(models.Model):
    """The last batch number of a region and year."""

    region_code = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("批次号序列")
        verbose_name_plural = _("批次号序列")
        constraints = [
            models.UniqueConstraint(fields=["region_code", "year"], name="certificates_batch_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.year}"


class ClaimBatch(models.Model):
    """Claims of one scheme and region sent together; the exported file is stored once and handed out again."""

    number = models.CharField(_("批次号"), max_length=30, unique=True)
    scheme = models.ForeignKey(
        SubsidyScheme, verbose_name=_("补贴政策"), on_delete=models.PROTECT, related_name="batches"
    )
    region_code = models.CharField(_("地区"), max_length=12, db_index=True)
    state = models.CharField(_("状态"), max_length=20, choices=BatchState, default=BatchState.FROZEN)
    row_count = models.PositiveIntegerField(_("人次"))
    total_amount = models.DecimalField(_("金额（元）"), max_digits=12, decimal_places=2)
    snapshot_token = models.TextField(editable=False)
    nonce = models.CharField(max_length=32, editable=False)
    snapshot_sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("生成时间"))

    objects = BatchQuerySet["ClaimBatch"].as_manager()

    class Meta:
        verbose_name = _("申报批次")
        verbose_name_plural = _("申报批次")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.number

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.number


class Claim(models.Model):
    """One person's claim under one scheme, with the assessment frozen at submission."""

    number = models.CharField(_("申领号"), max_length=30, unique=True)
    scheme = models.ForeignKey(
        SubsidyScheme, verbose_name=_("补贴政策"), on_delete=models.PROTECT, related_name="claims"
    )
    person = models.ForeignKey(
        Person, verbose_name=_("申领人"), on_delete=models.PROTECT, related_name="certificates_claims"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("申报机构"), on_delete=models.PROTECT, related_name="certificates_claims"
    )
    region_code = models.CharField(_("地区"), max_length=12, db_index=True)
    certificate = models.ForeignKey(
        Certificate,
        verbose_name=_("证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="claims",
    )
    external_certificate = models.ForeignKey(
        ExternalCertificate,
        verbose_name=_("外部证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="certificates_claims",
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=ClaimState, default=ClaimState.DRAFT, db_index=True
    )
    deadline = models.DateField(_("申领截止日期"))
    assessed_amount = models.DecimalField(_("测算金额（元）"), max_digits=10, decimal_places=2, null=True)
    approved_amount = models.DecimalField(
        _("核定金额（元）"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    # The assessment as it stood at submission: rules, data, outcomes; hashed with the nonce.
    snapshot = models.JSONField(default=dict)
    nonce = models.CharField(max_length=32, blank=True, editable=False)
    snapshot_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("建立时间"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="certificates_submitted"
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)
    decision_note = models.CharField(_("审批意见"), max_length=200, blank=True)
    notice_until = models.DateField(_("公示到"), null=True, blank=True)
    batch = models.ForeignKey(
        ClaimBatch,
        verbose_name=_("批次"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="claims",
    )

    objects = ClaimQuerySet["Claim"].as_manager()

    class Meta:
        verbose_name = _("补贴申领")
        verbose_name_plural = _("补贴申领")
        permissions = [("export_claim", "Can export claims")]
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(certificate__isnull=False) ^ Q(external_certificate__isnull=False),
                name="certificates_claim_one_proof",
            ),
            models.UniqueConstraint(
                fields=["scheme", "certificate"],
                condition=Q(state__in=sorted(LIVE_CLAIMS), certificate__isnull=False),
                name="certificates_claim_once_per_certificate",
            ),
            models.UniqueConstraint(
                fields=["scheme", "external_certificate"],
                condition=Q(state__in=sorted(LIVE_CLAIMS), external_certificate__isnull=False),
                name="certificates_claim_once_per_external",
            ),
            # Two people for what pays money (design §9).
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("submitted_by")),
                name="certificates_claim_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.number


class Check(models.Model):
    """The outcome of one rule for one claim, in words, with the data it used."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="checks")
    order = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    title = models.CharField(_("规则"), max_length=80)
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome)
    explanation = models.CharField(_("说明"), max_length=300)
    checked_at = models.DateTimeField(_("核查时间"))

    class Meta:
        verbose_name = _("核查结果")
        verbose_name_plural = _("核查结果")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["claim", "code"], name="certificates_check_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.outcome}"


class ColumnProfile(models.Model):
    """An office's own columns for an export, with validity; the order and the headers are the office's."""

    slug = models.SlugField(_("代号"), max_length=40)
    name = models.CharField(_("表名"), max_length=80)
    # [{"field": …, "header": …, "format": "text|date|money|number"}]
    columns = models.JSONField(_("列"))
    region_code = models.CharField(_("适用地区"), max_length=12, validators=[region_code_validator])
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = OpenRuleQuerySet["ColumnProfile"].as_manager()

    class Meta:
        verbose_name = _("导出表式")
        verbose_name_plural = _("导出表式")
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "region_code", "valid_from"], name="certificates_profile_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="certificates_profile_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BatchExport(models.Model):
    """One file made from a batch by one profile: made once, kept encrypted, handed out byte for byte."""

    batch = models.ForeignKey(ClaimBatch, on_delete=models.PROTECT, related_name="exports")
    profile = models.ForeignKey(ColumnProfile, on_delete=models.PROTECT, related_name="exports")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="certificates_export")
    reason = models.CharField(_("导出事由"), max_length=120)
    created_at = models.DateTimeField(_("导出时间"))

    class Meta:
        verbose_name = _("批次导出")
        verbose_name_plural = _("批次导出")
        constraints = [models.UniqueConstraint(fields=["batch", "profile"], name="certificates_export_once")]

    def __str__(self) -> str:
        return f"{self.batch} {self.profile}"
