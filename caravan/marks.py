"""What mark holds and what it is worth: pure functions of the events, in any order and however often.

``docs/attendance.md`` has the decision table.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Protocol

from caravan.enums import EventKind, EventMethod, Mark

# What follows at one instant of the device's clock: a change comes after what it changes.
_RANK = {EventKind.MARK: 0, EventKind.CORRECTION: 1, EventKind.WITHDRAWAL: 2}
_STEP = Decimal("0.5")


class EventFacts(Protocol):
    """What a decision needs of an event; ``AttendanceEvent`` has it."""

    @property
    def client_id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def device_time(self) -> dt.datetime: ...


class CreditRule(Protocol):
    """What a mark is worth; ``AttendanceRule`` has it. Percent of the session's hours."""

    late_percent: int
    left_early_percent: int


@dataclass(frozen=True)
class DerivedMark:
    """The mark that holds; ``has_conflict`` says that two people marked differently and nobody decided."""

    mark: Mark
    method: EventMethod
    marked_at: dt.datetime
    is_late_entry: bool
    is_corrected: bool
    has_conflict: bool


def derive_mark(events: Iterable[EventFacts], *, late_after: dt.datetime | None = None) -> DerivedMark | None:
    """Return the mark that the events of one enrolment in one session amount to, or ``None``.

    In the order of the device's clock, then kind, then client id: what stands before the last withdrawal
    counts for nothing; after it the last correction decides; without one the **first** mark does, for a
    later mark that differs is a change and a change needs a reason. ``late_after``: a deciding event
    taken later than this is a late entry.
    """
    once = {event.client_id: event for event in events}
    ordered = sorted(once.values(), key=_order)
    standing: list[EventFacts] = []
    for event in ordered:
        if event.kind == EventKind.WITHDRAWAL:
            standing = []
        else:
            standing.append(event)
    if not standing:
        return None
    corrections = [event for event in standing if event.kind == EventKind.CORRECTION]
    decides = corrections[-1] if corrections else standing[0]
    return DerivedMark(
        mark=Mark(decides.mark),
        method=EventMethod(decides.method),
        marked_at=decides.device_time,
        is_late_entry=late_after is not None and decides.device_time > late_after,
        is_corrected=bool(corrections),
        has_conflict=not corrections and len({event.mark for event in standing}) > 1,
    )


def _order(event: EventFacts) -> tuple[dt.datetime, int, uuid.UUID]:
    return (event.device_time, _RANK[EventKind(event.kind)], event.client_id)


def credited_hours(mark: str, hours: Decimal, rule: CreditRule) -> Decimal:
    """Return the 学时 credited: all for 到, the rule's share for 迟到 and 早退, none else; down to 0.5 steps."""
    percent = {
        Mark.PRESENT: 100,
        Mark.LATE: rule.late_percent,
        Mark.LEFT_EARLY: rule.left_early_percent,
    }.get(Mark(mark), 0)
    steps = (hours * percent / 100 / _STEP).to_integral_value(rounding=ROUND_FLOOR)
    return steps * _STEP
