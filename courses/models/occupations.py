"""Occupations and work types of the national classification, as dated data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.querysets import OpenQuerySet


class Occupation(models.Model):
    """职业, e.g. 家政服务员 4-10-01-06; the code may be unknown or unverified."""

    name = models.CharField(_("职业"), max_length=60)
    code = models.CharField(_("职业编码"), max_length=20, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = OpenQuerySet["Occupation"].as_manager()

    class Meta:
        verbose_name = _("职业")
        verbose_name_plural = _("职业")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name", "valid_from"], name="courses_occupation_once")]

    def __str__(self) -> str:
        return self.name


class WorkType(models.Model):
    """工种 inside an occupation, e.g. 母婴护理员."""

    occupation = models.ForeignKey(Occupation, on_delete=models.PROTECT, related_name="work_types")
    name = models.CharField(_("工种"), max_length=60)

    class Meta:
        verbose_name = _("工种")
        verbose_name_plural = _("工种")
        constraints = [models.UniqueConstraint(fields=["occupation", "name"], name="courses_work_type_once")]

    def __str__(self) -> str:
        return self.name
