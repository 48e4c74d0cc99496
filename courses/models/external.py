"""Certificates that others issued: a claim for skill upgrading stands on them (domain §2.1)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models import Organisation, Person
from courses.enums import ExternalKind, SkillLevel
from courses.models.occupations import Occupation, WorkType
from courses.querysets import ExternalCertificateQuerySet


class ExternalCertificate(models.Model):
    """A qualification on record; whether the national register knows it is a dated check."""

    person = models.ForeignKey(
        Person,
        verbose_name=_("持证人"),
        on_delete=models.PROTECT,
        related_name="courses_external_certificates",
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("登记机构"), on_delete=models.PROTECT, related_name="+"
    )
    region_code = models.CharField(max_length=12, db_index=True)
    kind = models.CharField(_("证书类型"), max_length=20, choices=ExternalKind)
    number = models.CharField(_("证书编号"), max_length=40)
    occupation = models.ForeignKey(
        Occupation, verbose_name=_("职业"), on_delete=models.PROTECT, related_name="+"
    )
    work_type = models.ForeignKey(
        WorkType, verbose_name=_("工种"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    skill_level = models.PositiveSmallIntegerField(_("等级"), choices=SkillLevel, null=True, blank=True)
    issuer = models.CharField(_("发证机构"), max_length=100)
    issued_on = models.DateField(_("发证日期"))
    register_checked_on = models.DateField(_("联网核查日期"), null=True, blank=True)
    is_in_register = models.BooleanField(_("全国系统可查"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = ExternalCertificateQuerySet["ExternalCertificate"].as_manager()

    class Meta:
        verbose_name = _("外部证书")
        verbose_name_plural = _("外部证书")
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="courses_external_number_once")
        ]

    def __str__(self) -> str:
        return self.number
