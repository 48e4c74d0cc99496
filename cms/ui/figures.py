"""Figures in words and in bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def hours(value: object) -> str:
    """``16`` or ``1.5``: class hours (45 minutes each) without trailing zeros."""
    number = _decimal(value)
    if number is None:
        return ""
    return f"{number:,f}".rstrip("0").rstrip(".") if number % 1 else f"{number:,.0f}"


def yuan(value: object) -> str:
    """``22,400.00``: money with two decimals; the unit stands in the column's head."""
    number = _decimal(value)
    return "" if number is None else f"{number:,.2f}"


def percent_of(value: object, whole: object) -> str:
    """``92.5%``; empty when there is no whole to compare with."""
    part, total = _decimal(value), _decimal(whole)
    if part is None or not total:
        return ""
    return f"{round(part * 100 / total, 1):f}".removesuffix(".0") + "%"


@dataclass(frozen=True)
class Segment:
    """A piece of a stacked bar; ``x`` and ``width`` are in thousandths of the bar."""

    tone: str
    x: str
    width: str


def segments(parts: Sequence[tuple[str, object]], gap: int = 6) -> list[Segment]:
    """Lay ``parts`` side by side over a width of 1000 with ``gap`` between; zeros take no room."""
    amounts = [(tone, _decimal(value) or Decimal(0)) for tone, value in parts]
    shown = [(tone, amount) for tone, amount in amounts if amount > 0]
    total = sum((amount for _, amount in shown), Decimal(0))
    room = 1000 - gap * max(0, len(shown) - 1)
    pieces, x = [], Decimal(0)
    for tone, amount in shown:
        width = amount * room / total
        pieces.append(Segment(tone, f"{x:.1f}", f"{width:.1f}"))
        x += width + gap
    return pieces
