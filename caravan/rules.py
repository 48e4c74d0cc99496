"""Rules of a place and time, looked up: the narrowest region that has one decides."""

from __future__ import annotations

import datetime as dt

from caravan.models import AttendanceRule, DayHoursRule
from cms.querysets import live_on
from cms.regional import rule_for


def day_hours_rule(region_code: str, on: dt.date) -> DayHoursRule | None:
    """Return how many 学时 a day may hold there (one query); ``None`` means that nobody set a limit."""
    return rule_for(DayHoursRule.objects.filter(live_on(on)), region_code, on)


def attendance_rule(region_code: str, on: dt.date) -> AttendanceRule | None:
    """Return what a mark is worth there (one query), or ``None``."""
    return rule_for(AttendanceRule.objects.filter(live_on(on)), region_code, on)
