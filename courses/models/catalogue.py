"""Courses, their frozen versions, and menus (套餐) of courses."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import CertificateKind, HourKind, SkillLevel, TrainingType
from courses.models.occupations import Occupation, WorkType
from courses.querysets import OpenQuerySet

_percent = [MinValueValidator(0), MaxValueValidator(100)]


class Course(models.Model):
    """A dish on the menu; what is taught stands in its versions."""

    code = models.CharField(_("课程编号"), max_length=20, unique=True)
    title = models.CharField(_("课程名称"), max_length=120)
    is_on_caravan = models.BooleanField(_("大篷车可送"), default=False)
    is_retired = models.BooleanField(_("已停开"), default=False)

    objects = OpenQuerySet["Course"].as_manager()

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = _("课程")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.code


class CourseVersion(models.Model):
    """A course standard: hours, pass rule, certificate. Immutable once a class or record uses it.

    Hours are 学时 (45 minutes unless the region says otherwise), in steps of 0.5.
    """

    course = models.ForeignKey(
        Course, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveSmallIntegerField(_("版本"))
    title = models.CharField(_("课程名称"), max_length=120)
    training_type = models.CharField(_("培训类型"), max_length=20, choices=TrainingType)
    occupation = models.ForeignKey(
        Occupation, verbose_name=_("职业"), on_delete=models.PROTECT, related_name="+"
    )
    work_type = models.ForeignKey(
        WorkType, verbose_name=_("工种"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    skill_level = models.PositiveSmallIntegerField(_("等级"), choices=SkillLevel, null=True, blank=True)
    total_hours = models.DecimalField(_("总学时"), max_digits=5, decimal_places=1)
    theory_hours = models.DecimalField(_("理论学时"), max_digits=5, decimal_places=1)
    practice_hours = models.DecimalField(_("实操学时"), max_digits=5, decimal_places=1)
    community_hours = models.DecimalField(_("社区场景实训学时"), max_digits=5, decimal_places=1)
    audience = models.CharField(_("谁可以来"), max_length=200, blank=True)
    min_attendance_percent = models.PositiveSmallIntegerField(
        _("最低出勤率（%）"), default=80, validators=_percent
    )
    theory_pass_score = models.PositiveSmallIntegerField(
        _("理论合格分"), null=True, blank=True, validators=_percent, help_text=_("不考理论就留空。")
    )
    practice_pass_score = models.PositiveSmallIntegerField(
        _("技能合格分"), null=True, blank=True, validators=_percent, help_text=_("不考技能就留空。")
    )
    certificate_kind = models.CharField(_("发什么证"), max_length=20, choices=CertificateKind)
    counts_as_refresher = models.BooleanField(_("算回炉"), default=False)
    valid_from = models.DateField(_("启用日期"))
    valid_until = models.DateField(_("停用日期"), null=True, blank=True)

    objects = OpenQuerySet["CourseVersion"].as_manager()

    class Meta:
        verbose_name = _("课程版本")
        verbose_name_plural = _("课程版本")
        ordering = ["course__code", "number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="courses_version_once"),
            models.CheckConstraint(
                condition=Q(total_hours=F("theory_hours") + F("practice_hours") + F("community_hours")),
                name="courses_hours_add_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    theory_hours__gte=0, practice_hours__gte=0, community_hours__gte=0, total_hours__gt=0
                ),
                name="courses_hours_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def hours_of(self, kind: HourKind) -> Decimal:
        """Return the hours of one kind."""
        hours: Decimal = getattr(self, f"{kind}_hours")
        return hours


class Menu(models.Model):
    """A set meal of courses for a group (套餐)."""

    code = models.CharField(_("套餐编号"), max_length=20, unique=True)
    title = models.CharField(_("套餐名称"), max_length=80)
    is_retired = models.BooleanField(_("已停用"), default=False)

    objects = OpenQuerySet["Menu"].as_manager()

    class Meta:
        verbose_name = _("套餐")
        verbose_name_plural = _("套餐")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class MenuVersion(models.Model):
    """What a menu offers, frozen; a class or a request keeps the version it was ordered from."""

    menu = models.ForeignKey(Menu, verbose_name=_("套餐"), on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("版本"))
    audience = models.CharField(_("适合谁"), max_length=120, blank=True)
    min_hours = models.DecimalField(_("最少学时"), max_digits=5, decimal_places=1)
    max_hours = models.DecimalField(_("最多学时"), max_digits=5, decimal_places=1)
    valid_from = models.DateField(_("启用日期"))

    objects = OpenQuerySet["MenuVersion"].as_manager()

    class Meta:
        verbose_name = _("套餐版本")
        verbose_name_plural = _("套餐版本")
        ordering = ["menu__code", "number"]
        constraints = [models.UniqueConstraint(fields=["menu", "number"], name="courses_menu_version_once")]

    def __str__(self) -> str:
        return self.menu.title


class MenuSection(models.Model):
    """A part of a menu from which so many courses are picked."""

    version = models.ForeignKey(MenuVersion, on_delete=models.PROTECT, related_name="sections")
    order = models.PositiveSmallIntegerField(_("顺序"))
    title = models.CharField(_("名称"), max_length=60, blank=True)
    min_picks = models.PositiveSmallIntegerField(_("最少选几门"))
    max_picks = models.PositiveSmallIntegerField(_("最多选几门"))

    class Meta:
        verbose_name = _("套餐部分")
        verbose_name_plural = _("套餐部分")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["version", "order"], name="courses_menu_section_once"),
            models.CheckConstraint(
                condition=Q(min_picks__lte=F("max_picks")), name="courses_menu_picks_ordered"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.order)


class MenuItem(models.Model):
    """One course in a section."""

    section = models.ForeignKey(MenuSection, on_delete=models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField(_("顺序"))
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="menu_items")

    class Meta:
        verbose_name = _("套餐课程")
        verbose_name_plural = _("套餐课程")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["section", "course"], name="courses_menu_item_once")]

    def __str__(self) -> str:
        return str(self.course)
