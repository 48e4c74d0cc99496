"""Take a table out of the system: at once or in the background, with a reason, on record."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import ExportFormat, FileKind
from cms.errors import DomainError
from cms.exporting.columns import Context
from cms.exporting.declarations import Export, exports, filters_of, keys_of
from cms.exporting.making import FileFacts, Table, write_table
from cms.exporting.numbers import may_export_numbers
from cms.exporting.packing import new_password, write_archive
from cms.exporting.scratch import scratch_folder
from cms.exporting.writers import CSV, XLSX
from cms.ids import spoken_code
from cms.jobs import ItemOutcome, JobLink, report_progress, start_job
from cms.models import ExportRecord, Job, Membership, Organisation, StoredFile, User
from cms.reasons import says_enough
from cms.services.file_links import make_link
from cms.services.files import store_path, stream_file

KIND = "export"
SHORTEST_REASON = 4
LONGEST_REASON = 200
_ARCHIVE_KEPT = dt.timedelta(days=1)
_LONG_NUMBER = re.compile(r"\d{14,}")
_SHOWN_DIGITS = re.compile(r"\d{7,}")
# A lease is renewed at most so often, in seconds.
_SAY_AGAIN = 2.0
# Closing a workbook of a million rows and encrypting it takes a while without a word.
_CLOSING = 10
CONTENT_TYPES = {ExportFormat.XLSX: XLSX, ExportFormat.CSV: CSV}


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: the table, its columns and rows, the form, the reason."""

    export: Export
    query: QueryDict
    columns: tuple[str, ...]
    format: ExportFormat
    reason: str
    in_clear: bool = False
    is_zipped: bool = False
    ip: str = ""


def check_asked(asked: Asked, by: User) -> None:
    """Refuse ``not_allowed``, ``numbers_not_allowed``, ``columns_missing``, ``reason_missing``, ``reason_has_number``."""
    if not by.has_perm(asked.export.permission):
        raise DomainError("not_allowed", _("您没有导出这张表的权限。"))
    if asked.in_clear and not may_export_numbers(by):
        raise DomainError("numbers_not_allowed", _("您没有导出完整证件号码的权限。"), field="numbers")
    if not asked.export.chosen(asked.columns):
        raise DomainError("columns_missing", _("请至少选一列。"), field="columns")
    check_reason(asked.reason)


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing (``reason_missing``) or too much (``reason_has_number``)."""
    if not says_enough(reason, SHORTEST_REASON):
        raise DomainError("reason_missing", _("请写明导出事由，至少 4 个字。"), field="reason")
    if _LONG_NUMBER.search(reason):
        raise DomainError("reason_has_number", _("事由会长期留存，请不要写证件号码。"), field="reason")


def count_rows(export: Export, query: QueryDict, *, by: User, at: dt.datetime) -> int:
    """Return how many rows ``by`` would export now."""
    return len(keys_of(export, Context(by, at, filters_of(query))))


def export_now(asked: Asked, path: Path, *, by: User, at: dt.datetime) -> tuple[ExportRecord, str]:
    """Write the table to ``path``, put it on record and return the record with the file's name.

    The record is there before the first byte leaves. Refuses as ``check_asked`` and ``keys_of`` do.
    """
    check_asked(asked, by)
    table = _table(asked, new_number(at), by, at)
    facts = write_table(table, asked.format, path)
    name = table.file_name(asked.format)
    file = None
    if asked.is_zipped:
        file = _store(path, name, asked, by, at)
    return _record(asked, table, facts, by=by, at=at, file=file), name


def start_export(asked: Asked, *, by: User, at: dt.datetime) -> Job:
    """Start the background job that makes the file. Refuses as ``check_asked`` does."""
    check_asked(asked, by)
    params = {
        "export": asked.export.slug,
        "query": asked.query.urlencode(),
        "columns": list(asked.columns),
        "format": str(asked.format),
        "reason": asked.reason.strip()[:LONGEST_REASON],
        "in_clear": asked.in_clear,
        "is_zipped": asked.is_zipped,
        "ip": asked.ip,
        "number": new_number(at),
    }
    title = _("导出%(what)s") % {"what": asked.export.title}
    return start_job(KIND, title=title, by=by, at=at, organisation=organisation_of(by, at), params=params)


def new_number(at: dt.datetime) -> str:
    """Return the number under which an export is on record, such as DC-20260421-7KQ2MX."""
    return f"DC-{timezone.localdate(at):%Y%m%d}-{spoken_code(6)}"


def organisation_of(user: User, at: dt.datetime) -> Organisation | None:
    """Return the organisation in whose name ``user`` exports: that of the post held longest."""
    posts: Iterable[Membership] = user.memberships.live(timezone.localdate(at)).select_related("organisation")
    post = min(posts, key=lambda one: (one.valid_from, one.pk), default=None)
    return post.organisation if post is not None else None


def _table(asked: Asked, number: str, by: User, at: dt.datetime) -> Table:
    context = Context(by, at, filters_of(asked.query), asked.in_clear)
    keys = keys_of(asked.export, context)
    return Table(asked.export, keys, asked.export.chosen(asked.columns), context, number)


def _store(path: Path, name: str, asked: Asked, by: User, at: dt.datetime) -> StoredFile:
    return store_path(
        path,
        kind=FileKind.EXPORT,
        name=name,
        content_type=CONTENT_TYPES[asked.format],
        by=by,
        at=at,
    )


@transaction.atomic
def _record(
    asked: Asked,
    table: Table,
    facts: FileFacts,
    *,
    by: User,
    at: dt.datetime,
    file: StoredFile | None,
    job: Job | None = None,
) -> ExportRecord:
    organisation, query = organisation_of(by, at), table.context.query
    in_clear = asked.in_clear and any(column.is_number for column in table.columns)
    record = ExportRecord.objects.create(
        number=table.number,
        at=at,
        created_by=by,
        organisation=organisation,
        region_code=organisation.region_code if organisation else "",
        export=asked.export.slug,
        reason=asked.reason.strip()[:LONGEST_REASON],
        filters={key: [_hide(value) for value in query.getlist(key)] for key in query},
        columns=[column.key for column in table.columns],
        rows=facts.rows,
        format=asked.format,
        is_in_clear=in_clear,
        is_zipped=asked.is_zipped,
        sha256=facts.sha256,
        size=facts.size,
        ip=asked.ip or None,
        file=file,
        job=job,
    )
    audit.record(
        "export.make", record, by=by, at=at, export=record.export, rows=record.rows, format=str(record.format),
        in_clear=in_clear, sha256=record.sha256, reason=record.reason,
    )  # fmt: skip
    return record


def _hide(value: str) -> str:
    """Mask numbers that somebody searched for: the log is for ever."""
    return _SHOWN_DIGITS.sub(lambda match: "*" * len(match.group()), value)


def plan_export(job: Job) -> list[tuple[str, str]]:
    """One file, one item: a file that was begun by a worker that is gone cannot be continued."""
    return [("file", job.title)]


def make_file(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Make the file from its beginning, store it and put it on record; once, however often it is asked for."""
    if job.created_by is None:
        raise DomainError("not_allowed", _("导出要有人提出。"))
    if ExportRecord.objects.filter(job=job).exists():
        return [ItemOutcome()]
    by, at, asked = job.created_by, timezone.now(), _asked_again(job)
    check_asked(asked, by)  # rights may have ended meanwhile
    table = _table(asked, job.params["number"], by, at)
    with scratch_folder() as folder:
        path = folder / "table"
        facts = write_table(table, asked.format, path, _reporter(job, len(table.keys)))
        file = _store(path, table.file_name(asked.format), asked, by, at)
    _record(asked, table, facts, by=by, at=at, file=file, job=job)
    return [ItemOutcome()]


def _asked_again(job: Job) -> Asked:
    params = job.params
    if params["export"] not in exports:
        raise DomainError("export_unknown", _("这张表已经不能导出了。"))
    return Asked(
        export=exports.get(params["export"]),
        query=QueryDict(params["query"]),
        columns=tuple(params["columns"]),
        format=ExportFormat(params["format"]),
        reason=params["reason"],
        in_clear=params["in_clear"],
        is_zipped=params["is_zipped"],
        ip=params["ip"],
    )


def _reporter(job: Job, total: int) -> Callable[[int], None]:
    """Return what tells the job's page how many rows are done, at most every few seconds."""
    again = _("中间断过，文件从头重新写。") if job.runs > 1 else ""
    report_progress(0, total, note=again)
    said = time.monotonic()

    def after(done: int) -> None:
        nonlocal said
        last = done >= total
        if last or time.monotonic() - said > _SAY_AGAIN:
            report_progress(done, total, note=again, factor=_CLOSING if last else 1)
            said = time.monotonic()

    return after


def export_link(job: Job) -> JobLink | None:
    """Lead from the job's page to the record, where the file is handed out."""
    record = ExportRecord.objects.filter(job=job).first()
    return JobLink(_("去下载"), reverse("exports:inspect", args=[record.pk])) if record else None


def may_have(user: User, file: StoredFile) -> bool:
    """Say whether a link to an export still serves ``user``: who made it, while the right to export lasts.

    An archive belongs to the record whose number is its name.
    """
    if file.created_by_id != user.pk:
        return False
    number = file.name.removesuffix(".zip")
    record = (
        ExportRecord.objects.filter(file=file).first() or ExportRecord.objects.filter(number=number).first()
    )
    return record is not None and _still_may(user, record)


def _still_may(user: User, record: ExportRecord) -> bool:
    return (
        record.created_by_id == user.pk
        and record.export in exports
        and user.has_perm(exports.get(record.export).permission)
        and (not record.is_in_clear or may_export_numbers(user))
    )


def link_to(record: ExportRecord, *, by: User, at: dt.datetime) -> str:
    """Return the address of a new private link to the table itself.

    Refuses ``not_allowed``, ``file_expired``, and ``zip_only`` where an encrypted archive was asked for.
    """
    file = _file_of(record, by)
    if record.is_zipped:
        raise DomainError("zip_only", _("这次导出要的是加密压缩包，请取压缩包。"))
    return reverse("site:file", args=[make_link(file, for_user=by, at=at)])


def pack(record: ExportRecord, *, by: User, at: dt.datetime) -> tuple[str, str]:
    """Return the password of a new encrypted archive and the address of a private link to it.

    The password is in no row, file or message: whoever loses it asks for another archive, which has another.
    Refuses ``not_allowed``, ``file_expired`` and as ``stream_file`` does.
    """
    source = _file_of(record, by)
    password = new_password()
    with scratch_folder() as folder:
        path = folder / "archive"
        with path.open("wb") as target:
            write_archive(target, source.name, stream_file(source), password)
        archive = store_path(
            path,
            kind=FileKind.EXPORT,
            name=f"{record.number}.zip",
            content_type="application/zip",
            by=by,
            at=at,
            expires_at=at + _ARCHIVE_KEPT,
        )
    with transaction.atomic():
        audit.record("export.pack", record, by=by, at=at, sha256=archive.sha256)
        code = make_link(archive, for_user=by, at=at)
    return password, reverse("site:file", args=[code])


def _file_of(record: ExportRecord, by: User) -> StoredFile:
    if not _still_may(by, record):
        raise DomainError("not_allowed", _("只有导出的人能下载，而且要还有导出的权限。"))
    if record.file is None or not record.file.content:
        raise DomainError("file_expired", _("文件的保存期过了，内容已经删除。请重新导出。"))
    return record.file
