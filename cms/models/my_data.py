"""What people may ask of what is kept about them, and who looked at their document numbers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cms.data_querysets import DataRequestQuerySet, RevealQuerySet
from cms.enums import (
    GRANTED_REQUESTS,
    OPEN_REQUESTS,
    DataField,
    DataRequestKind,
    DataRequestState,
    RevealReason,
)
from cms.ids import uuid7
from cms.models.organisations import Organisation
from cms.models.people import Person, PersonDocument
from cms.roles import Role


class RevealRecord(models.Model):
    """Somebody saw a document number in clear. Triggers refuse update and delete.

    What was typed as the reason stands with the audit entry ``entry_id``, where it can be erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="reveals"
    )
    document = models.ForeignKey(
        PersonDocument, verbose_name=_("证件"), on_delete=models.PROTECT, related_name="reveals"
    )
    # For whom it was done; empty only for a system administrator without a post.
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("机构"), null=True, on_delete=models.PROTECT, related_name="reveals"
    )
    region_code = models.CharField(_("地区"), max_length=12, blank=True, db_index=True)
    role = models.CharField(_("角色"), max_length=30, choices=Role)
    reason = models.CharField(_("原因"), max_length=20, choices=RevealReason)
    revealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("谁看的"), on_delete=models.PROTECT, related_name="reveals"
    )
    at = models.DateTimeField(_("时间"))
    entry_id = models.UUIDField(editable=False)

    objects = RevealQuerySet["RevealRecord"].as_manager()

    class Meta:
        verbose_name = _("查看号码记录")
        verbose_name_plural = _("查看号码记录")
        permissions = [("reveal_number", "查看完整证件号码")]
        indexes = [
            models.Index(fields=["revealed_by", "at"], name="cms_reveal_by_day"),
            models.Index(fields=["organisation", "-at"], name="cms_reveal_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.at:%Y-%m-%d}"


class DataRequest(models.Model):
    """A person asks that something kept about them be put right, or that it be deleted.

    What was typed is stored encrypted. A deletion is proposed by one officer and approved by another;
    ``erase_on`` is the day it is carried out, until then it can be taken back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("申请"), max_length=20, choices=DataRequestKind)
    person = models.ForeignKey(
        Person, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="data_requests"
    )
    # Who took the request up; empty until somebody does.
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("受理机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="data_requests",
    )
    region_code = models.CharField(_("地区"), max_length=12, blank=True)
    field = models.CharField(_("哪一项"), max_length=20, choices=DataField, blank=True)
    wanted_token = models.TextField(blank=True, editable=False)
    note_token = models.TextField(blank=True, editable=False)
    state = models.CharField(
        _("状态"), max_length=20, choices=DataRequestState, default=DataRequestState.SUBMITTED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("谁申请的"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("经办人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    proposed_at = models.DateTimeField(_("经办时间"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("答复人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answer_token = models.TextField(blank=True, editable=False)
    erase_on = models.DateField(_("删除日期"), null=True, blank=True)
    erased_at = models.DateTimeField(_("删除时间"), null=True, blank=True)

    objects = DataRequestQuerySet["DataRequest"].as_manager()

    class Meta:
        verbose_name = _("更正和删除申请")
        verbose_name_plural = _("更正和删除申请")
        ordering = ["-pk"]
        permissions = [("approve_deletion", "复核删除申请")]
        indexes = [
            models.Index(fields=["state", "asked_at"], name="cms_data_request_queue"),
            models.Index(
                fields=["erase_on"],
                condition=Q(erased_at__isnull=True, erase_on__isnull=False),
                name="cms_data_request_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(kind=DataRequestKind.DELETION, state__in=sorted(OPEN_REQUESTS)),
                name="cms_data_request_one_deletion",
            ),
            # Two people for what cannot be undone.
            models.CheckConstraint(
                condition=~Q(kind=DataRequestKind.DELETION, state__in=sorted(GRANTED_REQUESTS))
                | (
                    Q(proposed_by__isnull=False, answered_by__isnull=False) & ~Q(answered_by=F("proposed_by"))
                ),
                name="cms_data_request_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.asked_at:%Y-%m-%d}"
