"""What the refresher clock reads: plain values, so that any past or future day can be asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from certificates.refreshers.enums import EarlyCompletion


@dataclass(frozen=True)
class Period:
    """Days in post, both ends inclusive; an open end is for ever."""

    start: dt.date
    end: dt.date | None = None


@dataclass(frozen=True)
class Completion:
    """A completed course that counts, on its local day."""

    on: dt.date
    course_title: str


@dataclass(frozen=True)
class RefresherFacts:
    """One person: periods in post and counted completions, in any order."""

    in_post: tuple[Period, ...]
    completions: tuple[Completion, ...] = ()


@dataclass(frozen=True)
class RuleVersion:
    """One version of the region's rule (months and days as integers)."""

    interval_months: int
    window_days: int
    grace_days: int
    early: EarlyCompletion
    valid_from: dt.date
    valid_until: dt.date | None = None
    document: str = ""
