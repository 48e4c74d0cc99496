"""Reporting periods as operators type them."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from django.utils.translation import gettext as _

from cms.errors import DomainError

_PERIOD = re.compile(r"(?P<year>\d{4})(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


def parse_period(text: str) -> tuple[dt.date, dt.date]:
    """Return first and last day of ``2026``, ``2026H1``, ``2026Q3`` or ``2026-05``; refuses ``period_wrong``.

    >>> parse_period("2026H1")
    (datetime.date(2026, 1, 1), datetime.date(2026, 6, 30))
    """
    match = _PERIOD.fullmatch(text.strip().upper())
    if match is None or match["year"] == "0000":
        raise DomainError("period_wrong", _("期间写成 2026、2026H1、2026Q3 或 2026-05。"), field="period")
    first, last = 1, 12
    if match["half"]:
        first, last = (1, 6) if match["half"] == "1" else (7, 12)
    elif match["quarter"]:
        last = int(match["quarter"]) * 3
        first = last - 2
    elif match["month"]:
        first = last = int(match["month"])
    year = int(match["year"])
    return dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1])
