"""Which of somebody's education facts is shown as 文化程度."""

from __future__ import annotations

from collections.abc import Iterable

from cms.enums import Education
from cms.models import EducationRecord

_LEVELS = {str(level): rank for rank, level in enumerate(Education)}


def latest_education(rows: Iterable[EducationRecord]) -> str:
    """Return what ``Person.education`` shows: the highest level among the current facts, else ""."""
    current = [row.education for row in rows if row.superseded_at is None]
    return max(current, key=lambda level: _LEVELS[level], default="")
