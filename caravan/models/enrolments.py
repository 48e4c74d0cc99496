"""Enrolments and the waiting list."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from caravan.enums import ACTIVE, EnrolmentState, EnrolmentWay
from caravan.models.classes import TrainingClass
from caravan.querysets import EnrolmentQuerySet
from cms.models import Person


class Enrolment(models.Model):
    """One person in one class; opens one training record for each class course."""

    training_class = models.ForeignKey(
        TrainingClass, verbose_name=_("班级"), on_delete=models.PROTECT, related_name="enrolments"
    )
    person = models.ForeignKey(
        Person, verbose_name=_("学员"), on_delete=models.PROTECT, related_name="caravan_enrolments"
    )
    state = models.CharField(_("状态"), max_length=20, choices=EnrolmentState)
    way = models.CharField(_("报名方式"), max_length=20, choices=EnrolmentWay)
    # Order on the roll and of certificate numbers; given once with the seat.
    roll_no = models.PositiveIntegerField(_("学号"), null=True, blank=True)
    requested_at = models.DateTimeField(_("报名时间"))
    enrolled_at = models.DateTimeField(_("录取时间"), null=True, blank=True)
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="caravan_enrolments_made"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(_("退出原因"), max_length=120, blank=True)

    objects = EnrolmentQuerySet["Enrolment"].as_manager()

    class Meta:
        verbose_name = _("报名")
        verbose_name_plural = _("报名")
        permissions = [("export_enrolment", "Can export enrolments and attendance")]
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "person"],
                condition=Q(state__in=sorted(ACTIVE)),
                name="caravan_enrolment_one_active",
            ),
            models.UniqueConstraint(
                fields=["training_class", "roll_no"],
                condition=Q(roll_no__isnull=False),
                name="caravan_enrolment_roll_no_once",
            ),
        ]
        indexes = [models.Index(fields=["training_class", "state"], name="caravan_enrolment_state")]

    def __str__(self) -> str:
        return f"{self.person} · {self.training_class}"

    @property
    def organisation_id(self) -> int:
        """The organiser's id, for the audit log (reads the class)."""
        return self.training_class.organisation_id

    @property
    def region_code(self) -> str:
        """The class's region, for the audit log (reads the class)."""
        return self.training_class.region_code


class WaitingEntry(models.Model):
    """A place in the queue of a full class; the order is ``queue_no`` and never changes."""

    enrolment = models.OneToOneField(Enrolment, on_delete=models.CASCADE, related_name="waiting")
    training_class = models.ForeignKey(
        TrainingClass, on_delete=models.PROTECT, related_name="waiting_entries"
    )
    queue_no = models.PositiveIntegerField(_("候补号"))
    joined_at = models.DateTimeField(_("候补时间"))
    offered_at = models.DateTimeField(_("通知时间"), null=True, blank=True)
    offer_until = models.DateTimeField(_("保留到"), null=True, blank=True)

    class Meta:
        verbose_name = _("候补")
        verbose_name_plural = _("候补")
        ordering = ["queue_no"]
        constraints = [
            models.UniqueConstraint(fields=["training_class", "queue_no"], name="caravan_waiting_no_once")
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.queue_no}"
