"""What a job's page and list say in figures: how many of each outcome, and how long it will take."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count

from cms.enums import ItemState
from cms.models import Job

# The pace is that of the last items: the first ones, or an hour without a worker, tell nothing.
PACE_OF = 50
# With fewer the guess would jump.
PACE_FROM = 3


def count_items(job: Job) -> dict[str, int]:
    """Return how many items stand in each state, as ``figures`` keeps it; after the sweep what was kept."""
    if job.items_swept_at is not None:
        return {str(state): int(count) for state, count in job.figures.items()}
    rows = job.items.order_by().values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in rows}


def time_left(job: Job, pending: int, now: dt.datetime) -> dt.timedelta | None:
    """Guess how long the ``pending`` items will take at the pace of the last ones; ``None``: too early to say."""
    recent = job.items.exclude(state=ItemState.PENDING).filter(tried_at__isnull=False)
    begun = list(recent.order_by("-tried_at").values_list("tried_at", flat=True)[:PACE_OF])
    if len(begun) < PACE_FROM or not pending:
        return None
    oldest = begun[-1]
    return (now - oldest) / len(begun) * pending if oldest is not None else None
