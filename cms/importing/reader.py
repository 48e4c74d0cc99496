"""Files to rows: sheet, header row under its titles, columns by their headings, rows with their numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cms.errors import DomainError
from cms.exporting.cells import csv_original
from cms.importing.formats import BROKEN, FileFormat, detect_format

MAX_ROWS = 50_000
MAX_COLUMNS = 100
# No column of ours takes more than 200 characters; what is cut here is refused there.
MAX_CELL = 300
HEADER_WITHIN = 30  # rows: titles, notes and the like stand above the header
# Excel keeps formatted but empty rows to the end of the sheet; nobody leaves such a gap in a roster.
MAX_BLANK_RUN = 1_000
_TOTALS = ("合计", "总计", "小计", "共计")
# An error workbook names the import that it corrects in this property of the file.
CORRECTS_PROPERTY = "caravan-import"

Cells = Sequence[Any]


@dataclass(frozen=True)
class Heading:
    """A column we know: the title our own template writes, and others seen in the field.

    ``hint`` and ``example`` stand in the template's guidance, ``choices`` become a drop-down.
    """

    field: str
    title: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    hint: str | Promise = ""
    example: str = ""
    choices: Callable[[], Sequence[str]] | None = None

    def names(self) -> set[str]:
        """Return every title of this column, normalised."""
        return {normalise_title(name) for name in (self.title, *self.synonyms)}


@dataclass(frozen=True)
class Column:
    """Where a known column stands in this file."""

    position: int
    title: str

    @property
    def letter(self) -> str:
        """Return the column's letter as Excel shows it."""
        from openpyxl.utils import get_column_letter  # the library is large: see ``_read_workbook``

        return str(get_column_letter(self.position + 1))


@dataclass(frozen=True)
class SourceRow:
    """One row of the file: its number as Excel shows it, and the values of the known columns."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True)
class SkippedRow:
    """A row that was not taken for data, and why: ``blank``, ``total`` or ``remark``."""

    number: int
    why: str


@dataclass
class Table:
    """What was read."""

    sheet: str
    encoding: str
    header_row: int
    columns: dict[str, Column]
    unknown: list[str]
    other_sheets: list[str] = field(default_factory=list)
    rows: list[SourceRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    # Behind this row so many empty ones follow that nothing below them was read; 0: all was.
    read_until: int = 0
    # What an error workbook says it corrects; nobody has checked it yet.
    corrects: str = ""


def normalise_title(text: Any) -> str:
    """Return a heading without blanks, stars, marks that nobody sees and full-width forms.

    >>> normalise_title(" 公民 身份号码＊ ")
    '公民身份号码'
    """
    plain = unicodedata.normalize("NFKC", str(text or ""))
    kept = (ch for ch in plain if not ch.isspace() and ch not in "*:." and unicodedata.category(ch) != "Cf")
    return "".join(kept).casefold()


def read_table(content: bytes, headings: Sequence[Heading]) -> Table:
    """Read the sheet whose header names the required headings; other sheets are named, not read.

    Refuses what ``detect_format`` refuses, and ``header_missing``, ``header_twice``, ``no_rows``,
    ``too_many_rows``, ``encoding_unknown`` and, of a CSV, ``row_too_wide``.
    """
    if detect_format(content) is FileFormat.XLSX:
        table = _read_workbook(content, headings)
    else:
        text, encoding = decode_text(content)
        if "\x00" in text:
            raise _broken_csv()
        read = _read_sheet("", _numbered(_csv_rows(text)), headings, ends_with_header=True)
        if isinstance(read, DomainError):
            raise read
        table = read
        table.encoding = encoding
    if not table.rows:
        raise DomainError("no_rows", _("表头下面没有要导入的行，请检查后重新上传。"), field="document")
    return table


def decode_text(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding; GB18030 decodes almost anything, so it comes last."""
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding), {"utf-8-sig": "UTF-8"}.get(encoding, encoding.upper())
        except UnicodeDecodeError:
            continue
    raise DomainError(
        "encoding_unknown", _("认不出文字编码，请在表格软件里另存为 .xlsx 再上传。"), field="document"
    )


def _csv_rows(text: str) -> Iterator[Cells]:
    head = text[:4096]
    delimiter = max(",\t;", key=head.count)
    try:
        # Strict: a quotation mark that nothing closes would swallow the rows behind it without a word.
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            # What our own export guarded against spreadsheets comes back as it was.
            yield [csv_original(cell) for cell in row]
    except csv.Error as error:
        raise _broken_csv() from error


def _broken_csv() -> DomainError:
    return DomainError("file_damaged", _("CSV 文件的格式不对，请另存为 .xlsx 再上传。"), field="document")


def _numbered(rows: Iterable[Cells]) -> Iterator[tuple[int, Cells]]:
    return enumerate((row[:MAX_COLUMNS] for row in rows), start=1)


def _read_workbook(content: bytes, headings: Sequence[Heading]) -> Table:
    # 12 MB that a process which reads no workbook does without.
    from cms.importing.spreadsheets import open_workbook

    try:
        book = open_workbook(content)
    except BROKEN as error:
        raise _damaged() from error
    try:
        table = _choose_sheet(book, headings)
        table.corrects = _corrects(book)
        return table
    except BROKEN as error:
        raise _damaged() from error
    finally:
        book.close()


def _damaged() -> DomainError:
    return DomainError("file_damaged", _("文件打不开，可能已损坏，请重新导出再上传。"), field="document")


def _corrects(book: Any) -> str:
    found = [one.value for one in book.custom_doc_props.props if one.name == CORRECTS_PROPERTY]
    return str(found[0])[:40] if found else ""


def _choose_sheet(book: Any, headings: Sequence[Heading]) -> Table:
    from cms.importing.spreadsheets import unescaped  # see ``_read_workbook``

    sheets = [
        sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and hasattr(sheet, "iter_rows")
    ]
    refusal = None
    for sheet in sheets:
        sheet.reset_dimensions()  # the written dimensions may be wrong
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        table = _read_sheet(sheet.title, _numbered(unescaped(rows)), headings)
        if isinstance(table, Table):
            table.other_sheets = [other.title for other in sheets if other is not sheet]
            return table
        refusal = refusal or table
    raise refusal or DomainError("file_empty", _("文件里没有工作表。"), field="document")


def _read_sheet(
    name: str,
    rows: Iterator[tuple[int, Cells]],
    headings: Sequence[Heading],
    *,
    ends_with_header: bool = False,
) -> Table | DomainError:
    """Return the table, or why this sheet is none (the caller may try another sheet).

    ``ends_with_header``: a row that goes on behind the last heading has lost its place in the columns.
    """
    best: tuple[int, list[str]] = (0, [heading.title for heading in headings if heading.required])
    for number, cells in rows:
        columns, twice = _columns(cells, headings)
        missing = [heading.title for heading in headings if heading.required and heading.field not in columns]
        if not missing and len(columns) >= 2:
            if twice:
                return DomainError(
                    "header_twice",
                    _("表头里有两列是同一项：%(titles)s。请只留一列。") % {"titles": "、".join(twice)},
                    field="document",
                )
            taken = {column.position for column in columns.values()}
            unknown = [_text(cell) for at, cell in enumerate(cells) if _text(cell) and at not in taken]
            table = Table(name, "", number, columns, unknown)
            _read_rows(table, rows, len(cells) if ends_with_header else MAX_COLUMNS)
            return table
        if len(columns) > best[0]:
            best = (len(columns), missing)
        if number >= HEADER_WITHIN:
            break
    text = _("没有找到表头。缺这几列：%(titles)s。") % {"titles": "、".join(best[1])}
    return DomainError("header_missing", text, field="document")


def _columns(cells: Cells, headings: Sequence[Heading]) -> tuple[dict[str, Column], list[str]]:
    known = {name: heading.field for heading in headings for name in heading.names()}
    columns: dict[str, Column] = {}
    twice = []
    for position, cell in enumerate(cells):
        found = known.get(normalise_title(cell)) if isinstance(cell, str) else None
        if found is None:
            continue
        if found in columns:
            twice.append(_text(cell))
        else:
            columns[found] = Column(position, _text(cell))
    return columns, twice


def _read_rows(table: Table, rows: Iterator[tuple[int, Cells]], width: int) -> None:
    blank_run = 0
    cut: dict[str, str] = {}
    places = [(name, column.position) for name, column in table.columns.items()]
    for number, cells in rows:
        count = len(cells)
        values = {name: _value(cells[at], cut) if at < count else None for name, at in places}
        why = _not_data(cells, [value for value in values.values() if value is not None])
        if why:
            blank_run = blank_run + 1 if why == "blank" else 0
            if blank_run > MAX_BLANK_RUN:
                table.read_until = number - blank_run
                break
            table.skipped.append(SkippedRow(number, why))
            continue
        blank_run = 0
        if count > width and any(_text(cell) for cell in cells[width:]):
            raise _too_wide(number)
        table.rows.append(SourceRow(number, values))
        if len(table.rows) > MAX_ROWS:
            text = _("超过 %(limit)s 行，请拆成几份上传。") % {"limit": MAX_ROWS}
            raise DomainError("too_many_rows", text, field="document")
    while table.skipped and table.skipped[-1].why == "blank" and _is_tail(table):
        table.skipped.pop()


def _too_wide(number: int) -> DomainError:
    text = _(
        "第 %(row)s 行比表头多出几格，各列可能错位了：格里有逗号的，请加上引号，或者另存为 .xlsx 再上传。"
    )
    return DomainError("row_too_wide", text % {"row": number}, field="document")


def _is_tail(table: Table) -> bool:
    """Empty rows after the last row of data are nobody's concern."""
    last = table.rows[-1].number if table.rows else table.header_row
    return table.skipped[-1].number > last


def _not_data(cells: Cells, known: list[Any]) -> str:
    """Say why a row is no data: its own columns are empty, it sums up, or it is a remark under the table."""
    if len(known) > 2:
        first = next((cell for cell in cells if cell is not None and cell != ""), "")
        return "total" if isinstance(first, str) and _is_total(first) else ""
    filled = [text for cell in cells if (text := _text(cell))]
    if filled and _is_total(filled[0]):
        return "total"
    if known:
        # A remark fills one cell and no other; a row of data fills several.
        return "remark" if len(filled) == 1 and not filled[0].isdigit() else ""
    # Nothing but a number in front: the lines of a form that nobody filled in.
    return "remark" if filled and not all(text.isdigit() for text in filled) else "blank"


def _is_total(text: str) -> bool:
    return "".join(text.split()).startswith(_TOTALS)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _value(value: Any, cut: dict[str, str]) -> Any:
    """Return a cell, empty ones as ``None``, formulas as their text, long text cut once however often it stands."""
    if isinstance(value, str):
        if not value or value.isspace():
            return None
        if len(value) > MAX_CELL:
            return cut.setdefault(value, value[:MAX_CELL])
        return value
    if value is None or isinstance(value, (int, float, dt.date, dt.time, dt.timedelta)):
        return value
    # Array and table formulas are objects of their own.
    return f"={getattr(value, 'text', None) or ''}"[:MAX_CELL]
