"""Rooms, trainers, vehicles and kits, and the one table in which they are booked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from caravan.enums import ResourceKind, VenueType
from caravan.querysets import ResourceQuerySet, VenueQuerySet
from cms.models import Organisation
from cms.models.regions import region_code_validator


class Venue(models.Model):
    """A place where people are taught; it belongs to one organisation and may be shared."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("所属机构"), on_delete=models.PROTECT, related_name="caravan_venues"
    )
    name = models.CharField(_("场地名称"), max_length=80)
    venue_type = models.CharField(_("场地类型"), max_length=30, choices=VenueType)
    region_code = models.CharField(
        _("所在地区划代码"), max_length=12, db_index=True, validators=[region_code_validator]
    )
    address = models.CharField(_("地址"), max_length=200)
    directions = models.CharField(_("怎么走"), max_length=200, blank=True)
    is_shared = models.BooleanField(_("可以借给其他机构"), default=False)

    objects = VenueQuerySet["Venue"].as_manager()

    class Meta:
        verbose_name = _("场地")
        verbose_name_plural = _("场地")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="caravan_venue_once")]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room of a venue."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(_("教室"), max_length=60)
    capacity = models.PositiveSmallIntegerField(_("可容纳人数"))

    class Meta:
        verbose_name = _("教室")
        verbose_name_plural = _("教室")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="caravan_room_once")]

    def __str__(self) -> str:
        return f"{self.venue} {self.name}"


class TrainerProfile(models.Model):
    """Somebody who teaches for an organisation."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("所属机构"), on_delete=models.PROTECT, related_name="caravan_trainers"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        on_delete=models.PROTECT,
        related_name="caravan_trainer",
    )
    name = models.CharField(_("姓名"), max_length=50)
    title = models.CharField(_("职称或技能等级"), max_length=60, blank=True)

    objects = ResourceQuerySet["TrainerProfile"].as_manager()

    class Meta:
        verbose_name = _("讲师")
        verbose_name_plural = _("讲师")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Vehicle(models.Model):
    """A caravan."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("所属机构"), on_delete=models.PROTECT, related_name="caravan_vehicles"
    )
    name = models.CharField(_("车辆"), max_length=60)
    plate = models.CharField(_("车牌"), max_length=20, blank=True)

    objects = ResourceQuerySet["Vehicle"].as_manager()

    class Meta:
        verbose_name = _("车辆")
        verbose_name_plural = _("车辆")

    def __str__(self) -> str:
        return self.name


class Kit(models.Model):
    """A box of teaching material that travels."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("所属机构"), on_delete=models.PROTECT, related_name="caravan_kits"
    )
    name = models.CharField(_("教具箱"), max_length=60)
    contents = models.TextField(_("箱内物品"), blank=True)

    objects = ResourceQuerySet["Kit"].as_manager()

    class Meta:
        verbose_name = _("教具箱")
        verbose_name_plural = _("教具箱")

    def __str__(self) -> str:
        return self.name


class Booking(models.Model):
    """One use of one room, trainer, vehicle or kit in time; written only by the planning services.

    PostgreSQL refuses overlaps by an exclusion constraint on ``resource_key``; on SQLite the service
    checks under the write lock.
    """

    resource_kind = models.CharField(max_length=10, choices=ResourceKind)
    # "room:12": one column, so that one constraint covers all kinds.
    resource_key = models.CharField(max_length=30)
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="bookings")
    trainer = models.ForeignKey(TrainerProfile, null=True, on_delete=models.PROTECT, related_name="bookings")
    vehicle = models.ForeignKey(Vehicle, null=True, on_delete=models.PROTECT, related_name="bookings")
    kit = models.ForeignKey(Kit, null=True, on_delete=models.PROTECT, related_name="bookings")
    session = models.ForeignKey(
        "caravan.Session", null=True, on_delete=models.CASCADE, related_name="bookings"
    )
    stop = models.ForeignKey("caravan.Stop", null=True, on_delete=models.CASCADE, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = _("占用")
        verbose_name_plural = _("占用")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="caravan_booking_has_length"
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=False) ^ Q(stop__isnull=False), name="caravan_booking_one_reason"
            ),
        ]
        indexes = [models.Index(fields=["resource_key", "starts_at"], name="caravan_booking_resource")]

    def __str__(self) -> str:
        return f"{self.resource_key} {self.starts_at:%Y-%m-%d %H:%M}"
