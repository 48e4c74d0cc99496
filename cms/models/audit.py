"""The audit log: one entry a change, in the same transaction, insert only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.ids import uuid7
from cms.querysets import AuditQuerySet


class AuditEntry(models.Model):
    """Who did what to which object, for whom, when. Holds ids, field names and masked values only.

    Triggers refuse update and delete. Nothing points at an entry, so months can be partitioned away;
    ids are plain numbers rather than foreign keys for the same reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("时间"), db_index=True)
    action = models.CharField(_("操作"), max_length=60)
    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=40)
    object_label = models.CharField(_("对象"), max_length=120, blank=True)
    actor_id = models.BigIntegerField(_("操作人编号"), null=True)
    actor_name = models.CharField(_("操作人"), max_length=50, blank=True)
    for_person_id = models.BigIntegerField(_("代谁办理"), null=True)
    organisation_id = models.BigIntegerField(_("机构"), null=True)
    region_code = models.CharField(_("地区"), max_length=12, blank=True)
    data = models.JSONField(_("内容"), default=dict)
    digest = models.CharField(_("摘要"), max_length=64)

    objects = AuditQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作记录")
        indexes = [
            models.Index(fields=["object_type", "object_id", "at"], name="cms_audit_object"),
            models.Index(fields=["organisation_id", "at"], name="cms_audit_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
