"""The refresher's rules, by region and time."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.enums import Basis, EarlyCompletion
from certificates.refreshers.querysets import RefresherRuleQuerySet
from cms.models.regions import region_code_validator


class RefresherRule(models.Model):
    """How often workers of a region are refreshed, from when until when (S2 item 16: 24 months).

    Periods of one region may not overlap; the service that saves rules checks it under a lock.
    """

    region_code = models.CharField(
        _("地区"), max_length=12, db_index=True, validators=[region_code_validator]
    )
    interval_months = models.PositiveSmallIntegerField(_("几个月回炉一次"))
    window_days = models.PositiveSmallIntegerField(_("提前几天提醒"), default=90)
    grace_days = models.PositiveSmallIntegerField(_("宽限天数"), default=0)
    basis = models.CharField(_("从哪天起算"), max_length=20, choices=Basis, default=Basis.LAST_OR_START)
    early = models.CharField(
        _("提前回炉怎么算"), max_length=30, choices=EarlyCompletion, default=EarlyCompletion.FROM_COMPLETION
    )
    upskill_counts = models.BooleanField(_("提升类课程也算回炉"), default=False)
    document = models.CharField(_("依据文件"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = RefresherRuleQuerySet["RefresherRule"].as_manager()

    class Meta:
        verbose_name = _("回炉规定")
        verbose_name_plural = _("回炉规定")
        permissions = [("export_refresher", "Can export who is due")]
        ordering = ["region_code", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code", "valid_from"], name="certificates_refresher_rule_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="certificates_refresher_rule_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(interval_months__gte=1), name="certificates_refresher_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.valid_from}"
