"""THE writers of the project: tables as XLSX and as CSV, row by row, in constant memory."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from cms.exporting.cells import XmlCells, csv_text, csv_writer, cut, plain_line
from cms.exporting.columns import Column, Kind
from cms.exporting.scratch import scratch_folder

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
# A worksheet has 1 048 576 rows, one of them the header.
MOST_XLSX_ROWS = 1_048_575
# More would be faster by nothing that shows, and take memory for it.
_ROWS_AT_ONCE = 200
# Inside a footer "&" begins a code, and Excel takes no more than 255 characters.
_FOOTER = 200
_A4_COLUMNS = 8
_PAPER_A3, _PAPER_A4 = 8, 9

Rows = Iterable[Sequence[Any]]


def csv_lines(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """Yield a CSV file: UTF-8 with BOM, the header at once, then some hundred rows at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([csv_text(column.title) for column in columns])
    yield b"\xef\xbb\xbf" + buffer.getvalue().encode()
    fields = [csv_writer(column.kind) for column in columns]
    source = iter(rows)
    while chunk := list(islice(source, _ROWS_AT_ONCE)):
        buffer.seek(0)
        buffer.truncate()
        writer.writerows([field(value) for field, value in zip(fields, row, strict=True)] for row in chunk)
        # A lone half of a character is nothing that a file can hold.
        yield buffer.getvalue().encode("utf-8", "replace")


class _TableSheet(Worksheet):
    """A worksheet that takes rows as XML.

    The library's own way costs six microseconds a cell and takes any text in ``<r>…</r>`` for markup of its
    own; ours costs one and can write nothing but strings and numbers.
    """

    def write_table(self, first: int, width: int, lines: Iterator[str]) -> int:
        """Write rows from the index ``first`` on; return how many."""
        self._write_single_row(first)  # what was written before goes out
        count = 0
        while chunk := list(islice(lines, _ROWS_AT_ONCE)):
            self.row_data_fh.write("".join(chunk))
            count += len(chunk)
        if count:
            self._check_dimensions(first, 0)
            self._check_dimensions(first + count - 1, width - 1)
        self.previous_row = first + count
        return count


@dataclass(frozen=True)
class Look:
    """What stands around a table: lines above and below it, and the mark in the footer of every page."""

    lead: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mark: str = ""


class Book:
    """An XLSX being written to ``target``; the same input gives the same bytes. Close it by ``with``."""

    def __init__(
        self, target: IO[bytes], *, title: str, created: dt.datetime, mark: str = "", author: str = ""
    ) -> None:
        self._scratch = ExitStack()
        folder = self._scratch.enter_context(scratch_folder())
        # Everything comes from us and nothing is looked at for formulas, links or numbers.
        options = {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "use_zip64": True,
        }
        self._book = xlsxwriter.Workbook(target, options)
        facts = {"title": title, "comments": mark, "author": author}
        written = {name: plain_line(text) for name, text in facts.items()}
        self._book.set_properties({**written, "created": created.replace(tzinfo=None)})
        base = {"font_name": "宋体", "font_size": 10, "border": 1, "valign": "vcenter"}
        right = {**base, "align": "right"}
        centred = {**base, "bold": True, "bg_color": "#EFEDE6", "text_wrap": True, "align": "center"}
        self._head = self._book.add_format(centred)
        self._title = self._book.add_format({"bold": True, "font_size": 14})
        text = self._book.add_format({**base, "num_format": "@", "text_wrap": True})
        formats = {
            Kind.TEXT: text,
            Kind.DATE: text,
            Kind.MOMENT: text,
            Kind.WHOLE: self._book.add_format({**right, "num_format": "0"}),
            Kind.NUMBER: self._book.add_format({**right, "num_format": "0.#"}),
            Kind.MONEY: self._book.add_format({**right, "num_format": "#,##0.00"}),
        }
        self._styles = {kind: one._get_xf_index() for kind, one in formats.items()}

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._book.close()
            else:
                for sheet in self._book.worksheets():
                    sheet._opt_close()  # its part lies in the temporary folder
        finally:
            self._scratch.close()

    def table(self, name: str, columns: Sequence[Column], rows: Rows, look: Look | None = None) -> int:
        """Add a sheet with a header that stays in sight; return how many rows were written."""
        look = look or Look()
        sheet = self._book.add_worksheet(name, worksheet_class=_TableSheet)
        self._page(sheet, columns, look)
        for line, text in enumerate(look.lead):
            sheet.write_string(line, 0, plain_line(text), None if line else self._title)
        head = len(look.lead) + 1 if look.lead else 0
        sheet.set_row(head, 30)
        for place, column in enumerate(columns):
            sheet.write_string(head, place, plain_line(column.title), self._head)
        sheet.freeze_panes(head + 1, 0)
        count = int(sheet.write_table(head + 1, len(columns), self._lines(columns, rows, head + 2)))
        for line, text in enumerate(look.notes, start=head + count + 2):
            sheet.write_string(line, 0, plain_line(text))
        return count

    def guide(self, name: str, lines: Iterable[str]) -> None:
        """Add a sheet of plain lines."""
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, 0, 90)
        for line, text in enumerate(lines):
            sheet.write_string(line, 0, plain_line(text))

    def _page(self, sheet: Any, columns: Sequence[Column], look: Look) -> None:
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        sheet.set_landscape()
        sheet.set_paper(_PAPER_A3 if len(columns) > _A4_COLUMNS else _PAPER_A4)  # twenty on A4 cannot be read
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(len(look.lead) + 1 if look.lead else 0)
        if look.mark:
            mark = cut(plain_line(look.mark).replace("&", "&&"), _FOOTER)
            mark += "&" * (mark.count("&") % 2)  # the cut may have parted a pair
            sheet.set_footer(f"&L{mark}&R第 &P 页，共 &N 页")

    def _lines(self, columns: Sequence[Column], rows: Rows, first: int) -> Iterator[str]:
        cells = [
            XmlCells(xl_col_to_name(place), column.kind, self._styles).writer()
            for place, column in enumerate(columns)
        ]
        for number, row in enumerate(rows, start=first):
            written = [cell(value, number) for cell, value in zip(cells, row, strict=True)]
            yield f'<row r="{number}">{"".join(written)}</row>'
