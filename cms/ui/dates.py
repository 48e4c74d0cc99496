"""Dates and times in words, Chinese or English by the active language, local to the installation."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import get_language

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

Day = dt.date | dt.datetime
Clock = dt.time | dt.datetime


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def _local_day(value: Day) -> dt.date:
    if isinstance(value, dt.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return value


def _local_time(value: Clock) -> dt.time:
    if isinstance(value, dt.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).time()
    return value


def _weekday(value: dt.date) -> str:
    if _is_chinese():
        return f"（周{_WEEKDAYS_ZH[value.weekday()]}）"
    return _WEEKDAYS_EN[value.weekday()]


def _month_day(value: dt.date) -> str:
    if _is_chinese():
        return f"{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS_EN[value.month - 1]}"


def day(value: Day | None) -> str:
    """``3月14日（周六）`` or ``Sat 14 March``; the year only when it is not the present one."""
    if not value:
        return ""
    local = _local_day(value)
    if local.year != timezone.localdate().year:
        dated = full_date(local)
        return f"{dated}{_weekday(local)}" if _is_chinese() else f"{_weekday(local)} {dated}"
    dated = _month_day(local)
    return f"{dated}{_weekday(local)}" if _is_chinese() else f"{_weekday(local)} {dated}"


def full_date(value: Day | None) -> str:
    """``2026年6月3日`` or ``3 June 2026``."""
    if not value:
        return ""
    local = _local_day(value)
    return f"{local.year}年{_month_day(local)}" if _is_chinese() else f"{_month_day(local)} {local.year}"


def day_range(first: Day | None, last: Day | None) -> str:
    """``3月14日（周六）—15日（周日）``: the month is not said twice; one day stands alone."""
    return _range(first, last, weekdays=True)


def day_span(first: Day | None, last: Day | None) -> str:
    """``3月14日—15日``: as ``day_range`` without week days, for narrow places."""
    return _range(first, last, weekdays=False)


def _range(first: Day | None, last: Day | None, *, weekdays: bool) -> str:
    if not first:
        return ""
    start, end = _local_day(first), _local_day(last or first)
    this_year = timezone.localdate().year
    with_year = start.year != end.year or start.year != this_year
    opening = _words(start, year=with_year, month=True, weekday=weekdays)
    if start == end:
        return opening
    same_month = (start.year, start.month) == (end.year, end.month)
    if _is_chinese():
        closing = _words(end, year=start.year != end.year, month=not same_month, weekday=weekdays)
        return f"{opening}—{closing}"
    # English says the month once, at the end: 14–15 March.
    opening = _words(start, year=start.year != end.year, month=not same_month, weekday=weekdays)
    return f"{opening} – {_words(end, year=with_year, month=True, weekday=weekdays)}"


def _words(value: dt.date, *, year: bool, month: bool, weekday: bool) -> str:
    if _is_chinese():
        text = (full_date(value) if year else _month_day(value)) if month or year else f"{value.day}日"
        return text + (_weekday(value) if weekday else "")
    text = (full_date(value) if year else _month_day(value)) if month or year else str(value.day)
    return f"{_weekday(value)} {text}" if weekday else text


def clock(value: Clock | None) -> str:
    """``8:30``: 24-hour clock, no leading zero."""
    if value is None:
        return ""
    local = _local_time(value)
    return f"{local.hour}:{local.minute:02d}"


def time_range(first: Clock | None, last: Clock | None) -> str:
    """``8:30—11:45``, with an en dash in English."""
    if first is None or last is None:
        return clock(first or last)
    return f"{clock(first)}{'—' if _is_chinese() else '–'}{clock(last)}"


def moment(value: dt.datetime | None) -> str:
    """``2026年4月2日 10:24``: a point in time, for records and queries."""
    return f"{full_date(value)} {clock(value)}" if value else ""
