"""Classes (班级): what is taught to whom, where, by whom, and the office's word on it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from caravan.enums import ClassState, FilingDecision, HostRole, StaffRole
from caravan.models.resources import Venue
from caravan.models.tours import Stop
from caravan.querysets import ClassQuerySet, FilingQuerySet
from cms.models import Organisation
from cms.models.regions import region_code_validator
from courses.models import CourseVersion, MenuVersion


class ClassNumberSeries(models.Model):
    """The last class number of an organisation and year; read and raised under its lock."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="caravan_class_series"
    )
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("班号序列")
        verbose_name_plural = _("班号序列")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "year"], name="caravan_class_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.year}"


class TrainingClass(models.Model):
    """A class. ``organisation`` is the organiser (承办) that runs it and answers for it."""

    class_no = models.CharField(_("班号"), max_length=30, unique=True)
    title = models.CharField(_("班级名称"), max_length=120)
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("承办机构"), on_delete=models.PROTECT, related_name="caravan_classes"
    )
    menu_version = models.ForeignKey(
        MenuVersion,
        verbose_name=_("套餐"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="caravan_classes",
    )
    stop = models.ForeignKey(
        Stop,
        verbose_name=_("大篷车站点"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="classes",
    )
    venue = models.ForeignKey(Venue, verbose_name=_("场地"), on_delete=models.PROTECT, related_name="classes")
    region_code = models.CharField(
        _("培训地区划代码"), max_length=12, db_index=True, validators=[region_code_validator]
    )
    capacity = models.PositiveSmallIntegerField(_("名额"))
    starts_on = models.DateField(_("开班日期"))
    ends_on = models.DateField(_("结业日期"))
    enrol_until = models.DateTimeField(_("报名截止"))
    state = models.CharField(
        _("状态"), max_length=20, choices=ClassState, default=ClassState.DRAFT, db_index=True
    )
    closed_at = models.DateTimeField(_("结业时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("建立时间"))

    objects = ClassQuerySet["TrainingClass"].as_manager()

    class Meta:
        verbose_name = _("班级")
        verbose_name_plural = pgettext_lazy("menu", "班级")
        permissions = [("export_trainingclass", "Can export classes")]
        ordering = ["-starts_on", "class_no"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="caravan_class_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="caravan_class_has_seats"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.class_no


class ClassCourse(models.Model):
    """One course of a class, frozen to the version it was opened with."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="class_courses")
    course_version = models.ForeignKey(
        CourseVersion, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="caravan_class_courses"
    )
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("班级课程")
        verbose_name_plural = _("班级课程")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "course_version"], name="caravan_class_course_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.course_version)


class ClassHost(models.Model):
    """Another organisation's part in a class."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="hosts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="caravan_hosted")
    role = models.CharField(_("分工"), max_length=20, choices=HostRole)

    class Meta:
        verbose_name = _("合办机构")
        verbose_name_plural = _("合办机构")
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "organisation", "role"], name="caravan_host_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.organisation}"


class ClassStaff(models.Model):
    """Somebody's duty in a class."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="staff")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="caravan_duties"
    )
    role = models.CharField(_("职责"), max_length=20, choices=StaffRole)

    class Meta:
        verbose_name = _("班级人员")
        verbose_name_plural = _("班级人员")
        constraints = [
            models.UniqueConstraint(fields=["training_class", "user", "role"], name="caravan_staff_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"


class ClassFiling(models.Model):
    """One submission of a class to the region's officer (开班备案) and the answer."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="filings")
    # What was submitted, frozen: title, dates, place, staff, courses, sessions, capacity.
    snapshot = models.JSONField(_("报备内容"))
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(_("报备时间"))
    decision = models.CharField(_("意见"), max_length=20, choices=FilingDecision, blank=True)
    remarks = models.CharField(_("备注"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("答复时间"), null=True)

    objects = FilingQuerySet["ClassFiling"].as_manager()

    class Meta:
        verbose_name = _("开班备案")
        verbose_name_plural = _("开班备案")
        ordering = ["-submitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_class"], condition=Q(decision=""), name="caravan_filing_one_pending"
            )
        ]

    def __str__(self) -> str:
        return f"{self.training_class} {self.submitted_at:%Y-%m-%d}"
