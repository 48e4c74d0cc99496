"""One value, one cell: as XML of a worksheet and as a field of a CSV file.

No value can become a formula. In XLSX text is an in-line string, written as nothing else; in CSV, which has
no types, text that a spreadsheet would take for a formula gets an apostrophe (design §9).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cms.exporting.columns import FIGURES, Kind

# What begins a formula for a spreadsheet that reads CSV, behind apostrophes that are there already or not: the
# full-width signs too, which East Asian versions read as the narrow ones.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
# A cell holds no more; spreadsheets count UTF-16 units.
MOST_UNITS = 32767
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_UNHOLDABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_EDGE = " \t\n"

Writer = Callable[[Any], str]


def text_of(value: Any) -> str:
    """Return a value as text: days as 2026-03-24, moments as 2026-03-24 09:05 local time."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{local:%Y-%m-%d %H:%M}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def csv_text(value: Any) -> str:
    """Return text that no spreadsheet takes for a formula; :func:`csv_original` gives the value back."""
    text = text_of(value)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_original(text: str) -> str:
    """Return what :func:`csv_text` was given.

    >>> csv_original("'-2"), csv_original("'王秀英")
    ('-2', "'王秀英")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _csv_figure(value: Any) -> str:
    return "" if value in (None, "") else f"{_figure(value):f}"


def _csv_money(value: Any) -> str:
    return "" if value in (None, "") else f"{_figure(value):.2f}"


def csv_writer(kind: Kind) -> Writer:
    """Return what writes a value of ``kind`` into a CSV field."""
    if kind == Kind.MONEY:
        return _csv_money
    return _csv_figure if kind in FIGURES else csv_text


def _figure(value: Any) -> Decimal:
    figure = value if isinstance(value, Decimal) else Decimal(str(value))
    if not figure.is_finite():
        raise ValueError(f"{value!r} is no figure for a file")
    return figure


def escape(text: str) -> str:
    """Return ``text`` as the content of an element; what XML cannot hold is written as _xHHHH_, as Excel does."""
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    if found in _NAMED:
        return _NAMED[found]
    if len(found) > 1:  # looks like an escape and is none
        return f"_x005F{found}"
    code = ord(found)
    return "\ufffd" if code >= 0xD800 else f"_x{code:04X}_"


def plain_line(text: str) -> str:
    """Return ``text`` as the library may write it: nothing that XML cannot hold, nothing it takes for markup."""
    held = _UNHOLDABLE.sub("\ufffd", cut(text))
    return f"{held} " if held.startswith("<r>") else held


def cut(text: str, most: int = MOST_UNITS) -> str:
    """Return as much of ``text`` as a cell, or what else counts UTF-16 units, holds."""
    if len(text) <= most // 2:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units[: most * 2].decode("utf-16-le", "ignore") if len(units) > most * 2 else text


class XmlCells:
    """Writes values of one column as XML: ``cell(value, row)`` for the row with that number, counted from 1."""

    def __init__(self, letter: str, kind: Kind, styles: dict[Kind, int]) -> None:
        self._head = f'<c r="{letter}'
        self._kind = kind
        self._text = f'" s="{styles[Kind.TEXT]}" t="inlineStr"><is><t>'
        self._kept = f'" s="{styles[Kind.TEXT]}" t="inlineStr"><is><t xml:space="preserve">'
        self._blank = f'" s="{styles[Kind.TEXT]}"/>'
        self._number = f'" s="{styles[kind]}"><v>'
        self._whole = f'" s="{styles[Kind.WHOLE]}"><v>'

    def writer(self) -> Callable[[Any, int], str]:
        """Return the function for this column's kind."""
        return self._figure_cell if self._kind in FIGURES else self._text_cell

    def _text_cell(self, value: Any, row: int) -> str:
        text = value if type(value) is str else text_of(value)
        if not text:
            return f"{self._head}{row}{self._blank}"
        start = self._kept if text[0] in _EDGE or text[-1] in _EDGE or "\n" in text else self._text
        return f"{self._head}{row}{start}{escape(cut(text))}</t></is></c>"

    def _figure_cell(self, value: Any, row: int) -> str:
        if value is None or value == "":
            return f"{self._head}{row}{self._blank}"
        figure = _figure(value)
        whole = self._kind == Kind.NUMBER and figure == figure.to_integral_value()
        return f"{self._head}{row}{self._whole if whole else self._number}{figure:f}</v></c>"
