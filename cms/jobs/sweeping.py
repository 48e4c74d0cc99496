"""What the periodic sweeps do: wake workers for jobs nobody works on, and clear away old items."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from cms.enums import FINISHED_JOBS, ItemState, JobState
from cms.jobs.figures import count_items
from cms.jobs.running import ASK_AGAIN, MAX_ATTEMPTS
from cms.models import Job, JobItem

_DELETE_AT_ONCE = 2000
_JOBS_AT_ONCE = 200


def jobs_to_wake(now: dt.datetime, *, grace: dt.timedelta = dt.timedelta(seconds=10)) -> list[Job]:
    """Return jobs nobody works on, the oldest first, and note that they were asked for.

    A job whose worker vanished goes back to the queue. While a job waits, ``lease_until`` says when to
    ask again: without it every sweep of a busy hour would add a message for every waiting job.

    Of jobs with an item on its last try one is woken at a time, and none while another works: threads of
    one process die together, and a neighbour's item must not be set aside for it.
    """
    vanished = Q(state=JobState.RUNNING, lease_until__lt=now)
    unheard = Q(state=JobState.QUEUED) & (
        Q(lease_until__lt=now) | Q(lease_until__isnull=True, created_at__lt=now - grace)
    )
    due = Job.objects.filter(vanished | unheard).annotate(is_suspect=_has_last_try())
    woken: list[Job] = []
    suspect_at_work: bool | None = None
    for job in due.order_by("created_at"):
        if job.is_suspect:
            if suspect_at_work is None:
                suspect_at_work = _suspect_at_work(now)
            if suspect_at_work:
                continue
            suspect_at_work = True
        taken = Job.objects.filter(vanished | unheard, pk=job.pk).update(
            state=JobState.QUEUED, lease_token=None, lease_until=now + ASK_AGAIN
        )
        if taken == 1:
            woken.append(job)
    return woken


def _has_last_try() -> Exists:
    return Exists(
        JobItem.objects.filter(
            job=OuterRef("pk"), state=ItemState.PENDING, attempts__gte=MAX_ATTEMPTS - 1
        ).order_by()
    )


def _suspect_at_work(now: dt.datetime) -> bool:
    return Job.objects.filter(_has_last_try(), state=JobState.RUNNING, lease_until__gte=now).exists()


def sweep_items(at: dt.datetime) -> int:
    """Delete the items of jobs that ended ``JOB_ITEMS_KEEP_DAYS`` ago; return how many jobs.

    The job and its figures stay. Safe to run twice, at once, or to be killed in between.
    """
    before = at - dt.timedelta(days=settings.JOB_ITEMS_KEEP_DAYS)
    old = Job.objects.filter(state__in=FINISHED_JOBS, finished_at__lt=before, items_swept_at__isnull=True)
    swept = 0
    for pk in list(old.order_by("finished_at").values_list("pk", flat=True)[:_JOBS_AT_ONCE]):
        with transaction.atomic():
            # Again under the lock: somebody may have let it go on meanwhile.
            job = old.select_for_update().filter(pk=pk).first()
            if job is None:
                continue
            job.figures, job.items_swept_at = count_items(job), at
            job.save(update_fields=["figures", "items_swept_at"])
        swept += 1
    _delete_swept()
    return swept


def _delete_swept() -> None:
    """Delete in small transactions: SQLite has one writer, and others wait for it."""
    items = JobItem.objects.filter(job__items_swept_at__isnull=False).order_by()
    while doomed := list(items.values_list("pk", flat=True)[:_DELETE_AT_ONCE]):
        JobItem.objects.filter(pk__in=doomed).delete()
