"""Which codes a place covers on a day: its descendants, and what was merged into it. Pure functions.

Codes are strings of 12 digits, so a region and everything below it is one range, and a territory is a few
of them. A fact keeps the code of its time; who may see it moves with the place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

CodeRange = tuple[str, str]
# Of rules that hold everywhere; no region has it.
NATION = "0" * 12


class Succession(NamedTuple):
    """``predecessor`` went over into ``successor`` on the day ``on``; both are 12-digit codes."""

    predecessor: str
    successor: str
    on: dt.date


def code_range(code: str) -> CodeRange:
    """Return the first and last 12-digit code below ``code`` (itself included).

    The code of zeros is the whole country.

    >>> code_range("990102000000")
    ('990102000000', '990102999999')
    >>> code_range("000000000000")
    ('000000000000', '999999999999')
    """
    if not code.strip("0"):
        return NATION, "9" * 12
    for end in (2, 4, 6, 9, 12):
        if set(code[end:]) <= {"0"}:
            return code[:end].ljust(12, "0"), code[:end].ljust(12, "9")
    return code, code


def contains(outer: str, inner: str) -> bool:
    """Say whether region ``inner`` is ``outer`` or lies below it by its code."""
    low, high = code_range(outer)
    return low <= inner <= high


def in_force(successions: Iterable[Succession], on: dt.date) -> list[Succession]:
    """Return the successions that have happened by ``on``, that day included."""
    return [row for row in successions if row.on <= on]


def territory(codes: Iterable[str], successions: Iterable[Succession], on: dt.date) -> tuple[CodeRange, ...]:
    """Return the ranges that ``codes`` cover on a day, in order, none overlapping another.

    1. Each code covers itself and everything below it.
    2. It covers every predecessor whose heir it covers, however many times over.
    3. An inherited region comes without the parts that went over by themselves: when a county was divided,
       a village that went to one neighbour is no business of the other's. Those parts follow their own heir.

    What lies below a code stays with it by rule 1 even after it went elsewhere: the office answers for
    what it decided at the time.
    """
    rows = in_force(successions, on)
    moved = sorted({row.predecessor for row in rows})
    ranges = [code_range(code) for code in set(codes)]
    waiting = rows
    while inherited := [row for row in waiting if _covered(row.successor, ranges)]:
        waiting = [row for row in waiting if row not in inherited]
        for old in {row.predecessor for row in inherited}:
            parts = [code_range(part) for part in moved if part != old and contains(old, part)]
            ranges += _without(code_range(old), parts)
    return merged(ranges)


def places_of(code: str, successions: Iterable[Succession], on: dt.date) -> frozenset[str]:
    """Return where a place of old lies on a day: its own code, or the heirs it went over into.

    The smallest region around it that went over decides; several heirs of one region all count. A circle
    of successions ends where it began.
    """
    rows = in_force(successions, on)
    found, waiting, seen = set(), {code}, set()
    while waiting:
        here = waiting.pop()
        seen.add(here)
        around = [row for row in rows if contains(row.predecessor, here)]
        if not around:
            found.add(here)
            continue
        narrowest = min((code_range(row.predecessor) for row in around), key=_width)
        waiting |= {row.successor for row in around if code_range(row.predecessor) == narrowest} - seen
    return frozenset(found or {code})


def gained(before: Iterable[CodeRange], after: Iterable[CodeRange]) -> tuple[CodeRange, ...]:
    """Return what ``after`` covers beyond ``before``; every range of ``before`` lies inside one of ``after``."""
    old = list(before)
    found: list[CodeRange] = []
    for low, high in after:
        found += _without((low, high), [part for part in old if low <= part[0] <= high])
    return tuple(found)


def merged(ranges: Iterable[CodeRange]) -> tuple[CodeRange, ...]:
    """Return the same codes in as few ranges as possible, in order."""
    found: list[CodeRange] = []
    for low, high in sorted(ranges):
        if found and int(low) <= int(found[-1][1]) + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _covered(code: str, ranges: Iterable[CodeRange]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _width(code_range: CodeRange) -> int:
    return int(code_range[1]) - int(code_range[0])


def _without(whole: CodeRange, parts: Iterable[CodeRange]) -> list[CodeRange]:
    """Cut ``parts`` out of ``whole``; each lies inside it, one may lie inside another."""
    left: list[CodeRange] = []
    low, end = int(whole[0]), int(whole[1])
    for part_low, part_high in merged(parts):
        if low < int(part_low):
            left.append((_code(low), _code(int(part_low) - 1)))
        low = int(part_high) + 1
    if low <= end:
        left.append((_code(low), _code(end)))
    return left


def _code(number: int) -> str:
    return f"{number:012d}"
