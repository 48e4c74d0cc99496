"""Organisations: who hosts, teaches, employs, assesses or pays."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import LicenceKind, OrganisationKindCode
from cms.errors import DomainError
from cms.models.regions import region_code_validator
from cms.querysets import LicenceQuerySet, OrganisationQuerySet
from cms.uscc import check_uscc


def validate_uscc(value: str) -> None:
    """Refuse a unified social credit code that cannot be one (GB 32100), and say what is wrong with it."""
    try:
        check_uscc(value)
    except DomainError as error:
        raise ValidationError(str(error.message), code=error.code) from error


class Organisation(models.Model):
    """An office, employer, school, provider, federation or community."""

    name = models.CharField(_("机构名称"), max_length=100, unique=True)
    short_code = models.CharField(
        _("代号"), max_length=8, unique=True, help_text=_("用在班号和证书编号里，如 XH。")
    )
    uscc = models.CharField(
        _("统一社会信用代码"), max_length=18, unique=True, null=True, blank=True, validators=[validate_uscc]
    )
    region_code = models.CharField(
        _("所在地区划代码"), max_length=12, db_index=True, validators=[region_code_validator]
    )
    contact_name = models.CharField(_("联系人"), max_length=50, blank=True)
    contact_phone = models.CharField(_("联系电话"), max_length=20, blank=True)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    search_key = models.TextField(blank=True, db_default="", editable=False)  # ``cms.search.names``

    objects = OrganisationQuerySet["Organisation"].as_manager()

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrganisationKind(models.Model):
    """One thing an organisation is; a school may be provider and assessment body."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="kinds")
    kind = models.CharField(_("类型"), max_length=30, choices=OrganisationKindCode)

    class Meta:
        verbose_name = _("机构类型")
        verbose_name_plural = _("机构类型")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind"], name="cms_organisation_kind_once")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Licence(models.Model):
    """办学许可证 or filing of an organisation, with its validity (domain row 38).

    Superseded, never overwritten: a wrong row stays with the moment it was put right.
    """

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="licences"
    )
    kind = models.CharField(_("种类"), max_length=20, choices=LicenceKind, default=LicenceKind.LICENCE)
    number = models.CharField(_("许可证（备案）编号"), max_length=60)
    authority = models.CharField(_("发证（备案）机关"), max_length=100)
    valid_from = models.DateField(_("有效期起"))
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"), null=True, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    superseded_at = models.DateTimeField(_("更正时间"), null=True, blank=True, editable=False)

    objects = LicenceQuerySet["Licence"].as_manager()

    class Meta:
        verbose_name = _("许可或备案")
        verbose_name_plural = _("许可或备案")
        ordering = ["-valid_from", "-pk"]

    def __str__(self) -> str:
        return self.number

    def holds(self, on: dt.date) -> bool:
        """Say whether the licence is valid ``on`` a day, both ends included."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)
