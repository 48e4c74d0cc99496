"""Calendar arithmetic of the rules: local days of Asia/Shanghai, months by calendar."""

from __future__ import annotations

import calendar
import datetime as dt


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day ``months`` later; a day that the month lacks becomes its last day.

    >>> add_months(dt.date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def age_on(birth: dt.date, on: dt.date) -> int:
    """Return full years of age, counted to the day; born on 29 February turns older on 1 March."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
