"""The work of imports in the background: the dry run, the import, the workbook of what was refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.bulk import insert_columns
from cms.enums import FileKind, ImportState, ItemState, RowOutcome
from cms.errors import DomainError
from cms.importing.findings import seal, unseal
from cms.importing.kinds import import_kinds
from cms.importing.resources import ImportedRow
from cms.importing.workbooks import XLSX_TYPE, write_errors
from cms.jobs import ItemOutcome, JobLink, start_job
from cms.models import DataImport, ImportRow, Job, StoredFile
from cms.services.files import read_file, store_file
from cms.services.import_files import ReadFile, describe_reading, read_import, work_rows
from cms.services.imports import importable_rows

_WHOLE = "all"
# So long a worker keeps what it read after the dry run: people look at the preview and confirm.
_KEPT_SECONDS = 600


@lru_cache(maxsize=1)
def _file_of(file_id: str, kind: str) -> ReadFile:
    """Read a stored file once per worker, not once per chunk and pass; forgotten when its import is over."""
    return read_import(import_kinds.get(kind), read_file(StoredFile.objects.get(pk=file_id)))


def _upload_of(job: Job) -> DataImport:
    return DataImport.objects.select_related("file", "organisation").get(pk=job.subject_id)


def _read(upload: DataImport) -> ReadFile:
    if not upload.file.content:
        _file_of.cache_clear()  # nobody imports from what is gone
    return _file_of(str(upload.file_id), upload.kind)


def prepare_rows(job: Job, keys: list[str]) -> None:
    """Read the file before the chunk's transaction begins."""
    _read(_upload_of(job))


# --- dry run -------------------------------------------------------------------------------------


def plan_check(job: Job) -> Iterator[tuple[str, str]]:
    """Read the file, note where its header stands, and name every row."""
    upload = _upload_of(job)
    read = _read(upload)
    table = read.table
    upload.sheet, upload.header_row = table.sheet[:60], table.header_row
    upload.message = describe_reading(table)[:300]
    if upload.corrects is None:
        upload.corrects = _corrected(upload, table.corrects)
    upload.save(update_fields=["sheet", "header_row", "message", "corrects"])
    if read.kind.whole:
        yield _WHOLE, _("整份文件，%(count)s 行") % {"count": len(read.rows)}
        return
    label = _("第 %(row)s 行")
    for number in read.rows:
        yield str(number), label % {"row": number}


def _corrected(upload: DataImport, named: str) -> DataImport | None:
    """Return the import that an error workbook says it corrects, if it may be that one."""
    if not named.isdecimal():
        return None
    rows = DataImport.objects.filter(kind=upload.kind, organisation=upload.organisation)
    return rows.filter(pk=named, pk__lt=upload.pk).first()


def check_rows(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Dry-run a chunk and keep what was found; run again, the same rows are written again."""
    upload = _upload_of(job)
    read = _read(upload)
    found = _work(upload, job, list(read.rows) if keys == [_WHOLE] else map(int, keys), dry_run=True)
    ask = read.kind.asks_document
    if ask is not None and ask(found):
        DataImport.objects.filter(pk=upload.pk).update(needs_document=True)
    _keep(upload, found)
    return _outcomes(found, keys)


def _work(upload: DataImport, job: Job, numbers: Any, *, dry_run: bool) -> Sequence[ImportedRow]:
    read = _read(upload)
    return work_rows(
        read,
        [read.rows[number] for number in numbers],
        dry_run=dry_run,
        organisation=upload.organisation,
        source=f"{read.kind.label} {upload.file.name}",
        document=upload.document,
        by=job.created_by,
        at=job.created_at,  # the day it was confirmed, however long the queue
    )


def _keep(upload: DataImport, found: Sequence[ImportedRow], *, imported: bool = False) -> None:
    """Write what was found of the rows over what an earlier pass found."""
    now = timezone.now()
    writes = import_kinds.get(upload.kind).writes if imported else frozenset()
    shown = [one.shown for one in found]
    insert_columns(
        ImportRow,
        len(found),
        unique=["upload_id", "number"],
        update=["name", "masked", "outcome", "errors_token", "person_id", "imported_at"],
        upload_id=upload.pk,
        number=[one.row for one in found],
        name=[name[:100] for name, _masked in shown],
        masked=[masked[:30] for _name, masked in shown],
        outcome=[one.settled or one.outcome for one in found],
        errors_token=[seal(one.findings) for one in found],
        person_id=[one.person.pk if one.person else None for one in found],
        imported_at=[now if one.settled in writes else None for one in found],
    )


def _outcomes(found: Sequence[ImportedRow], keys: list[str]) -> list[ItemOutcome]:
    if keys == [_WHOLE]:
        return [ItemOutcome()]
    done = ItemOutcome()
    by_key = {str(row.row): _outcome(row) if row.is_refused else done for row in found}
    before = ItemOutcome(ItemState.SKIPPED, "imported_before", _("以前已经导入。"))
    return [by_key.get(key, before) for key in keys]


def _outcome(row: ImportedRow) -> ItemOutcome:
    first = next(finding for finding in row.findings if finding.is_error)
    where = _("%(title)s（%(column)s 列）：") % {"title": first.title, "column": first.column}
    return ItemOutcome(ItemState.REFUSED, first.code, (where if first.column else "") + first.message)


# --- import --------------------------------------------------------------------------------------


def plan_import(job: Job) -> Iterator[tuple[str, str]]:
    """Name the rows that the preview showed as importable."""
    upload = _upload_of(job)
    kind = import_kinds.get(upload.kind)
    rows = importable_rows(upload, kind)
    if kind.whole:
        yield _WHOLE, _("整份文件，%(count)s 行") % {"count": rows.count()}
        return
    label = _("第 %(row)s 行")
    for number in rows.values_list("number", flat=True):
        yield str(number), label % {"row": number}


def import_rows(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Apply a chunk; a row that was applied before is left alone."""
    upload = _upload_of(job)
    kind = import_kinds.get(upload.kind)
    chosen = upload.rows.select_for_update().filter(imported_at__isnull=True)
    if kind.whole:
        numbers = list(_read(upload).rows) if chosen.exists() else []
    else:
        numbers = sorted(chosen.filter(number__in=keys).values_list("number", flat=True))
    found = _work(upload, job, numbers, dry_run=False)
    refused = sum(row.is_refused for row in found)
    if kind.whole and refused:
        message = _("有 %(count)s 行不对，一行也没有导入。改好后再来。") % {"count": refused}
        raise DomainError("import_rows_refused", message)
    _keep(upload, found, imported=True)
    return _outcomes(found, keys)


# --- workbook of what was refused ------------------------------------------------------------------


def plan_errors(job: Job) -> Iterator[tuple[str, str]]:
    """One workbook."""
    yield "workbook", _("改错用的表格")


def write_error_workbook(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Write the refused rows (all of them where the file goes in whole) with their wrong cells marked."""
    upload = _upload_of(job)
    read = _read(upload)
    rows = upload.rows.all() if read.kind.whole else upload.rows.filter(outcome=RowOutcome.REFUSED)
    marked = [(read.rows[row.number], unseal(row.errors_token)) for row in rows if row.number in read.rows]
    content = write_errors(read.kind, read.table, marked, corrects=str(upload.pk))
    file = store_file(
        content,
        kind=FileKind.IMPORT_ERRORS,
        name=_("改错 %(name)s.xlsx") % {"name": upload.file.name.rpartition(".")[0][:180]},
        content_type=XLSX_TYPE,
        by=job.created_by,
        at=timezone.now(),
        organisation=upload.organisation,
        expires_at=upload.file.expires_at,
    )
    DataImport.objects.filter(pk=upload.pk).update(errors_file=file)
    return [ItemOutcome()]


def _offer_errors(job: Job) -> None:
    """Have the workbook written when something was refused that is in none yet."""
    upload = _upload_of(job)
    refused = upload.rows.filter(outcome=RowOutcome.REFUSED).count()
    if refused == upload.refused_written:
        return
    DataImport.objects.filter(pk=upload.pk).update(refused_written=refused)
    if refused:
        start_job(
            "import_errors",
            title=_("改错用的表格 %(name)s") % {"name": upload.file.name},
            subject=upload,
            organisation=upload.organisation,
            by=job.created_by,
            at=timezone.now(),
        )


# --- ends ----------------------------------------------------------------------------------------


def finish_check(job: Job) -> None:
    """The preview may be shown; who confirms soon does not wait for the file to be read again."""
    _set_state(job, ImportState.CHECKED)
    forget = threading.Timer(_KEPT_SECONDS, _file_of.cache_clear)
    forget.daemon = True
    forget.start()
    _offer_errors(job)


def fail_check(job: Job) -> None:
    """Nothing can be confirmed; the reason stands on the upload."""
    _set_state(job, ImportState.UNREADABLE, job.message or _("检查已取消。"))


def reopen_check(job: Job) -> None:
    """The check goes on. Refuses ``import_moved_on`` once the file was confirmed or is gone."""
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
            _("这份表格后来已经另外处理，这个任务不能再接着做。请看这份表格，或者重新上传。"),
        )
    _set_state(job, state)


def finish_import(job: Job) -> None:
    """The rows are written; a file that goes in whole and was refused may be confirmed again."""
    upload = _upload_of(job)
    imported = upload.rows.filter(imported_at__isnull=False).count()
    refused = job.items.filter(key=_WHOLE, state=ItemState.REFUSED).first()
    if refused is not None and not imported:
        _set_state(job, ImportState.CHECKED, refused.message)
        return
    _set_state(job, ImportState.IMPORTED)
    audit.record("import.import", upload, by=job.created_by, at=timezone.now(), rows=imported)
    _offer_errors(job)


def fail_import(job: Job) -> None:
    """What was imported stays; the rest may be confirmed again."""
    _set_state(job, ImportState.CHECKED, job.message)


def _set_state(job: Job, state: ImportState, message: str = "") -> None:
    if state in {ImportState.IMPORTED, ImportState.UNREADABLE}:
        _file_of.cache_clear()
    changes = {"state": state, **({"message": message[:300]} if message else {})}
    DataImport.objects.filter(pk=job.subject_id).update(**changes)


def import_link(job: Job) -> JobLink:
    """Lead from the job to the import it worked on."""
    return JobLink(_("看导入结果"), reverse("imports:inspect", args=[job.subject_id]))
