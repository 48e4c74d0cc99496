"""Which of somebody's education facts is the current one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cms.models import EducationRecord


def latest_education(rows: Iterable[EducationRecord]) -> str:
    """Return what ``Person.education`` shows: the current fact finished last, then recorded last; else ""."""
    current = [row for row in rows if row.superseded_at is None]
    if not current:
        return ""
    last = max(current, key=lambda row: (row.finished_on or dt.date.min, row.recorded_at, row.pk or 0))
    return last.education
