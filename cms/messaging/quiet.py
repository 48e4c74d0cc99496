"""Quiet hours: at night no phone rings; what is due then waits for the morning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from django.utils import timezone

from cms.models import QuietHours
from cms.regional import rule_for


class Hours(Protocol):
    """Local times between which nothing is sent; over midnight when the first is the later one."""

    @property
    def starts(self) -> dt.time: ...

    @property
    def ends(self) -> dt.time: ...


class _Usual:
    """Where no region set its own: 21:00 to 8:00."""

    starts = dt.time(21)
    ends = dt.time(8)


USUAL: Hours = _Usual()


def quiet_rules() -> list[QuietHours]:
    """Return all rules (one query); ``after_quiet`` picks the one that holds."""
    return list(QuietHours.objects.order_by("region_code", "valid_from"))


def after_quiet(moment: dt.datetime, rules: Sequence[QuietHours], region_code: str) -> dt.datetime:
    """Return ``moment``, or the end of the quiet hours it lies in; the day's own rule decides for each day."""
    found = moment
    # A new rule may begin at midnight with other hours; it ends, because each step goes forward.
    for _step in range(4):
        hours = hours_on(rules, region_code, timezone.localdate(found))
        end = _end_of_quiet(timezone.localtime(found), hours)
        if end is None:
            return found
        found = end
    return found


def hours_on(rules: Sequence[QuietHours], region_code: str, on: dt.date) -> Hours:
    """Return the quiet hours of a place on a day: those of the smallest region that has some, else the usual."""
    own = rule_for(rules, region_code, on) if region_code else None
    return own or USUAL


def _end_of_quiet(local: dt.datetime, hours: Hours) -> dt.datetime | None:
    """Return when the quiet around ``local`` ends, or ``None`` when it is not quiet."""
    time, starts, ends = local.time(), hours.starts, hours.ends
    if starts == ends:
        return None
    over_midnight = starts > ends
    if over_midnight and time >= starts:
        return _at(local.date() + dt.timedelta(days=1), ends)
    if (over_midnight and time < ends) or (not over_midnight and starts <= time < ends):
        return _at(local.date(), ends)
    return None


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, time))
