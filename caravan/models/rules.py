"""Rules of a place and time for planning: data, not code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cms.models.regions import region_code_validator


class DayHoursRule(models.Model):
    """How many 学时 a class may have on one day, and how long one is (domain §2.2: 8 a day is a habit)."""

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    max_hours_a_day = models.DecimalField(_("每天最多学时"), max_digits=3, decimal_places=1)
    minutes_an_hour = models.PositiveSmallIntegerField(_("每学时分钟数"), default=45)
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    class Meta:
        verbose_name = _("每日学时规定")
        verbose_name_plural = _("每日学时规定")
        constraints = [
            models.UniqueConstraint(fields=["region_code", "valid_from"], name="caravan_day_hours_once")
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.max_hours_a_day}"
