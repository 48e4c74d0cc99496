"""Certificates: frozen snapshots with number, token and stored file."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from certificates.issuing.enums import CertificateState, ReissueReason, RevocationReason
from certificates.issuing.querysets import CertificateQuerySet, DesignQuerySet
from cms.models import Organisation, Person, StoredFile
from courses.enums import CertificateKind
from courses.models import TrainingRecord


class CertificateDesign(models.Model):
    """A versioned look; the template is a folder of the project, chosen by ``template``."""

    name = models.CharField(_("样式名称"), max_length=60)
    template = models.CharField(max_length=60)
    kind = models.CharField(_("用于"), max_length=20, choices=CertificateKind)
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    is_current = models.BooleanField(_("正在使用"), default=True)

    objects = DesignQuerySet["CertificateDesign"].as_manager()

    class Meta:
        verbose_name = _("证书样式")
        verbose_name_plural = _("证书样式")
        constraints = [
            models.UniqueConstraint(fields=["template", "kind", "version"], name="certificates_design_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(is_current=True), name="certificates_design_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """The last number of an issuer, kind and year; read and raised under its lock, so there is no gap."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="certificates_number_series"
    )
    kind = models.CharField(max_length=20, choices=CertificateKind)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("证书编号序列")
        verbose_name_plural = _("证书编号序列")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "year"], name="certificates_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.kind} {self.year}"


class Certificate(models.Model):
    """What was proved about one training record, frozen; a re-download gives the same bytes.

    ``snapshot`` holds everything printed (document number masked), ``snapshot_sha256`` is taken over the
    snapshot and ``nonce``, so that the published hash cannot be used to try numbers. Snapshot and file are
    those of the first issue for ever; each :class:`Reissue` has its own.
    """

    record = models.OneToOneField(
        TrainingRecord, on_delete=models.PROTECT, related_name="certificates_certificate"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="certificates_certificates")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("发证机构"), on_delete=models.PROTECT, related_name="certificates_issued"
    )
    region_code = models.CharField(_("地区"), max_length=12, db_index=True)
    kind = models.CharField(_("证书种类"), max_length=20, choices=CertificateKind)
    number = models.CharField(_("证书编号"), max_length=40, unique=True)
    token = models.CharField(max_length=32, unique=True, editable=False)
    design = models.ForeignKey(CertificateDesign, on_delete=models.PROTECT, related_name="certificates")
    holder_name = models.CharField(_("持证人"), max_length=50)
    course_title = models.CharField(_("培训项目"), max_length=120)
    snapshot = models.JSONField()
    nonce = models.CharField(max_length=32, editable=False)
    snapshot_sha256 = models.CharField(max_length=64)
    state = models.CharField(
        _("状态"), max_length=20, choices=CertificateState, default=CertificateState.NUMBERED, db_index=True
    )
    issued_on = models.DateField(_("发证日期"))
    numbered_at = models.DateTimeField()
    file = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="certificates_files"
    )
    # The day of the newest reissue.
    reissued_on = models.DateField(_("补发日期"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    revocation_reason = models.CharField(_("撤销原因"), max_length=20, choices=RevocationReason, blank=True)
    revocation_note = models.CharField(_("撤销说明"), max_length=200, blank=True)

    objects = CertificateQuerySet["Certificate"].as_manager()

    class Meta:
        verbose_name = _("证书")
        verbose_name_plural = pgettext_lazy("menu", "证书")
        permissions = [("export_certificate", "Can export certificates")]
        ordering = ["-issued_on", "number"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[CertificateState.ISSUED, CertificateState.REISSUED])
                | Q(file__isnull=False),
                name="certificates_issued_has_file",
            ),
            models.CheckConstraint(
                condition=~Q(state=CertificateState.REVOKED) | ~Q(revocation_reason=""),
                name="certificates_revoked_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=CertificateState.REISSUED) | Q(reissued_on__isnull=False),
                name="certificates_reissued_has_day",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.number


class Reissue(models.Model):
    """A certificate printed anew under its number with the mark 补发 (domain §2.4); the older ones stay."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="reissues")
    serial = models.PositiveSmallIntegerField(_("第几次补发"))
    reason = models.CharField(_("补发原因"), max_length=20, choices=ReissueReason)
    note = models.CharField(_("补发说明"), max_length=200, blank=True)
    holder_name = models.CharField(_("持证人"), max_length=50)
    snapshot = models.JSONField()
    nonce = models.CharField(max_length=32, editable=False)
    snapshot_sha256 = models.CharField(max_length=64)
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="certificates_reissue")
    reissued_on = models.DateField(_("补发日期"))
    reissued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reissued_at = models.DateTimeField(_("补发时间"))

    class Meta:
        verbose_name = _("补发")
        verbose_name_plural = _("补发")
        ordering = ["serial"]
        constraints = [
            models.UniqueConstraint(fields=["certificate", "serial"], name="certificates_reissue_serial_once")
        ]

    def __str__(self) -> str:
        return f"{self.certificate} {self.reissued_on}"
