"""Make the file of an export: rows, mark, digest."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cms.enums import ExportFormat
from cms.errors import DomainError
from cms.exporting.columns import Column, Context
from cms.exporting.declarations import Export, filter_words
from cms.exporting.keys import Keys
from cms.exporting.rows import rows_of
from cms.exporting.writers import MOST_XLSX_ROWS, Book, Look, csv_lines

_PART = 1024 * 1024
_GUIDANCE = (
    "证件号码、电话、编号都是文本格式，请不要改成数字，否则末几位会丢失。",
    "日期写成 年-月-日，金额单位是元。",
    "导出的内容是导出那一刻的登记，以后的变动以系统里的为准。用完请删除，不要转发给无关的人。",
)
FILE_LANGUAGE = "zh-hans"


@dataclass(frozen=True)
class FileFacts:
    """What was made."""

    rows: int
    sha256: str
    size: int


@dataclass(frozen=True)
class Table:
    """A table about to be written: which rows, which columns, for whom, under which number."""

    export: Export
    keys: Keys
    columns: tuple[Column, ...]
    context: Context
    number: str

    @property
    def mark(self) -> str:
        """Who exported it, when, and under which number: in Chinese like the rest of the file."""
        when = timezone.localtime(self.context.at)
        return f"{self.context.user} {when:%Y-%m-%d %H:%M} 导出，编号 {self.number}"

    def file_name(self, form: ExportFormat) -> str:
        """Return a name that says what it is, when and by whom it was made, and its number."""
        when = timezone.localtime(self.context.at)
        with translation.override(FILE_LANGUAGE):
            parts = [str(self.export.title), f"{when:%Y%m%d-%H%M}", str(self.context.user), self.number]
        return (
            "-".join("".join(sign for sign in part if sign not in '\\/:*?"<>|') for part in parts)
            + f".{form}"
        )


def write_table(
    table: Table, form: ExportFormat, path: Path, after: Callable[[int], None] | None = None
) -> FileFacts:
    """Write the file to ``path``; refuses ``too_many_rows`` for what no worksheet holds.

    ``after`` hears how many rows are done after each batch.
    """
    if form == ExportFormat.XLSX and len(table.keys) > MOST_XLSX_ROWS:
        words = _("一张 Excel 表最多 %(most)s 行，请改用 CSV，或者分几次导出。") % {"most": MOST_XLSX_ROWS}
        raise DomainError("too_many_rows", words)
    with translation.override(FILE_LANGUAGE):
        rows = _Counted(rows_of(table.export, table.keys, table.columns, table.context, after=after))
        with path.open("wb") as target:
            if form == ExportFormat.CSV:
                target.writelines(csv_lines(table.columns, rows))
            else:
                _write_book(table, rows, target)
    return FileFacts(rows.count, _sha256(path), path.stat().st_size)


class _Counted:
    """Rows, counted as they pass."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _write_book(table: Table, rows: Iterable[Sequence[Any]], target: Any) -> None:
    title, user = str(table.export.title), table.context.user
    created: dt.datetime = timezone.localtime(table.context.at)
    with Book(target, title=title, created=created, mark=table.mark, author=str(user)) as book:
        book.table(table.export.sheet, table.columns, rows, Look(mark=table.mark))
        book.guide("说明", _explanations(table))


def _explanations(table: Table) -> list[str]:
    narrowed = [
        f"{label}：{value}"
        for label, value in filter_words(table.export, table.context.query, table.context.user)
    ]
    lines = [str(table.export.title), table.mark]
    lines.append("筛选：" + ("；".join(narrowed) or "无，能看到的都在"))
    if any(column.is_number for column in table.columns):
        lines.append(
            "证件号码：" + ("完整（限本机构、本辖区）" if table.context.in_clear else "只显示首末两位")
        )
    return [*lines, *_GUIDANCE, *table.export.notes]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
