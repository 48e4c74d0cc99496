"""The library that reads workbooks, set up for rosters: quick about their texts, and safe.

It would take a parser in pure Python that stops entities. Here they are refused before any parser sees
them (``formats.detect_format``), and expat stops what grows too far, so the standard library's parser,
twice as quick, is as safe.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import iterparse, parse

os.environ.setdefault("OPENPYXL_DEFUSEDXML", "False")  # the library asks when it is imported

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.workbook.workbook import Workbook
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

_ITEM, _TEXT = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t"))
_FORMATS, _CELLS = (
    f"{{{SHEET_MAIN_NS}}}{path}"
    for path in (f"numFmts/{{{SHEET_MAIN_NS}}}numFmt", f"cellXfs/{{{SHEET_MAIN_NS}}}xf")
)
# Built-in formats of days where Excel speaks Chinese (ECMA-376 part 1, 18.8.30): 31 is 1998年2月12日. The
# library knows those of English alone, and the day was a number of five digits.
_CHINESE_DAYS = frozenset({*range(27, 32), 36, *range(50, 55), 57, 58})
# What XML cannot hold stands in a text as _xHHHH_ (ECMA-376 part 1, 22.4.2.4).
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class _RosterReader(ExcelReader):
    """Reads the texts of all cells, of which a roster has a hundred thousand, at a tenth of the cost.

    Of styles it reads which are days: fonts, fills and the like that other programs write in their own way
    made the library refuse the whole file.
    """

    def read(self) -> None:
        """Read what a roster needs of the file's parts."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        self.read_custom()
        self.read_day_styles()
        self.read_worksheets()

    def read_day_styles(self) -> None:
        """Note which styles show a number as a day, and which as a length of time."""
        try:
            stream = self.archive.open(ARC_STYLE)
        except KeyError:
            return
        with stream:
            root: Any = parse(stream).getroot()  # noqa: S314  no entity comes as far as this
        codes = {int(one.get("numFmtId")): one.get("formatCode") for one in root.iterfind(_FORMATS)}
        formats = [int(style.get("numFmtId", 0)) for style in root.iterfind(_CELLS)]
        shown = [codes.get(one) or builtin_format_code(one) for one in formats]
        book: Any = self.wb  # untyped in the library's stubs
        book._date_formats = {
            at for at, one in enumerate(formats) if one in _CHINESE_DAYS or is_date_format(shown[at])
        }
        book._timedelta_formats = {at for at, code in enumerate(shown) if is_timedelta_format(code)}

    def read_strings(self) -> None:
        """Read the shared texts."""
        package: Any = self.package  # untyped in the library's stubs
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as stream:
            for _event, node in iterparse(stream):  # noqa: S314  no entity comes as far as this
                if node.tag == _ITEM:
                    self.shared_strings.append(_text_of(node))
                    node.clear()


def _text_of(node: Any) -> str:
    """Return a shared text as the library does; nearly all are one run without any format."""
    if len(node) == 1 and node[0].tag == _TEXT:
        content: str = node[0].text or ""
    else:
        formatted: Any = Text.from_tree(node)
        content = formatted.content
    return content


def unescaped(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield rows with their texts as people see them; the line break ``_x000D_`` and the like are escapes."""
    for row in rows:
        if any(isinstance(cell, str) and "_x" in cell for cell in row):
            yield [_ESCAPE.sub(_meant, cell) if isinstance(cell, str) else cell for cell in row]
        else:
            yield row


def _meant(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    if "\ud800" <= character <= "\udfff":
        return escape[0]  # half a character is none
    return character if character >= " " or character in "\t\n" else ""


def open_workbook(content: bytes) -> Any:
    """Return the library's workbook of a file that ``detect_format`` let pass; close it.

    Formulas stay formulas: the text "=…" in a cell is a fault to name, its cached value a guess. Raises
    what ``formats.BROKEN`` lists when the parts do not fit together.
    """
    reader = _RosterReader(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    reader.read()
    book: Workbook = reader.wb
    return book
