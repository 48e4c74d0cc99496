"""What was paid on a claim, and what came back: facts and lines of a ledger, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.subsidies.enums import PaymentOutcome, RecoveryEntryKind, RecoveryReason
from certificates.subsidies.models.claims import Claim, ClaimBatch

# Money came back or was given up; a notice moves none.
_MONEY = (RecoveryEntryKind.RETURNED, RecoveryEntryKind.WRITTEN_OFF)


class Payment(models.Model):
    """One attempt to pay one claim, as the treasury or the bank told it. The database refuses a change."""

    claim = models.ForeignKey(
        Claim, verbose_name=_("申领"), on_delete=models.PROTECT, related_name="payments"
    )
    batch = models.ForeignKey(
        ClaimBatch, verbose_name=_("批次"), on_delete=models.PROTECT, related_name="payments"
    )
    outcome = models.CharField(_("拨付结果"), max_length=10, choices=PaymentOutcome)
    amount = models.DecimalField(_("金额（元）"), max_digits=10, decimal_places=2)
    happened_on = models.DateField(_("拨付日期"))
    voucher = models.CharField(_("凭证号"), max_length=60)
    failure_reason = models.CharField(_("失败原因"), max_length=120, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("拨付记录")
        verbose_name_plural = _("拨付记录")
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=Q(outcome=PaymentOutcome.PAID), name="certificates_paid_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="certificates_payment_positive"),
            models.CheckConstraint(
                condition=Q(outcome=PaymentOutcome.PAID, failure_reason="")
                | (Q(outcome=PaymentOutcome.FAILED) & ~Q(failure_reason="")),
                name="certificates_payment_failed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.get_outcome_display()}"


class Recovery(models.Model):
    """Money of a paid claim that has to come back; what is still open is the amount less its lines."""

    claim = models.ForeignKey(
        Claim, verbose_name=_("申领"), on_delete=models.PROTECT, related_name="recoveries"
    )
    reason = models.CharField(_("追回原因"), max_length=20, choices=RecoveryReason)
    note = models.CharField(_("依据"), max_length=120)
    amount = models.DecimalField(_("应追回金额（元）"), max_digits=10, decimal_places=2)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("立案时间"))
    closed_at = models.DateTimeField(_("结清时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("追回")
        verbose_name_plural = _("追回")
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=Q(closed_at__isnull=True), name="certificates_recovery_one_open"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="certificates_recovery_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.get_reason_display()}"


class RecoveryEntry(models.Model):
    """A line of a recovery's ledger: a notice, money that came back, money given up. Never changed."""

    recovery = models.ForeignKey(
        Recovery, verbose_name=_("追回"), on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(_("事项"), max_length=12, choices=RecoveryEntryKind)
    amount = models.DecimalField(_("金额（元）"), max_digits=10, decimal_places=2, null=True, blank=True)
    happened_on = models.DateField(_("日期"))
    voucher = models.CharField(_("凭证号"), max_length=60, blank=True)
    note = models.CharField(_("说明"), max_length=120, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("追回台账")
        verbose_name_plural = _("追回台账")
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=RecoveryEntryKind.NOTIFIED, amount__isnull=True)
                | Q(kind__in=[str(kind) for kind in _MONEY], amount__gt=0),
                name="certificates_recovery_entry_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recovery} {self.get_kind_display()}"
