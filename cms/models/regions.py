"""Regions by the 12-digit statistical code (统计用区划代码): 2 + 2 + 2 + 3 + 3 digits."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import RegionLevel
from cms.querysets import RegionQuerySet, SuccessionQuerySet
from cms.territory import code_range

region_code_validator = RegexValidator(r"^\d{12}$", _("行政区划代码是 12 位数字。"))


class Region(models.Model):
    """A province, city, county, town or village with the time its code was in use."""

    code = models.CharField(_("行政区划代码"), max_length=12, unique=True, validators=[region_code_validator])
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=RegionLevel)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    valid_from = models.DateField(_("启用日期"))
    valid_until = models.DateField(_("停用日期"), null=True, blank=True)

    objects = RegionQuerySet["Region"].as_manager()

    class Meta:
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_label(self) -> str:
        """Return what the audit log calls the region."""
        return f"{self.name} {self.code}"

    @property
    def range(self) -> tuple[str, str]:
        """First and last code inside this region."""
        return code_range(self.code)


class RegionSuccession(models.Model):
    """One region went over into another on a date; from then grants on the heir cover the predecessor."""

    predecessor = models.ForeignKey(
        Region, verbose_name=_("原地区"), on_delete=models.PROTECT, related_name="heirs"
    )
    successor = models.ForeignKey(
        Region, verbose_name=_("并入地区"), on_delete=models.PROTECT, related_name="predecessors"
    )
    on = models.DateField(_("生效日期"))
    document = models.CharField(_("依据文件"), max_length=120, blank=True)
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

    objects = SuccessionQuerySet["RegionSuccession"].as_manager()

    class Meta:
        verbose_name = _("区划变更")
        verbose_name_plural = _("区划变更")
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="cms_region_succession_once"),
            models.CheckConstraint(
                condition=~models.Q(predecessor=models.F("successor")), name="cms_region_succession_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"

    @property
    def audit_label(self) -> str:
        """Return what the audit log calls the succession."""
        return str(self)

    @property
    def region_code(self) -> str:
        """Return the heir's code: its office sees the entry."""
        return self.successor.code
