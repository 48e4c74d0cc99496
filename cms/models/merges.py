"""Two rows of the register that are one human, and two that only look so."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cms.models.people import Person
from cms.querysets import MergeQuerySet


class PersonMerge(models.Model):
    """One merge: who stands for both, who went, and exactly what was written, so that it can be undone.

    ``moved`` is the list of changed rows in the order they were written: model, key, and for each field
    the value before and after. The row of the merged person stays, with ``Person.merged_into`` set.
    """

    kept = models.ForeignKey(
        Person, verbose_name=_("留下的登记"), on_delete=models.PROTECT, related_name="merges_kept"
    )
    merged = models.ForeignKey(
        Person, verbose_name=_("并掉的登记"), on_delete=models.PROTECT, related_name="merges_gone"
    )
    reason = models.CharField(_("理由"), max_length=200)
    choices = models.JSONField(default=dict)
    moved = models.JSONField(default=list)
    merged_at = models.DateTimeField(_("合并时间"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("合并人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("撤销人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undo_reason = models.CharField(_("撤销理由"), max_length=200, blank=True)

    objects = MergeQuerySet["PersonMerge"].as_manager()

    class Meta:
        verbose_name = _("合并记录")
        verbose_name_plural = _("合并记录")
        ordering = ["-merged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at__isnull=True), name="cms_merge_once"
            ),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="cms_merge_two_people"),
        ]

    def __str__(self) -> str:
        return str(self.kept)


class DoubleReview(models.Model):
    """Somebody looked at two like people and said that they are two; ``first`` has the smaller key."""

    first = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    reviewed_at = models.DateTimeField(_("看过的时间"))
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("不是同一人")
        verbose_name_plural = _("不是同一人")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="cms_double_review_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="cms_double_review_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.first} ≠ {self.second}"
