"""Items that take long: they say how far they are, and by saying so keep the job."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.utils import timezone

from cms.enums import JobState
from cms.models import Job

_in_hand: ContextVar[tuple[Job, uuid.UUID] | None] = ContextVar("job in hand", default=None)


class LeaseLostError(Exception):
    """Another worker holds the job, or it was cancelled: drop what is in hand."""


def lease_end(now: dt.datetime, factor: int = 1) -> dt.datetime:
    """Return until when a job is held that was taken or renewed ``now``."""
    return now + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS * factor)


@contextmanager
def long_item(job: Job, token: uuid.UUID) -> Iterator[None]:
    """Let what runs inside call ``report_progress``."""
    mark = _in_hand.set((job, token))
    try:
        yield
    finally:
        _in_hand.reset(mark)


def report_progress(done: int, total: int, *, note: str = "", factor: int = 1) -> None:
    """Say how many rows of the item in hand are done, and renew the lease ``factor`` times its length.

    For kinds that work outside a transaction. Raises ``LeaseLostError`` when the job is in other hands or was
    cancelled: let it through, and the work stops here. Outside a job it does nothing.
    """
    held = _in_hand.get()
    if held is None:
        return
    job, token = held
    job.params = {**job.params, "rows_done": done, "rows_total": total}
    kept = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_token=token).update(
        lease_until=lease_end(timezone.now(), factor), params=job.params, message=note[:300]
    )
    if kept != 1:
        raise LeaseLostError
