"""Attendance: an append-only log of events; the mark shown is derived from it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from caravan.enums import EventKind, EventMethod, Mark
from caravan.models.enrolments import Enrolment
from caravan.models.rules import ends_after_start
from caravan.models.sessions import Session
from caravan.querysets import AppendOnlyQuerySet, RuleQuerySet
from cms.ids import uuid7
from cms.models.regions import region_code_validator


class AttendanceRule(models.Model):
    """What a mark is worth in a region and time: the share of a session's 学时 that is credited."""

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    late_percent = models.PositiveSmallIntegerField(_("迟到计学时（%）"), default=100)
    left_early_percent = models.PositiveSmallIntegerField(_("早退计学时（%）"), default=100)
    # A mark entered later than this after the session's end needs a reason.
    reason_after_hours = models.PositiveSmallIntegerField(_("课后多少小时内可直接点名"), default=24)
    # People come before the hour: a roll opens this long before its session begins.
    roll_opens_minutes = models.PositiveSmallIntegerField(_("开课前多少分钟可以点名"), default=60)
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = RuleQuerySet["AttendanceRule"].as_manager()

    class Meta:
        verbose_name = _("考勤规定")
        verbose_name_plural = _("考勤规定")
        ordering = ["region_code", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code", "valid_from"], name="caravan_attendance_rule_once"
            ),
            models.CheckConstraint(
                condition=Q(late_percent__lte=100, left_early_percent__lte=100),
                name="caravan_attendance_percent",
            ),
            ends_after_start("caravan_attendance_rule_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.region_code


class AttendanceEvent(models.Model):
    """Somebody said something about one enrolment in one session. Never changed, never removed.

    ``client_id`` is given by whoever took the mark, so that a repeated upload changes nothing.
    Nothing holds a foreign key to an event: months can be partitioned away.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="attendance_events")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="attendance_events")
    kind = models.CharField(_("类别"), max_length=20, choices=EventKind)
    mark = models.CharField(_("考勤"), max_length=20, choices=Mark, blank=True)
    method = models.CharField(_("方式"), max_length=20, choices=EventMethod)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(unique=True)
    # When it happened by the device's clock, and when the server got it.
    device_time = models.DateTimeField(_("点名时间"))
    server_time = models.DateTimeField(_("收到时间"), db_index=True)
    reason = models.CharField(_("原因"), max_length=200, blank=True)

    objects = AppendOnlyQuerySet["AttendanceEvent"].as_manager()

    class Meta:
        verbose_name = _("考勤事件")
        verbose_name_plural = _("考勤事件")
        indexes = [models.Index(fields=["session", "enrolment"], name="caravan_event_session")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=EventKind.WITHDRAWAL, mark="")
                | (~Q(kind=EventKind.WITHDRAWAL) & ~Q(mark="")),
                name="caravan_event_mark_fits",
            ),
            models.CheckConstraint(
                condition=Q(kind=EventKind.MARK) | ~Q(reason=""), name="caravan_event_change_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_mark_display()}"


class AttendanceMark(models.Model):
    """Projection of the events: the mark that holds and the 学时 it credits. Rebuildable at any time."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="marks")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="marks")
    mark = models.CharField(_("考勤"), max_length=20, choices=Mark)
    method = models.CharField(_("方式"), max_length=20, choices=EventMethod)
    credited_hours = models.DecimalField(_("计学时"), max_digits=4, decimal_places=1)
    marked_at = models.DateTimeField(_("点名时间"))
    is_late_entry = models.BooleanField(_("补录"), default=False)
    is_corrected = models.BooleanField(_("更正过"), default=False)

    class Meta:
        verbose_name = _("考勤")
        verbose_name_plural = _("考勤")
        constraints = [models.UniqueConstraint(fields=["session", "enrolment"], name="caravan_mark_once")]

    def __str__(self) -> str:
        return self.get_mark_display()
