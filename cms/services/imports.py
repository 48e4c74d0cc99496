"""Imports: upload → dry run in the background → preview → confirm → import of the same stored file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import FileKind, ImportState, ItemState, RowOutcome
from cms.errors import DomainError
from cms.importing.findings import seal
from cms.importing.formats import FileFormat, detect_format
from cms.importing.people import ROSTER_HEADINGS, PersonRosterResource, RosterPerson, repeated_numbers
from cms.importing.reader import SourceRow, Table, read_table
from cms.jobs import ItemOutcome, JobLink, start_job
from cms.models import DataImport, ImportRow, Job, Organisation, StoredFile, User
from cms.services.files import read_file, store_file

_CONTENT_TYPES = {
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.CSV: "text/csv",
}


@dataclass(frozen=True)
class ReadRoster:
    """A roster as read: the table, its rows by number and the numbers that stand twice."""

    table: Table
    rows: dict[int, SourceRow]
    repeats: dict[int, int]


def read_roster(content: bytes) -> ReadRoster:
    """Read a roster's bytes; refusals as ``read_table`` says."""
    table = read_table(content, ROSTER_HEADINGS)
    return ReadRoster(table, {row.number: row for row in table.rows}, repeated_numbers(table.rows))


def upload_data(
    content: bytes, name: str, organisation: Organisation, *, by: User, at: dt.datetime
) -> DataImport:
    """Keep the file encrypted and start its dry run.

    Refuses with the codes of ``detect_format`` what is empty, too large or no table at all; what can only
    be seen by reading (header, rows) is said by the job.
    """
    kind = detect_format(content)
    file = store_file(
        content,
        kind=FileKind.ROSTER,
        name=name[-200:],
        content_type=_CONTENT_TYPES[kind],
        by=by,
        at=at,
        organisation=organisation,
    )
    with transaction.atomic():
        upload = DataImport.objects.create(file=file, organisation=organisation, created_by=by, created_at=at)
        upload.check_job = start_job(
            "import_check",
            title=_("检查花名册 %(name)s") % {"name": file.name},
            subject=upload,
            organisation=organisation,
            by=by,
            at=at,
        )
        upload.save(update_fields=["check_job"])
        audit.record("import.upload", upload, by=by, at=at, size=file.size)
    return upload


@transaction.atomic
def confirm_import(upload: DataImport, *, by: User, at: dt.datetime) -> DataImport:
    """Start the import of the file that was checked; refused rows stay out.

    Refuses ``import_not_checked`` (not checked yet, or confirmed already) and ``import_nothing_to_import``.
    """
    upload = DataImport.objects.select_for_update().get(pk=upload.pk)
    if upload.state != ImportState.CHECKED:
        raise DomainError("import_not_checked", _("这份花名册还没有检查完，或者已经确认过了。"))
    if not _importable(upload).exists():
        raise DomainError("import_nothing_to_import", _("没有可以导入的行，请改好文件再上传。"))
    upload.state = ImportState.IMPORTING
    upload.import_job = start_job(
        "import_apply",
        title=_("导入花名册 %(name)s") % {"name": upload.file.name},
        subject=upload,
        organisation=upload.organisation,
        by=by,
        at=at,
    )
    upload.save(update_fields=["state", "import_job"])
    audit.record("import.confirm", upload, by=by, at=at, rows=_importable(upload).count())
    return upload


def _importable(upload: DataImport) -> QuerySet[ImportRow]:
    return upload.rows.exclude(outcome=RowOutcome.REFUSED).filter(imported_at__isnull=True)


# --- the two jobs --------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _file_of(file_id: str) -> ReadRoster:
    """Read a stored roster once per worker, not once per chunk; forgotten when the job ends."""
    return read_roster(read_file(StoredFile.objects.get(pk=file_id)))


def _upload_of(job: Job) -> DataImport:
    return DataImport.objects.select_related("file", "organisation").get(pk=job.subject_id)


def prepare_rows(job: Job, keys: list[str]) -> None:
    """Read the file before the chunk's transaction begins."""
    _file_of(str(_upload_of(job).file_id))


def plan_check(job: Job) -> Iterator[tuple[str, str]]:
    """Read the file, note where its header stands, and name every row."""
    upload = _upload_of(job)
    table = _file_of(str(upload.file_id)).table
    upload.sheet, upload.header_row = table.sheet[:60], table.header_row
    upload.message = describe_reading(table)[:300]
    upload.save(update_fields=["sheet", "header_row", "message"])
    for row in table.rows:
        yield str(row.number), _("第 %(row)s 行") % {"row": row.number}


def describe_reading(table: Table) -> str:
    """Say how the file was read and what of it was left out."""
    parts = []
    if table.encoding:
        parts.append(_("文字编码 %s") % table.encoding)
    if table.sheet:
        parts.append(_("工作表“%s”") % table.sheet)
    if table.other_sheets:
        parts.append(_("没有读的工作表：%s") % "、".join(table.other_sheets))
    if table.unknown:
        parts.append(_("不导入的列：%s") % "、".join(table.unknown))
    for why, text in (
        ("blank", _("跳过空行：%s")),
        ("total", _("跳过合计行：%s")),
        ("remark", _("跳过说明行：%s")),
    ):
        numbers = [str(row.number) for row in table.skipped if row.why == why]
        if numbers:
            parts.append(text % _shortened(numbers))
    return "；".join(parts)


def _shortened(numbers: list[str], limit: int = 8) -> str:
    shown = "、".join(numbers[:limit])
    return (
        shown
        if len(numbers) <= limit
        else _("%(shown)s 等 %(count)s 行")
        % {
            "shown": shown,
            "count": len(numbers),
        }
    )


def check_rows(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Dry-run a chunk and keep what was found; run again, the same rows are written again."""
    upload = _upload_of(job)
    found = _run(upload, job, keys, dry_run=True)
    ImportRow.objects.bulk_create(
        [
            ImportRow(
                upload=upload,
                number=row.row,
                name=row.legal_name[:50],
                masked=row.masked,
                outcome=row.outcome,
                errors_token=seal(row.findings),
            )
            for row in found
        ],
        update_conflicts=True,
        unique_fields=["upload", "number"],
        update_fields=["name", "masked", "outcome", "errors_token"],
    )
    return [_outcome(row) for row in found]


def plan_import(job: Job) -> Iterator[tuple[str, str]]:
    """Name the rows that the preview showed as importable."""
    for number in _importable(_upload_of(job)).values_list("number", flat=True):
        yield str(number), _("第 %(row)s 行") % {"row": number}


def import_rows(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Apply a chunk; a row that was applied before is left alone."""
    upload = _upload_of(job)
    open_rows = {
        str(row.number): row
        for row in upload.rows.select_for_update().filter(number__in=keys, imported_at__isnull=True)
    }
    found = {str(row.row): row for row in _run(upload, job, list(open_rows), dry_run=False)}
    for key, row in found.items():
        kept = open_rows[key]
        kept.outcome, kept.errors_token, kept.person = row.outcome, seal(row.findings), row.person
        kept.imported_at = None if row.is_refused else timezone.now()
    ImportRow.objects.bulk_update(
        [open_rows[key] for key in found], ["outcome", "errors_token", "person", "imported_at"]
    )
    done = ItemOutcome(ItemState.SKIPPED, "imported_before", _("以前已经导入。"))
    return [_outcome(found[key]) if key in found else done for key in keys]


def _run(upload: DataImport, job: Job, keys: list[str], *, dry_run: bool) -> list[RosterPerson]:
    roster = _file_of(str(upload.file_id))
    resource = PersonRosterResource(
        roster.table.columns,
        organisation=upload.organisation,
        repeats=roster.repeats,
        source=_("花名册 %(name)s") % {"name": upload.file.name},
        by=job.created_by,
        at=job.created_at,  # the day it was confirmed, however long the queue
    )
    return resource.run([roster.rows[int(key)] for key in keys], dry_run=dry_run)  # type: ignore[return-value]  # its rows are RosterPerson


def _outcome(row: RosterPerson) -> ItemOutcome:
    if not row.is_refused:
        return ItemOutcome()
    first = next(finding for finding in row.findings if finding.is_error)
    where = _("%(title)s（%(column)s 列）：") % {"title": first.title, "column": first.column}
    return ItemOutcome(ItemState.REFUSED, first.code, (where if first.column else "") + first.message)


def finish_check(job: Job) -> None:
    """The preview may be shown."""
    _set_state(job, ImportState.CHECKED)


def fail_check(job: Job) -> None:
    """Nothing can be confirmed; the reason stands on the upload."""
    _set_state(job, ImportState.UNREADABLE, job.message or _("检查已取消。"))


def reopen_check(job: Job) -> None:
    """The check goes on. Refuses ``import_moved_on`` once the roster was confirmed or its file is gone."""
    _reopen(job, _upload_of(job).check_job_id, ImportState.CHECKING)


def reopen_import(job: Job) -> None:
    """The import goes on. Refuses ``import_moved_on`` when a later import took over or the file is gone."""
    _reopen(job, _upload_of(job).import_job_id, ImportState.IMPORTING)


def _reopen(job: Job, current: object, state: ImportState) -> None:
    upload = DataImport.objects.select_for_update(of=("self",)).select_related("file").get(pk=job.subject_id)
    taken_over = job.pk != current or upload.state == ImportState.IMPORTING
    confirmed = state == ImportState.CHECKING and upload.import_job_id is not None
    if taken_over or confirmed or not upload.file.content:
        raise DomainError(
            "import_moved_on",
            _("这份花名册后来已经另外处理，这个任务不能再接着做。请看花名册，或者重新上传。"),
        )
    _set_state(job, state)


def finish_import(job: Job) -> None:
    """The rows are in the register."""
    _set_state(job, ImportState.IMPORTED)
    upload = _upload_of(job)
    imported = upload.rows.filter(imported_at__isnull=False).count()
    audit.record("import.import", upload, by=job.created_by, at=timezone.now(), rows=imported)


def fail_import(job: Job) -> None:
    """What was imported stays; the rest may be confirmed again."""
    _set_state(job, ImportState.CHECKED, job.message)


def _set_state(job: Job, state: ImportState, message: str = "") -> None:
    _file_of.cache_clear()
    changes = {"state": state, **({"message": message[:300]} if message else {})}
    DataImport.objects.filter(pk=job.subject_id).update(**changes)


def import_link(job: Job) -> JobLink:
    """Lead from the job to the roster it worked on."""
    return JobLink(_("看这份花名册"), reverse("imports:inspect", args=[job.subject_id]))
