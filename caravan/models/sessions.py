"""Sessions (课次) of a class."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from caravan.enums import SessionKind, SessionState
from caravan.models.classes import ClassCourse, TrainingClass
from caravan.models.resources import Room, TrainerProfile
from caravan.querysets import SessionQuerySet


class Session(models.Model):
    """One sitting of one class course. 学时 are set on it, not computed from the clock."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="sessions")
    class_course = models.ForeignKey(
        ClassCourse,
        verbose_name=_("课程"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sessions",
    )
    kind = models.CharField(_("课型"), max_length=20, choices=SessionKind)
    content = models.CharField(_("内容"), max_length=120)
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    hours = models.DecimalField(_("学时"), max_digits=4, decimal_places=1, default=0)
    room = models.ForeignKey(Room, verbose_name=_("教室"), on_delete=models.PROTECT, related_name="sessions")
    trainer = models.ForeignKey(
        TrainerProfile, verbose_name=_("讲师"), on_delete=models.PROTECT, related_name="sessions"
    )
    state = models.CharField(_("状态"), max_length=20, choices=SessionState, default=SessionState.PLANNED)
    roll_closed_at = models.DateTimeField(_("点名结束时间"), null=True, blank=True)

    objects = SessionQuerySet["Session"].as_manager()

    class Meta:
        verbose_name = _("课次")
        verbose_name_plural = _("课次")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="caravan_session_has_length"
            ),
            models.CheckConstraint(condition=Q(hours__gte=0), name="caravan_session_hours_not_negative"),
        ]
        indexes = [models.Index(fields=["trainer", "starts_at"], name="caravan_session_trainer")]

    def __str__(self) -> str:
        return self.content

    @property
    def words(self) -> str:
        """Return kind and content for a reader, once where they are the same."""
        kind = self.get_kind_display()
        return kind if kind == self.content else f"{kind} · {self.content}"

    @property
    def organisation_id(self) -> int:
        """The organiser's id, for the audit log (reads the class)."""
        return self.training_class.organisation_id

    @property
    def region_code(self) -> str:
        """The class's region, for the audit log (reads the class)."""
        return self.training_class.region_code
