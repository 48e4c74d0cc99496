"""Read a file as a kind of import, and run it: what the screens' jobs and the command have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cms.enums import RowOutcome
from cms.importing.kinds import ImportKind, ImportSetting, TableResource
from cms.importing.reader import SourceRow, Table, read_table
from cms.importing.resources import ImportedRow
from cms.models import Organisation, User

CHUNK = 1000


@dataclass(frozen=True)
class ReadFile:
    """A file as read: the table, its rows by number and what only the whole file tells."""

    kind: ImportKind
    table: Table
    rows: dict[int, SourceRow]
    seen: Any

    def resource(
        self,
        *,
        organisation: Organisation | None,
        source: str,
        by: User | None,
        at: dt.datetime,
        document: str = "",
    ) -> TableResource:
        """Return what judges and writes the rows."""
        setting = ImportSetting(organisation, source, document, by, at, self.seen)
        return self.kind.resource(self.table, setting)


def read_import(kind: ImportKind, content: bytes) -> ReadFile:
    """Read a file's bytes; refusals as ``read_table`` says."""
    table = read_table(content, kind.headings())
    seen = kind.look_over(table.rows) if kind.look_over else None
    return ReadFile(kind, table, {row.number: row for row in table.rows}, seen)


def run_import(read: ReadFile, *, dry_run: bool, **setting: Any) -> Iterator[Sequence[ImportedRow]]:
    """Judge, and unless ``dry_run`` write, a file from beginning to end; yield the rows chunk by chunk.

    ``setting`` is what ``ReadFile.resource`` takes. Each chunk is a transaction; a kind whose file goes in
    whole is one chunk, and one refused row keeps it out. A ``DomainError`` refuses the whole file.
    """
    rows = list(read.rows.values())
    size = len(rows) if read.kind.whole else CHUNK
    for start in range(0, len(rows), size):
        with transaction.atomic():
            yield work_rows(read, rows[start : start + size], dry_run=dry_run, **setting)


def work_rows(
    read: ReadFile, rows: Sequence[SourceRow], *, dry_run: bool, **setting: Any
) -> Sequence[ImportedRow]:
    """Judge rows and unless ``dry_run`` write those that may be written, in the caller's transaction."""
    resource = read.resource(**setting)
    judged = resource.judge(rows)
    for row in judged:
        row.settled = row.outcome
    held_back = read.kind.whole and any(row.is_refused for row in judged)
    if not dry_run and not held_back:
        chosen = [row for row in judged if row.settled in read.kind.writes]
        resource.apply(chosen)
        for row in chosen:
            if row.is_refused:
                row.settled = RowOutcome.REFUSED
    return judged


def describe_reading(table: Table) -> str:
    """Say how the file was read and what of it was left out."""
    parts = []
    if table.encoding:
        parts.append(_("文字编码 %s") % table.encoding)
    if table.sheet:
        parts.append(_("工作表“%s”") % table.sheet)
    if table.read_until:
        parts.append(_("第 %(row)s 行以下空了很多行，再往下没有读") % {"row": table.read_until})
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
    if len(numbers) <= limit:
        return shown
    return _("%(shown)s 等 %(count)s 行") % {"shown": shown, "count": len(numbers)}
