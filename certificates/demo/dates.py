"""The days of the demo world, counted from the day it is loaded: pure, so that any day can be tried.

Nothing here asks a clock. Months are counted as the refresher clock and the subsidy rules count them, so
the cases stand on their boundaries on every day of the calendar, 29 February included.
"""

from __future__ import annotations

import datetime as dt
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass

from certificates.refreshers.enums import RefresherState
from cms.dates import add_months

# The rules the cases are made for: the province's, and the neighbour county's with days of grace.
INTERVAL_MONTHS = 24
WINDOW_DAYS = 90
GRACE_DAYS = 30
CLAIM_MONTHS = 12


@dataclass(frozen=True)
class Spell:
    """Days in post, both inclusive; ``place`` is ``county``, ``grace`` or ``no_rule``."""

    start: dt.date
    end: dt.date | None = None
    place: str = "county"


@dataclass(frozen=True)
class WorkerCase:
    """One worker on one side of a boundary; ``state`` is what the clock must say on the day of loading.

    Without a ``state`` it depends on the day (who began on 29 February).
    """

    key: str
    spells: tuple[Spell, ...]
    state: RefresherState | None
    refreshed_on: dt.date | None = None


def day_before_months(day: dt.date, months: int) -> dt.date:
    """Return the day from which ``months`` lead to ``day``, or to the day after where none leads there.

    Nothing that began two years before leads to 29 February.

    >>> day_before_months(dt.date(2026, 11, 22), 24), day_before_months(dt.date(2028, 2, 29), 24)
    (datetime.date(2024, 11, 22), datetime.date(2026, 3, 1))
    """
    start = add_months(day, -months)
    return start if add_months(start, months) == day else start + dt.timedelta(days=1)


def last_leap_day(today: dt.date) -> dt.date:
    """Return the latest 29 February that is at least a day ago.

    >>> last_leap_day(dt.date(2028, 2, 29)), last_leap_day(dt.date(2028, 3, 1))
    (datetime.date(2024, 2, 29), datetime.date(2028, 2, 29))
    """
    year = today.year
    while not (isleap(year) and dt.date(year, 2, 29) < today):
        year -= 1
    return dt.date(year, 2, 29)


def is_met(due_on: dt.date) -> bool:
    """Say whether a start exists from which the interval leads to this very day."""
    return add_months(add_months(due_on, -INTERVAL_MONTHS), INTERVAL_MONTHS) == due_on


# Key, due day from the day of loading, answer; the employer's own county.
_DUE = (
    ("window_opens_tomorrow", WINDOW_DAYS + 1, RefresherState.CURRENT),
    ("window_opens_today", WINDOW_DAYS, RefresherState.DUE_SOON),
    ("window_opened_yesterday", WINDOW_DAYS - 1, RefresherState.DUE_SOON),
    ("due_in_a_month", 30, RefresherState.DUE_SOON),
    ("due_tomorrow", 1, RefresherState.DUE_SOON),
    ("due_today", 0, RefresherState.DUE_SOON),
    ("due_yesterday", -1, RefresherState.OVERDUE),
    ("overdue_a_month", -31, RefresherState.OVERDUE),
    ("overdue_over_a_year", -400, RefresherState.OVERDUE),
)
_GRACE = (
    ("grace_begins", -1, RefresherState.IN_GRACE),
    ("grace_ends_today", -GRACE_DAYS, RefresherState.IN_GRACE),
    ("grace_over", -GRACE_DAYS - 1, RefresherState.OVERDUE),
)
_REFRESHED = (
    ("refreshed_window_opens_today", WINDOW_DAYS, RefresherState.DUE_SOON),
    ("refreshed_due_today", 0, RefresherState.DUE_SOON),
    ("refreshed_due_yesterday", -1, RefresherState.OVERDUE),
)


def worker_cases(today: dt.date) -> list[WorkerCase]:
    """Return every boundary of the refresher clock as it stands ``today``."""
    return [*_by_start(today), *_by_refresher(today), *_by_post(today)]


def _by_start(today: dt.date) -> Iterator[WorkerCase]:
    for place, cases in (("county", _DUE), ("grace", _GRACE)):
        for key, offset, state in cases:
            due_on = today + dt.timedelta(days=offset)
            start = day_before_months(due_on, INTERVAL_MONTHS)
            yield WorkerCase(key, (Spell(start, place=place),), state if is_met(due_on) else None)
    yield WorkerCase("began_29_february", (Spell(last_leap_day(today)),), None)


def _by_refresher(today: dt.date) -> Iterator[WorkerCase]:
    long_ago = Spell(today - dt.timedelta(days=2200))
    for key, offset, state in _REFRESHED:
        due_on = today + dt.timedelta(days=offset)
        done_on = day_before_months(due_on, INTERVAL_MONTHS)
        yield WorkerCase(key, (long_ago,), state if is_met(due_on) else None, done_on)
    yield WorkerCase("refreshed_29_february", (long_ago,), None, last_leap_day(today))


def _by_post(today: dt.date) -> Iterator[WorkerCase]:
    def day(before: int) -> dt.date:
        return today - dt.timedelta(days=before)

    yield WorkerCase("begins_today", (Spell(today),), RefresherState.CURRENT)
    yield WorkerCase("begins_tomorrow", (Spell(day(-1)),), RefresherState.NOT_COVERED)
    yield WorkerCase("left_yesterday", (Spell(day(900), day(1)),), RefresherState.NOT_COVERED)
    yield WorkerCase("leaves_today", (Spell(day(900), today),), RefresherState.OVERDUE)
    # Ended on one day and begun on the next: one unbroken time in post.
    yield WorkerCase(
        "changed_employer", (Spell(day(1000), day(101)), Spell(day(100))), RefresherState.OVERDUE
    )
    yield WorkerCase("came_back", (Spell(day(1500), day(800)), Spell(day(100))), RefresherState.CURRENT)
    yield WorkerCase("two_employers", (Spell(day(300)), Spell(day(200))), RefresherState.CURRENT)
    yield WorkerCase("works_elsewhere", (Spell(day(800), place="no_rule"),), RefresherState.NO_RULE)


def issued_for_deadline(deadline: dt.date) -> dt.date:
    """Return the day of issue whose last day to claim is ``deadline``, or the day after where none is.

    >>> issued_for_deadline(dt.date(2028, 2, 29))
    datetime.date(2027, 3, 1)
    """
    return day_before_months(deadline, CLAIM_MONTHS)


def issued_too_early(on: dt.date) -> dt.date:
    """Return the latest day of issue for which ``on`` is after the last day to claim.

    >>> issued_too_early(dt.date(2028, 3, 1)), issued_too_early(dt.date(2029, 3, 1))
    (datetime.date(2027, 2, 28), datetime.date(2028, 2, 29))
    """
    issued = add_months(on, -CLAIM_MONTHS) + dt.timedelta(days=1)
    while add_months(issued, CLAIM_MONTHS) >= on:
        issued -= dt.timedelta(days=1)
    return issued


@dataclass(frozen=True)
class ClassDays:
    """When a class was opened, filed, filled, taught and closed: days from the day of loading."""

    opened: int
    starts: int
    days: int

    @property
    def filed(self) -> int:
        """An hour after it was opened."""
        return self.opened

    @property
    def enrolled(self) -> int:
        """The day after it was filed."""
        return self.opened + 1

    @property
    def ends(self) -> int:
        """The last day of teaching."""
        return self.starts + self.days - 1

    @property
    def closed(self) -> int:
        """The day after the last."""
        return self.ends + 1


# Everything that happens, before what is told on the day itself.
FIRST_DAY = -90
ROSTERS = -88
CLASSES: dict[str, ClassDays] = {
    "first_aid": ClassDays(-80, -70, 2),
    "refresher": ClassDays(-65, -55, 2),
    "rival_closed": ClassDays(-50, -40, 6),
    "story": ClassDays(-50, -30, 6),
    "not_issued": ClassDays(-30, -20, 6),
    "assessing": ClassDays(-20, -9, 6),
    "running": ClassDays(-20, -4, 18),
    "rival_running": ClassDays(-15, -2, 6),
    "tour_liulin": ClassDays(-12, 6, 2),
    "tour_shuangqiao": ClassDays(-12, 10, 6),
    "tour_yunling": ClassDays(-12, 17, 2),
    "rival_filed": ClassDays(-8, 9, 6),
    "cancelled": ClassDays(-14, 25, 2),
    "draft": ClassDays(-3, 14, 20),
    "rival_draft": ClassDays(-2, 50, 6),
    "submitted": ClassDays(-3, 70, 20),
    "returned": ClassDays(-5, 100, 14),
}
