"""Rules of a place and time for planning: data, not code."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from caravan.querysets import RuleQuerySet
from cms.models.regions import region_code_validator


def ends_after_start(name: str) -> models.CheckConstraint:
    """Return the constraint that a rule does not end before it begins."""
    return models.CheckConstraint(
        condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name=name
    )


class DayHoursRule(models.Model):
    """How many 学时 a class may have on one day, and how long one is (domain §2.2: 8 a day is a habit)."""

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    max_hours_a_day = models.DecimalField(_("每天最多学时"), max_digits=3, decimal_places=1)
    minutes_an_hour = models.PositiveSmallIntegerField(_("每学时分钟数"), default=45)
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = RuleQuerySet["DayHoursRule"].as_manager()

    class Meta:
        verbose_name = _("每日学时规定")
        verbose_name_plural = _("每日学时规定")
        ordering = ["region_code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["region_code", "valid_from"], name="caravan_day_hours_once"),
            ends_after_start("caravan_day_hours_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.max_hours_a_day}"


class EnrolmentRule(models.Model):
    """How young a trainee may be and how long an offered seat waits for an answer, in a region and time.

    The national row says 16 (劳动法 article 15) and 24 hours. There is no upper age: who is paid for is
    judged when a claim is made, not when a seat is taken.
    """

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    youngest_age = models.PositiveSmallIntegerField(_("开班那天至少几岁"), default=16)
    offer_hours = models.PositiveSmallIntegerField(
        _("候补名额保留几小时"), default=24, validators=[MinValueValidator(1)]
    )
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = RuleQuerySet["EnrolmentRule"].as_manager()

    class Meta:
        verbose_name = _("报名规定")
        verbose_name_plural = _("报名规定")
        ordering = ["region_code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["region_code", "valid_from"], name="caravan_enrolment_rule_once"),
            ends_after_start("caravan_enrolment_rule_ends_after_start"),
            models.CheckConstraint(condition=Q(offer_hours__gte=1), name="caravan_enrolment_rule_offer"),
        ]

    def __str__(self) -> str:
        return self.region_code
