"""Dated facts about a person: superseded, never overwritten, so that any past day can be asked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import Education, HealthCheckClass
from cms.models.organisations import Organisation
from cms.models.people import Person
from cms.querysets import EducationQuerySet, PersonFactQuerySet


class HealthCertificate(models.Model):
    """健康证: class of check, days, passed or not. Results of the check have no place here."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="health_certificates")
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("登记机构"),
        on_delete=models.PROTECT,
        related_name="health_certificates",
    )
    region_code = models.CharField(max_length=12, db_index=True)
    check_class = models.CharField(_("体检类别"), max_length=20, choices=HealthCheckClass)
    issued_on = models.DateField(_("发证日期"))
    valid_until = models.DateField(_("有效期至"))
    has_passed = models.BooleanField(_("合格"))
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    holds = ("issued_on", "valid_until")

    objects = PersonFactQuerySet["HealthCertificate"].as_manager()

    class Meta:
        verbose_name = _("健康证")
        verbose_name_plural = _("健康证")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("issued_on")),
                name="cms_health_certificate_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.get_check_class_display()


class EducationRecord(models.Model):
    """What somebody finished, when it is known when. ``Person.education`` shows the highest current level."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="education_records")
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("登记机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="education_records",
    )
    education = models.CharField(_("文化程度"), max_length=30, choices=Education)
    major = models.CharField(_("专业"), max_length=60, blank=True)
    # Empty: finished before anybody asked; it holds on every day.
    finished_on = models.DateField(_("毕业日期"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    holds = ("finished_on", "")

    objects = EducationQuerySet["EducationRecord"].as_manager()

    class Meta:
        verbose_name = _("学历")
        verbose_name_plural = _("学历")

    def __str__(self) -> str:
        return self.get_education_display()
