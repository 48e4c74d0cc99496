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
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="imports")
    # What the rows are: people, organisations, ….
    kind = models.CharField(_("种类"), max_length=30, default="people")
    state = models.CharField(_("状态"), max_length=20, choices=ImportState, default=ImportState.CHECKING)
    sheet = models.CharField(_("工作表"), max_length=60, blank=True)
    header_row = models.PositiveIntegerField(null=True)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    check_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="import_checks")
    import_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="import_applies")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    created_at = models.DateTimeField(_("上传时间"))

    objects = OwnedQuerySet["DataImport"].as_manager()

    class Meta:
        verbose_name = _("花名册")
        verbose_name_plural = _("花名册")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file.name


class ImportRow(models.Model):
    """What the dry run found for one row of the file; wrong cells are kept encrypted with their reason."""

    upload = models.ForeignKey(DataImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("行"))
    name = models.CharField(_("姓名"), max_length=50, blank=True)
    masked = models.CharField(_("证件号码"), max_length=30, blank=True)
    outcome = models.CharField(_("结果"), max_length=20, choices=RowOutcome)
    # [{"column": …, "code": …, "message": …, "value": …}], encrypted: a wrong number may be a real one.
    errors_token = models.TextField(blank=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="import_rows_of")
    imported_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("花名册行")
        verbose_name_plural = _("花名册行")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="cms_import_row_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
