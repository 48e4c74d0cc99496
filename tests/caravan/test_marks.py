"""The mark is a pure function of the events: the decision table, hours, and any order of arrival."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caravan.enums import EventKind, EventMethod, Mark
from caravan.marks import credited_hours, derive_mark
from tests.caravan.roll_world import moment

START = moment(14, 8, 30)


@dataclass(frozen=True)
class Event:
    kind: str
    mark: str
    minute: int
    number: int = 0
    method: str = EventMethod.ROLL_CALL

    @property
    def device_time(self) -> dt.datetime:
        return START + dt.timedelta(minutes=self.minute)

    @property
    def client_id(self) -> uuid.UUID:
        return uuid.UUID(int=self.number or hash((self.kind, self.mark, self.minute)) & 0xFFFF)


def said(text: str) -> list[Event]:
    """``"mark present 0, correction absent 5, withdrawal - 9"``"""
    events = []
    for number, part in enumerate(text.split(", "), start=1):
        kind, mark, minute = part.split()
        events.append(Event(kind, "" if mark == "-" else mark, int(minute), number))
    return events


@pytest.mark.parametrize(
    ("events", "mark", "corrected", "conflict"),
    [
        ("mark present 0", "present", False, False),
        ("mark present 0, mark present 5", "present", False, False),
        ("mark late 0, mark absent 5", "late", False, True),
        ("mark absent 0, correction leave 5", "leave", True, False),
        ("mark absent 0, correction leave 5, correction present 9", "present", True, False),
        ("mark absent 0, correction leave 5, mark present 9", "leave", True, False),
        ("correction present 5", "present", True, False),
        ("mark absent 5, correction present 5", "present", True, False),
        ("mark absent 0, withdrawal - 5", None, False, False),
        ("mark absent 0, withdrawal - 5, mark present 9", "present", False, False),
        ("mark absent 0, correction leave 3, withdrawal - 5, mark present 9", "present", False, False),
        ("withdrawal - 5, mark present 9", "present", False, False),
        ("withdrawal - 5, mark present 3", None, False, False),
    ],
)
def test_the_decision_table(events: str, mark: str | None, corrected: bool, conflict: bool) -> None:
    derived = derive_mark(said(events))
    if mark is None:
        assert derived is None
        return
    assert derived is not None
    assert (derived.mark, derived.is_corrected, derived.has_conflict) == (mark, corrected, conflict)


def test_no_event_is_no_mark() -> None:
    assert derive_mark([]) is None


def test_an_entry_after_the_limit_is_late_and_one_at_it_is_not() -> None:
    event = Event(EventKind.MARK, Mark.PRESENT, 60)
    for late_after, late in ((event.device_time, False), (event.device_time - dt.timedelta(seconds=1), True)):
        derived = derive_mark([event], late_after=late_after)
        assert derived is not None
        assert derived.is_late_entry is late


_events = st.lists(
    st.builds(
        lambda kind, mark, minute, number: Event(
            kind, "" if kind == EventKind.WITHDRAWAL else mark, minute, number
        ),
        st.sampled_from(EventKind),
        st.sampled_from(Mark),
        st.integers(0, 4),
        st.integers(1, 10**6),
    ),
    max_size=8,
    unique_by=lambda event: event.number,
)


@given(events=_events, data=st.data())
def test_any_order_and_repetition_gives_the_same_mark(events: list[Event], data: st.DataObject) -> None:
    repeated = events + [event for event in events if data.draw(st.booleans())]
    assert derive_mark(data.draw(st.permutations(repeated))) == derive_mark(events)


@dataclass(frozen=True)
class Rule:
    late_percent: int = 100
    left_early_percent: int = 100


@pytest.mark.parametrize(
    ("mark", "hours", "percent", "credited"),
    [
        (Mark.PRESENT, "4", 50, "4"),
        (Mark.LATE, "4", 100, "4"),
        (Mark.LATE, "4", 80, "3.0"),
        (Mark.LATE, "3", 50, "1.5"),
        (Mark.LATE, "0.5", 50, "0"),
        (Mark.LEFT_EARLY, "3.5", 75, "2.5"),
        (Mark.LEFT_EARLY, "4", 0, "0"),
        (Mark.LEAVE, "4", 100, "0"),
        (Mark.ABSENT, "4", 100, "0"),
    ],
)
def test_hours_are_credited_by_the_rule_down_to_half_hours(
    mark: Mark, hours: str, percent: int, credited: str
) -> None:
    assert credited_hours(mark, Decimal(hours), Rule(percent, percent)) == Decimal(credited)


@given(mark=st.sampled_from(Mark), halves=st.integers(0, 40), percent=st.integers(0, 100))
def test_credited_hours_are_half_steps_and_never_more_than_the_session(
    mark: Mark, halves: int, percent: int
) -> None:
    hours = Decimal(halves) / 2
    found = credited_hours(mark, hours, Rule(percent, percent))
    assert 0 <= found <= hours
    assert found % Decimal("0.5") == 0
