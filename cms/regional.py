"""Rules kept as rows by region and validity: find the one that holds for a place on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol, TypeVar

from cms.scope import code_range, succession_rows
from cms.territory import Succession, contains, places_of


class RegionalRule(Protocol):
    """A rule row: where and when it holds."""

    region_code: str
    valid_from: dt.date
    valid_until: dt.date | None


Rule = TypeVar("Rule", bound=RegionalRule)


def rule_for(
    rules: Iterable[Rule], region_code: str, on: dt.date, successions: Iterable[Succession] = ()
) -> Rule | None:
    """Return the rule of the smallest region around ``region_code`` that holds ``on``; None if there is none.

    With ``successions`` a place that has gone over into another region by then follows that one's rules.
    """
    places = places_of(region_code, successions, on)
    best: Rule | None = None
    for rule in rules:
        if rule.valid_from > on or not any(contains(rule.region_code, place) for place in places):
            continue
        if rule.valid_until is not None and rule.valid_until < on:
            continue
        if best is None or _narrower(rule, best):
            best = rule
    return best


def lies_in(region_code: str, outer: str, on: dt.date) -> bool:
    """Say whether a place, as written or where it has gone over to by ``on``, lies in ``outer``."""
    if contains(outer, region_code):
        return True
    return any(contains(outer, place) for place in places_of(region_code, succession_rows(), on))


def _narrower(one: RegionalRule, other: RegionalRule) -> bool:
    width_one, width_other = _width(one.region_code), _width(other.region_code)
    return width_one < width_other or (width_one == width_other and one.valid_from > other.valid_from)


def _width(code: str) -> int:
    low, high = code_range(code)
    return int(high) - int(low)
