"""The library that reads workbooks, set up for rosters: quick about their texts, and safe.

It would take a parser in pure Python that stops entities. Here they are refused before any parser sees
them (``formats.detect_format``), in every part whose name is that of XML; no other part is opened. As expat
stops what grows too far besides, the standard library's parser, twice as quick, is as safe.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any
from xml.etree.ElementTree import iterparse, parse
from zipfile import ZipFile, ZipInfo

os.environ.setdefault("OPENPYXL_DEFUSEDXML", "False")  # the library asks when it is imported

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.workbook.workbook import Workbook
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

from cms.importing.formats import MAX_SHARED_TEXT, MAX_SHARED_TEXTS, is_xml

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


class _CheckedParts(ZipFile):
    """A workbook's archive without what was not looked at: a workbook may call any part its sheet."""

    def open(self, name: str | ZipInfo, mode: Any = "r", *args: Any, **kwargs: Any) -> IO[bytes]:
        """Open a part; ``OSError``, as for one that cannot be read, where its name is not that of XML."""
        if not is_xml(name if isinstance(name, str) else name.filename):
            raise OSError("no part of a workbook that is read")
        return super().open(name, mode, *args, **kwargs)


class _RosterReader(ExcelReader):
    """Reads the texts of all cells, of which a roster has a hundred thousand, at a tenth of the cost.

    Of styles it reads which are days: fonts, fills and the like that other programs write in their own way
    made the library refuse the whole file.
    """

    def __init__(self, content: bytes) -> None:
        # Formulas stay formulas: the text "=…" in a cell is a fault to name, its cached value a guess.
        super().__init__(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        self.archive = _CheckedParts(io.BytesIO(content))

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
        """Read the shared texts; ``OSError`` where they are more than a roster has, whatever their part is called."""
        package: Any = self.package  # untyped in the library's stubs
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        name = part.PartName[1:]
        if self.archive.getinfo(name).file_size > MAX_SHARED_TEXT:
            raise OSError("more text than a roster has")
        with self.archive.open(name) as stream:
            events = iterparse(stream, ("start", "end"))  # noqa: S314  no entity comes as far as this
            _event, root = next(events)
            for event, node in events:
                if event == "end" and node.tag == _ITEM:
                    self._add_string(_text_of(node))
                    root.clear()  # an emptied one would still be kept there

    def _add_string(self, text: str) -> None:
        if len(self.shared_strings) >= MAX_SHARED_TEXTS:
            raise OSError("more texts than a roster has")
        self.shared_strings.append(text)


def _text_of(node: Any) -> str:
    """Return a shared text as the library does; nearly all are one run without any format."""
    if len(node) == 0:
        return ""
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

    Raises what ``formats.BROKEN`` lists when the parts do not fit together.
    """
    reader = _RosterReader(content)
    reader.read()
    book: Workbook = reader.wb
    return book
