"""Training records: one person's one passage through one course version."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.models import Organisation, Person
from courses.enums import Component, RecordState
from courses.models.catalogue import Course, CourseVersion
from courses.querysets import RecordQuerySet


class TrainingRecord(models.Model):
    """At most one open record a person and course; any number of finished ones (every refresher is new)."""

    person = models.ForeignKey(
        Person, verbose_name=_("学员"), on_delete=models.PROTECT, related_name="courses_records"
    )
    course = models.ForeignKey(
        Course, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="records"
    )
    course_version = models.ForeignKey(
        CourseVersion, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="records"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("承办机构"), on_delete=models.PROTECT, related_name="courses_records"
    )
    region_code = models.CharField(_("培训地区划代码"), max_length=12, db_index=True)
    # Where the passage happens, in words of the app that opened it: "class:XH-2026-0007".
    source = models.CharField(_("来源"), max_length=80, db_index=True)
    state = models.CharField(_("状态"), max_length=20, choices=RecordState, default=RecordState.OPEN)
    opened_at = models.DateTimeField(_("建立时间"))
    started_on = models.DateField(_("开始日期"), null=True, blank=True)
    ended_on = models.DateField(_("结束日期"), null=True, blank=True)
    completed_on = models.DateField(_("合格日期"), null=True, blank=True, db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet["TrainingRecord"].as_manager()

    class Meta:
        verbose_name = _("培训记录")
        verbose_name_plural = _("培训记录")
        permissions = [("export_trainingrecord", "Can export training records")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "course"],
                condition=Q(state=RecordState.OPEN),
                name="courses_record_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=RecordState.COMPLETED, completed_on__isnull=False)
                | (~Q(state=RecordState.COMPLETED) & Q(completed_on__isnull=True)),
                name="courses_record_completed_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.course_version}"


class RecordComponent(models.Model):
    """One result of a record: credited hours of a kind, or a score. Superseded, never overwritten."""

    record = models.ForeignKey(TrainingRecord, on_delete=models.PROTECT, related_name="components")
    component = models.CharField(_("项目"), max_length=20, choices=Component)
    value = models.DecimalField(_("数值"), max_digits=5, decimal_places=1)
    evidence = models.CharField(_("依据"), max_length=120, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("记录项目")
        verbose_name_plural = _("记录项目")
        constraints = [
            models.UniqueConstraint(
                fields=["record", "component"],
                condition=Q(superseded_at__isnull=True),
                name="courses_component_one_current",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="courses_component_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_component_display()} {self.value}"
