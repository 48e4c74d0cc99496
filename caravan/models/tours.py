"""Tours of the caravan and their stops."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from caravan.enums import StopState
from caravan.models.resources import Vehicle, Venue
from caravan.querysets import StopQuerySet, TourQuerySet
from cms.models import Organisation
from cms.models.regions import region_code_validator


class Tour(models.Model):
    """A round trip of the caravan: ordered stops."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("承办机构"), on_delete=models.PROTECT, related_name="caravan_tours"
    )
    title = models.CharField(_("巡回名称"), max_length=80)
    vehicle = models.ForeignKey(
        Vehicle, verbose_name=_("车辆"), null=True, blank=True, on_delete=models.PROTECT, related_name="tours"
    )
    starts_on = models.DateField(_("出发日期"))
    ends_on = models.DateField(_("返回日期"))

    objects = TourQuerySet["Tour"].as_manager()

    class Meta:
        verbose_name = _("巡回")
        verbose_name_plural = _("巡回")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="caravan_tour_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Stop(models.Model):
    """The caravan at one place for some days."""

    tour = models.ForeignKey(Tour, verbose_name=_("巡回"), on_delete=models.PROTECT, related_name="stops")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="caravan_stops")
    order = models.PositiveSmallIntegerField(_("第几站"))
    venue = models.ForeignKey(Venue, verbose_name=_("场地"), on_delete=models.PROTECT, related_name="stops")
    region_code = models.CharField(
        _("所在地区划代码"), max_length=12, db_index=True, validators=[region_code_validator]
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    contact_name = models.CharField(_("联系人"), max_length=50)
    contact_phone = models.CharField(_("联系电话"), max_length=20)
    expected_people = models.PositiveSmallIntegerField(_("预计人数"))
    audience = models.CharField(_("谁可以来"), max_length=200, blank=True)
    notes = models.CharField(_("要带什么"), max_length=120, blank=True)
    state = models.CharField(_("状态"), max_length=20, choices=StopState, default=StopState.PLANNED)

    objects = StopQuerySet["Stop"].as_manager()

    class Meta:
        verbose_name = _("站点")
        verbose_name_plural = _("站点")
        ordering = ["starts_on", "order"]
        constraints = [
            models.UniqueConstraint(fields=["tour", "order"], name="caravan_stop_order_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="caravan_stop_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.venue)
