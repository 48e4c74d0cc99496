"""The log of exports: who took which table out, why, and what exactly it was. Insert only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import ExportFormat
from cms.ids import uuid7
from cms.models.files import StoredFile
from cms.models.jobs import Job
from cms.models.organisations import Organisation
from cms.querysets import ExportRecordQuerySet


class ExportRecord(models.Model):
    """One file that left the system, written before its first byte does. Triggers refuse update and delete.

    ``sha256`` is of the table file itself, also where it was handed out in an encrypted archive. ``filters``
    holds the list's query, long numbers masked. ``file`` is empty where the file was handed out at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("导出编号"), max_length=30, unique=True)
    at = models.DateTimeField(_("导出时间"), db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("导出人"), on_delete=models.PROTECT, related_name="exports"
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exports",
    )
    region_code = models.CharField(_("地区"), max_length=12, blank=True, db_index=True)
    export = models.CharField(_("导出内容"), max_length=40)
    reason = models.CharField(_("导出事由"), max_length=200)
    filters = models.JSONField(_("筛选条件"), default=dict)
    columns = models.JSONField(_("列"), default=list)
    rows = models.PositiveIntegerField(_("行数"))
    format = models.CharField(_("格式"), max_length=10, choices=ExportFormat)
    is_in_clear = models.BooleanField(_("含完整证件号码"))
    is_zipped = models.BooleanField(_("加密压缩包"))
    sha256 = models.CharField(_("文件校验值"), max_length=64)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    ip = models.GenericIPAddressField(_("IP 地址"), null=True, blank=True)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="export_records"
    )
    job = models.OneToOneField(
        Job, null=True, blank=True, on_delete=models.PROTECT, related_name="export_record"
    )

    objects = ExportRecordQuerySet["ExportRecord"].as_manager()

    class Meta:
        verbose_name = _("导出记录")
        verbose_name_plural = _("导出记录")
        ordering = ["-at", "-pk"]
        permissions = [
            ("export_person", "Can export people"),
            ("export_organisation", "Can export organisations"),
            ("export_numbers", "Can export document numbers in clear"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def audit_label(self) -> str:
        """What the audit log shows."""
        return self.number
