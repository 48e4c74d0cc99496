"""Rules of a place and time, looked up: the narrowest region that has one decides."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from caravan.models import AttendanceRule, DayHoursRule, EnrolmentRule, Session
from cms.querysets import live_on
from cms.regional import rule_for
from cms.scope import succession_rows


def day_hours_rule(region_code: str, on: dt.date) -> DayHoursRule | None:
    """Return how many 学时 a day may hold there (two queries); ``None`` means that nobody set a limit."""
    return rule_for(DayHoursRule.objects.filter(live_on(on)), region_code, on, succession_rows())


def day_hours_rules(region_code: str, days: list[dt.date]) -> dict[dt.date, DayHoursRule | None]:
    """Return for each day the rule that holds on it: a rule may change in the middle (two queries)."""
    rules, successions = list(DayHoursRule.objects.all()), succession_rows()
    return {day: rule_for(rules, region_code, day, successions) for day in days}


def minutes_an_hour(rule: DayHoursRule | None) -> int:
    """Return the minutes of one 学时; without a row the model's own value holds."""
    return (rule or DayHoursRule()).minutes_an_hour


def attendance_rule(region_code: str, on: dt.date) -> AttendanceRule:
    """Return what a mark is worth there and when it is taken (two queries).

    Without a row the model's own values hold: late and early count in full, marks within 24 hours, the
    roll opens an hour before.
    """
    rules = AttendanceRule.objects.filter(live_on(on))
    return rule_for(rules, region_code, on, succession_rows()) or AttendanceRule()


def attendance_rule_of(session: Session) -> AttendanceRule:
    """Return the region's rule on the session's day (two queries)."""
    return attendance_rule(session.training_class.region_code, timezone.localdate(session.starts_at))


def enrolment_rule(region_code: str, on: dt.date) -> EnrolmentRule:
    """Return how young and how long there (two queries); without a row the model's own values hold."""
    return enrolment_rules([region_code], on)[region_code]


def enrolment_rules(region_codes: list[str], on: dt.date) -> dict[str, EnrolmentRule]:
    """Return the rule of each region ``on`` a day (two queries)."""
    rules = list(EnrolmentRule.objects.filter(live_on(on)))
    successions = succession_rows()
    return {code: rule_for(rules, code, on, successions) or EnrolmentRule() for code in region_codes}
