"""The library that reads workbooks, set up for rosters: quick about their texts, and safe.

It would take a parser in pure Python that stops entities. Here they are refused before any parser sees
them (``formats.detect_format``), and expat stops what grows too far, so the standard library's parser,
twice as quick, is as safe.
"""

from __future__ import annotations

import io
import os
from typing import Any
from xml.etree.ElementTree import iterparse

os.environ.setdefault("OPENPYXL_DEFUSEDXML", "False")  # the library asks when it is imported

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.workbook.workbook import Workbook
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

_ITEM, _TEXT = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t"))


class _RosterReader(ExcelReader):
    """Reads the texts of all cells, of which a roster has a hundred thousand, at a tenth of the cost."""

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
    return content.replace("x005F_", "")


def open_workbook(content: bytes) -> Any:
    """Return the library's workbook of a file that ``detect_format`` let pass; close it.

    Formulas stay formulas: the text "=…" in a cell is a fault to name, its cached value a guess. Raises
    what ``formats.BROKEN`` lists when the parts do not fit together.
    """
    reader = _RosterReader(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    reader.read()
    book: Workbook = reader.wb
    return book
