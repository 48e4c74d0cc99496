"""Who is due on a day: lines worst first, counts by state, and the share that is in time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from certificates.refreshers.enums import RefresherState
from certificates.refreshers.reading import RefresherLine, lines_on, periods_on
from cms.models import InPostPeriod, User
from cms.scope import in_ranges, territory_of

WORST_FIRST = (
    RefresherState.OVERDUE,
    RefresherState.IN_GRACE,
    RefresherState.DUE_SOON,
    RefresherState.CURRENT,
    RefresherState.NO_RULE,
)
IN_TIME = frozenset({RefresherState.CURRENT, RefresherState.DUE_SOON})


@dataclass(frozen=True)
class DueList:
    """Lines worst first. ``in_time`` of ``covered`` is the compliance rate; without a rule nobody is covered."""

    lines: Sequence[RefresherLine]
    counts: dict[RefresherState, int]

    @property
    def covered(self) -> int:
        """People in post for whom a rule holds."""
        return sum(count for state, count in self.counts.items() if state != RefresherState.NO_RULE)

    @property
    def in_time(self) -> int:
        """People whose due day has not passed."""
        return sum(count for state, count in self.counts.items() if state in IN_TIME)


def periods_of(user: User | None, on: dt.date, region_code: str = "") -> QuerySet[InPostPeriod]:
    """Return who is in post ``on`` a day as ``user`` may see it (all, for the operator's command)."""
    rows = InPostPeriod.objects.current()
    if user is not None:
        rows = rows.visible_to(user)
    where = periods_on(on)
    if region_code:
        where &= in_ranges("region_code", territory_of([region_code], on))
    return rows.filter(where).select_related("person", "organisation")


def due_list(periods: Iterable[InPostPeriod], on: dt.date) -> DueList:
    """Ask the clock for everybody in ``periods``; a fixed number of queries."""
    lines = sorted(lines_on(periods, on), key=_urgency)
    found = Counter(line.status.state for line in lines)
    return DueList(lines, {state: found[state] for state in WORST_FIRST})


def _urgency(line: RefresherLine) -> tuple[int, dt.date, str, int]:
    state = line.status.state
    place = WORST_FIRST.index(state) if state in WORST_FIRST else len(WORST_FIRST)
    return place, line.status.due_on or dt.date.max, line.person.legal_name, line.person.pk
