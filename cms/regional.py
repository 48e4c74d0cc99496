"""Rules kept as rows by region and validity: find the one that holds for a place on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol, TypeVar

from cms.scope import code_range


class RegionalRule(Protocol):
    """A rule row: where and when it holds."""

    region_code: str
    valid_from: dt.date
    valid_until: dt.date | None


Rule = TypeVar("Rule", bound=RegionalRule)


def rule_for(rules: Iterable[Rule], region_code: str, on: dt.date) -> Rule | None:
    """Return the rule of the smallest region around ``region_code`` that holds ``on``; None if there is none."""
    best: Rule | None = None
    for rule in rules:
        low, high = code_range(rule.region_code)
        if not (low <= region_code <= high) or rule.valid_from > on:
            continue
        if rule.valid_until is not None and rule.valid_until < on:
            continue
        if best is None or _narrower(rule, best):
            best = rule
    return best


def _narrower(one: RegionalRule, other: RegionalRule) -> bool:
    width_one, width_other = _width(one.region_code), _width(other.region_code)
    return width_one < width_other or (width_one == width_other and one.valid_from > other.valid_from)


def _width(code: str) -> int:
    low, high = code_range(code)
    return int(high) - int(low)
