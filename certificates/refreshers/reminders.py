"""Which reminder a worker has reached: 90 days, 30 days, on the day; pure, from the due day alone."""

from __future__ import annotations

import datetime as dt

# Days before the due day.
STEPS = (90, 30, 0)
# After a standstill the last step is still told for so long; who lapsed before that is not written to.
CATCH_UP_DAYS = 7


def step_on(due_on: dt.date, on: dt.date) -> int | None:
    """Return the step that is due ``on``, or ``None``; a step that the next one has overtaken is skipped.

    >>> step_on(dt.date(2026, 6, 30), dt.date(2026, 4, 15))
    90
    >>> step_on(dt.date(2026, 6, 30), dt.date(2026, 7, 8))
    """
    left = (due_on - on).days
    if left < -CATCH_UP_DAYS:
        return None
    return min((step for step in STEPS if left <= step), default=None)
