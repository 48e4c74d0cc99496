"""Uploaded imports: the stored file, what the dry run found row by row, and what was confirmed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import ImportState, RowOutcome
from cms.models.files import StoredFile
from cms.models.jobs import Job
from cms.models.organisations import Organisation
from cms.models.people import Person
from cms.querysets import OwnedQuerySet


class DataImport(models.Model):
    """One uploaded file on its way from upload to import; both passes read the same stored file."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="imports")
    # Whose people they are; organisations, regions and courses are the whole installation's.
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="imports"
    )
    # What the rows are: people, organisations, ….
    kind = models.CharField(_("种类"), max_length=30, default="people")
    state = models.CharField(_("状态"), max_length=20, choices=ImportState, default=ImportState.CHECKING)
    sheet = models.CharField(_("工作表"), max_length=60, blank=True)
    header_row = models.PositiveIntegerField(null=True)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    check_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="import_checks")
    import_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="import_applies")
    # The import whose refused rows this file brings again, put right.
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )
    # The refused rows as a workbook with their wrong cells marked, and how many of them it was asked for.
    errors_file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="error_workbooks_of"
    )
    refused_written = models.PositiveIntegerField(default=0, db_default=0)
    # Whether the confirmation must name a decree, and the decree it named.
    needs_document = models.BooleanField(default=False, db_default=False)
    document = models.CharField(_("依据文件文号"), max_length=120, blank=True, db_default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    created_at = models.DateTimeField(_("上传时间"))

    objects = OwnedQuerySet["DataImport"].as_manager()

    class Meta:
        verbose_name = _("导入")
        verbose_name_plural = _("导入")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file.name


class ImportRow(models.Model):
    """What the dry run found for one row of the file; wrong cells are kept encrypted with their reason."""

    # No index of its own: the constraint below begins with it.
    upload = models.ForeignKey(DataImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(_("行"))
    name = models.CharField(_("名称"), max_length=100, blank=True)
    masked = models.CharField(_("编号"), max_length=30, blank=True)
    outcome = models.CharField(_("结果"), max_length=20, choices=RowOutcome)
    # [{"column": …, "code": …, "message": …, "value": …}], encrypted: a wrong number may be a real one.
    errors_token = models.TextField(blank=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="import_rows_of")
    imported_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("导入的行")
        verbose_name_plural = _("导入的行")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="cms_import_row_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
