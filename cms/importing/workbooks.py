"""Workbooks of the import kit: templates to fill in, and what was refused with its wrong cells marked."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_col_to_name

from cms.importing.findings import Finding
from cms.importing.kinds import ImportKind
from cms.importing.reader import CORRECTS_PROPERTY, Heading, SourceRow, Table

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EMPTY_ROWS = 1_000  # so many rows of a template are prepared as text
_GUIDANCE = "填表说明"
_WORDS = "选项"
_WIDTH = 18
_WRONG, _NOTED, _HEAD, _REQUIRED = "#FFC7CE", "#FFEB9C", "#E7EFE6", "#C9DDC6"
_COMMENT_LIMIT = 900


def write_template(kind: ImportKind) -> bytes:
    """Return an empty workbook to fill in: text columns, drop-downs and a sheet of guidance."""
    headings = list(kind.headings())
    with _workbook() as (book, content):
        writer = _Sheets(book, headings)
        writer.table(str(kind.label), [heading.title for heading in headings], EMPTY_ROWS)
        writer.guidance(kind)
        writer.words()
    return content.getvalue()


def write_errors(
    kind: ImportKind,
    table: Table,
    rows: Sequence[tuple[SourceRow, Sequence[Finding]]],
    *,
    corrects: str,
) -> bytes:
    """Return rows as they stood, each wrong cell coloured and with a comment, to correct and send alone.

    Every column that is read is there, under the template's title; ``corrects`` lets the reader know which import
    the corrected workbook belongs to. What is wrong with a row as a whole stands at its first cell.
    """
    headings = list(kind.headings())
    with _workbook() as (book, content):
        book.set_custom_property(CORRECTS_PROPERTY, corrects)
        writer = _Sheets(book, headings)
        sheet = writer.table(str(kind.label), [heading.title for heading in headings], len(rows) + 100)
        for at, (source, findings) in enumerate(rows, start=1):
            _write_row(writer, sheet, at, source, findings)
        writer.guidance(kind, _("有底色的格要改：红色不改不能导入，黄色请看一眼。格上的批注写着原因和建议。"))
        writer.words()
    return content.getvalue()


def _write_row(writer: _Sheets, sheet: Any, at: int, source: SourceRow, findings: Sequence[Finding]) -> None:
    by_field: dict[str, list[Finding]] = {}
    known = {heading.field for heading in writer.headings}
    for one in findings:
        by_field.setdefault(one.field if one.field in known else writer.headings[0].field, []).append(one)
    for position, heading in enumerate(writer.headings):
        value = as_text(source.values.get(heading.field))
        found = by_field.get(heading.field, [])
        sheet.write_string(at, position, value, writer.format_for(found))
        if found:
            sheet.write_comment(at, position, comment_on(source.number, value, found), {"x_scale": 2})


def comment_on(row: int, value: str, findings: Sequence[Finding]) -> str:
    """Return what a wrong cell's comment says: where it stood, what stood there, why it is wrong, what to do."""
    where = _("原文件第 %(row)s 行。") % {"row": row}
    lines = [where, _("原来写的“%(value)s”。") % {"value": value} if value else _("原来没有填。")]
    lines += [f"{one.message}{one.suggestion}" for one in findings]
    return "\n".join(lines)[:_COMMENT_LIMIT]


def as_text(value: Any) -> str:
    """Return a cell's value as a text cell shows it; a day without its midnight."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


@contextmanager
def _workbook() -> Iterator[tuple[Any, io.BytesIO]]:
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        yield book, content


class _Sheets:
    """The three sheets of a workbook that people fill in."""

    def __init__(self, book: Any, headings: Sequence[Heading]) -> None:
        self.book = book
        self.headings = headings
        self.text = book.add_format({"num_format": "@"})
        self.wrong = book.add_format({"num_format": "@", "bg_color": _WRONG, "border": 1})
        self.noted = book.add_format({"num_format": "@", "bg_color": _NOTED, "border": 1})
        self.choices = [
            (position, words)
            for position, heading in enumerate(headings)
            if heading.choices is not None and (words := list(heading.choices()))
        ]

    def format_for(self, findings: Sequence[Finding]) -> Any:
        """Return the format of a cell with these findings."""
        if any(one.is_error for one in findings):
            return self.wrong
        return self.noted if findings else self.text

    def table(self, name: str, titles: Sequence[str], rows: int) -> Any:
        """Add the sheet with the header, text columns and drop-downs."""
        sheet = self.book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(titles) - 1, _WIDTH, self.text)
        for position, (title, heading) in enumerate(zip(titles, self.headings, strict=True)):
            colour = _REQUIRED if heading.required else _HEAD
            style = {"bold": True, "bg_color": colour, "border": 1, "text_wrap": True, "num_format": "@"}
            sheet.write_string(0, position, title, self.book.add_format(style))
        for column, (position, words) in enumerate(self.choices):
            letter = xl_col_to_name(column, col_abs=True)
            sheet.data_validation(
                1,
                position,
                rows,
                position,
                {
                    "validate": "list",
                    "source": f"={_WORDS}!{letter}$1:{letter}${len(words)}",
                    # Several categories in one cell are no word of the list.
                    "error_type": "information",
                    "error_title": _("不在可选的词里"),
                    "error_message": _("可以从下拉里选；填了别的词，上传时会检查。"),
                },
            )
        return sheet

    def guidance(self, kind: ImportKind, first: str = "") -> None:
        """Add the sheet that says how to fill in; the reader leaves it alone."""
        sheet = self.book.add_worksheet(_GUIDANCE)
        wrapped = self.book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        bold = self.book.add_format({"bold": True, "bg_color": _HEAD, "border": 1})
        sheet.set_column(0, 0, 20, wrapped)
        sheet.set_column(1, 1, 60, wrapped)
        sheet.set_column(2, 2, 30, wrapped)
        lines = [line for line in (first, *map(str, kind.guidance)) if line]
        for at, line in enumerate(lines):
            sheet.merge_range(at, 0, at, 2, line, wrapped)
        begin = len(lines) + 1
        for column, title in enumerate((_("说明哪一列"), _("怎么填"), _("例子"))):
            sheet.write_string(begin, column, title, bold)
        for at, heading in enumerate(self.headings, start=begin + 1):
            must = _("必填。") if heading.required else ""
            sheet.write_string(at, 0, heading.title, wrapped)
            sheet.write_string(at, 1, f"{must}{heading.hint}", wrapped)
            sheet.write_string(at, 2, heading.example, wrapped)

    def words(self) -> None:
        """Add the hidden sheet that the drop-downs read."""
        sheet = self.book.add_worksheet(_WORDS)
        sheet.hide()
        for column, (_position, words) in enumerate(self.choices):
            for at, word in enumerate(words):
                sheet.write_string(at, column, word)
