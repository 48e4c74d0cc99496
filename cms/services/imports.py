"""Imports: upload → dry run in the background → preview → confirm → import of the same stored file."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import ImportState, RowOutcome
from cms.errors import DomainError
from cms.importing.formats import FileFormat, detect_format
from cms.importing.kinds import ImportKind, import_kinds
from cms.jobs import start_job
from cms.models import DataImport, ImportRow, Organisation, User
from cms.services.files import store_file

_CONTENT_TYPES = {
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.CSV: "text/csv",
}


def upload_data(
    content: bytes,
    name: str,
    organisation: Organisation | None,
    *,
    by: User,
    at: dt.datetime,
    kind: str = "people",
    corrects: DataImport | None = None,
) -> DataImport:
    """Keep the file encrypted and start its dry run; ``corrects`` is the import whose wrong rows it brings.

    Refuses with the codes of ``detect_format`` what is empty, too large or no table at all, and
    ``organisation_missing``, ``corrects_other``; what can only be seen by reading (header, rows) is said by
    the job.
    """
    chosen = import_kinds.get(kind)
    if chosen.needs_organisation != (organisation is not None):
        raise DomainError("organisation_missing", _("请选是哪个机构的。"), field="organisation")
    if corrects is not None and (corrects.kind, corrects.organisation) != (kind, organisation):
        message = _("改好的表格要按原来的种类和机构上传。")
        raise DomainError("corrects_other", message, field="organisation")
    file = store_file(
        content,
        kind=chosen.file_kind,
        name=name[-200:],
        content_type=_CONTENT_TYPES[detect_format(content)],
        by=by,
        at=at,
        organisation=organisation,
    )
    with transaction.atomic():
        upload = DataImport.objects.create(
            file=file,
            kind=kind,
            organisation=organisation,
            corrects=corrects,
            created_by=by,
            created_at=at,
        )
        upload.check_job = start_job(
            "import_check_whole" if chosen.whole else "import_check",
            title=_("检查%(kind)s %(name)s") % {"kind": chosen.label, "name": file.name},
            subject=upload,
            organisation=organisation,
            by=by,
            at=at,
        )
        upload.save(update_fields=["check_job"])
        audit.record("import.upload", upload, by=by, at=at, size=file.size, kind=kind)
    return upload


@transaction.atomic
def confirm_import(upload: DataImport, *, by: User, at: dt.datetime, document: str = "") -> DataImport:
    """Start the import of the file that was checked; refused rows stay out.

    ``document`` is the decree that renumbered places rest on. Refuses ``import_not_checked`` (not checked
    yet, or confirmed already), ``import_nothing_to_import``, ``import_rows_refused`` (a kind that goes in
    whole or not at all) and ``document_missing``.
    """
    upload = DataImport.objects.select_for_update().get(pk=upload.pk)
    kind = import_kinds.get(upload.kind)
    if upload.state != ImportState.CHECKED:
        raise DomainError("import_not_checked", _("这份表格还没有检查完，或者已经确认过了。"))
    if kind.whole and (wrong := upload.rows.filter(outcome=RowOutcome.REFUSED).count()):
        message = _("有 %(count)s 行不对，一行也没有导入。改好后再来。") % {"count": wrong}
        raise DomainError("import_rows_refused", message)
    if not importable_rows(upload, kind).exists():
        raise DomainError("import_nothing_to_import", _("没有可以导入的行，请改好文件再上传。"))
    if upload.needs_document and not document.strip():
        message = _("请填依据文件的文号，例如：民函〔2026〕12号。")
        raise DomainError("document_missing", message, field="document")
    upload.state, upload.document = ImportState.IMPORTING, document.strip()
    upload.import_job = start_job(
        "import_apply_whole" if kind.whole else "import_apply",
        title=_("导入%(kind)s %(name)s") % {"kind": kind.label, "name": upload.file.name},
        subject=upload,
        organisation=upload.organisation,
        by=by,
        at=at,
    )
    upload.save(update_fields=["state", "document", "import_job"])
    rows = importable_rows(upload, kind).count()
    audit.record("import.confirm", upload, by=by, at=at, rows=rows, document=upload.document)
    return upload


def importable_rows(upload: DataImport, kind: ImportKind) -> QuerySet[ImportRow]:
    """Return the rows that a confirmation writes: not refused, not imported before, and doing something."""
    return upload.rows.filter(outcome__in=kind.writes, imported_at__isnull=True)
