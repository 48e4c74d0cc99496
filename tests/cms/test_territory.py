"""What a region covers on a day: descendants, predecessors by date, chains, divisions, circles."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.territory import Succession, code_range, contains, gained, merged, places_of, territory

BEFORE, ON, AFTER = dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2027, 1, 1)
OLD, NEW, NEIGHBOUR = "990105000000", "990101000000", "990102000000"


def covers(codes: list[str], rows: list[Succession], on: dt.date, place: str) -> bool:
    return any(low <= place <= high for low, high in territory(codes, rows, on))


def test_a_county_covers_the_one_merged_into_it_from_that_day() -> None:
    rows = [Succession(OLD, NEW, ON)]
    for place in (OLD, "990105101000", "990105101203"):
        assert not covers([NEW], rows, BEFORE, place)
        assert covers([NEW], rows, ON, place)
        assert covers([NEW], rows, AFTER, place)
        assert not covers([NEIGHBOUR], rows, AFTER, place)
    assert covers(["990100000000"], rows, BEFORE, OLD), "their city had it all along"
    assert not covers(["990101101000"], rows, AFTER, OLD), "the county was merged, not this town"


def test_a_chain_is_followed_and_each_step_has_its_day() -> None:
    rows = [Succession("990106000000", OLD, ON), Succession(OLD, NEW, AFTER)]
    assert not covers([NEW], rows, ON, "990106101000")
    assert covers([OLD], rows, ON, "990106101000")
    assert covers([NEW], rows, AFTER, "990106101000")


def test_a_circle_ends() -> None:
    codes = [f"9901{number:02d}000000" for number in (1, 2, 3)]
    rows = [Succession(old, heir, ON) for old, heir in itertools.pairwise([*codes, codes[0]])]
    assert territory(codes[:1], rows, ON) == merged(code_range(code) for code in codes)
    assert places_of(codes[0], rows, ON) <= set(codes)


def test_a_village_that_moved_is_covered_by_its_new_town() -> None:
    old_town, new_town = "990101101000", "990101102000"
    rows = [Succession("990101101203", "990101102209", ON)]
    assert covers([new_town], rows, ON, "990101101203")
    assert not covers([new_town], rows, BEFORE, "990101101203")
    assert not covers([new_town], rows, ON, "990101101204"), "its neighbour stayed"
    assert covers([old_town], rows, ON, "990101101203"), "the old town answers for its time"
    assert not covers(["990101102208"], rows, ON, "990101101203")


def test_a_divided_county_is_inherited_in_parts() -> None:
    town, village = "990105102000", "990105101204"
    rows = [
        Succession(OLD, NEW, ON),  # what is left
        Succession(town, "990102103000", ON),  # a whole town to the neighbour
        Succession(village, "990103100201", ON),  # one village of another town to a third county
    ]
    assert covers([NEW], rows, ON, OLD) and covers([NEW], rows, ON, "990105101205")
    assert not covers([NEW], rows, ON, town) and not covers([NEW], rows, ON, "990105102201")
    assert not covers([NEW], rows, ON, village)
    assert covers([NEIGHBOUR], rows, ON, "990105102201") and not covers([NEIGHBOUR], rows, ON, OLD)
    assert covers(["990103000000"], rows, ON, village) and not covers(["990103000000"], rows, ON, town)
    assert places_of("990105102201", rows, ON) == {"990102103000"}
    assert places_of(village, rows, ON) == {"990103100201"}
    assert places_of("990105101205", rows, ON) == {NEW}
    assert places_of(village, rows, BEFORE) == {village}


def test_a_county_divided_without_parts_is_both_heirs() -> None:
    rows = [Succession(OLD, NEW, ON), Succession(OLD, NEIGHBOUR, ON)]
    assert covers([NEW], rows, ON, OLD) and covers([NEIGHBOUR], rows, ON, OLD)
    assert places_of(OLD, rows, ON) == {NEW, NEIGHBOUR}


@pytest.mark.parametrize("part", ["990105101000", "990105000000", "990105999999"])
def test_what_is_gained_and_what_was_there_is_everything(part: str) -> None:
    before, after = [code_range(part)], merged([code_range(OLD), code_range(part)])
    left = gained(before, after)
    assert merged([*left, *before]) == after
    assert not any(low <= code_range(part)[0] <= high for low, high in left)


_CODES = st.builds(
    lambda city, county, town, village: f"99{city}{county}{town}{village}",
    st.sampled_from(["01", "02"]),
    st.sampled_from(["00", "01", "02"]),
    st.sampled_from(["000", "101"]),
    st.sampled_from(["000", "201"]),
).filter(lambda code: code_range(code)[0] == code)
_DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 9))
_ROWS = st.lists(st.builds(Succession, _CODES, _CODES, _DAYS), max_size=8)


@given(st.lists(_CODES, min_size=1, max_size=3), _ROWS, _DAYS)
def test_a_territory_is_in_order_and_holds_what_was_granted(
    codes: list[str], rows: list[Succession], on: dt.date
) -> None:
    found = territory(codes, rows, on)
    assert all(low <= high for low, high in found)
    assert all(int(one[1]) + 1 < int(other[0]) for one, other in itertools.pairwise(found))
    for code in codes:
        low, high = code_range(code)
        assert any(one <= low and high <= other for one, other in found)


@given(st.lists(_CODES, min_size=1, max_size=3), _ROWS, _DAYS, _CODES)
def test_only_heirs_bring_anything(codes: list[str], rows: list[Succession], on: dt.date, place: str) -> None:
    """A place outside the grant is covered only if a chain of successions by that day leads from it inside."""
    if not covers(codes, rows, on, place):
        return
    reached, waiting = set[str](), {place}
    while waiting:
        here = waiting.pop()
        reached.add(here)
        waiting |= {
            row.successor for row in rows if row.on <= on and contains(row.predecessor, here)
        } - reached
    assert any(contains(code, one) for code in codes for one in reached)


@given(st.lists(_CODES, min_size=1, max_size=3), _ROWS, _DAYS)
def test_what_is_still_to_come_does_not_count(codes: list[str], rows: list[Succession], on: dt.date) -> None:
    past = [row for row in rows if row.on <= on]
    assert territory(codes, rows, on) == territory(codes, past, on)


@given(st.lists(_CODES, min_size=1, max_size=2), st.lists(_CODES, max_size=2), _ROWS, _DAYS)
def test_a_larger_grant_covers_no_less(
    codes: list[str], more: list[str], rows: list[Succession], on: dt.date
) -> None:
    small, large = territory(codes, rows, on), territory([*codes, *more], rows, on)
    assert all(any(one <= low and high <= other for one, other in large) for low, high in small)
