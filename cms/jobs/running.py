"""Carry a job out: lease, items, renewal, end.

Who may work on a job is decided by conditional updates of its row alone. A worker holds the job while
the row carries its token; a chunk that is worked inside a transaction first renews the lease there, so
the row stays locked until work and marks are committed and nobody can work the same chunk beside it.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cms import tasks
from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs.kinds import ItemOutcome, JobKind, job_kinds
from cms.models import Job, JobItem

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
MAX_RUNS = 50
# Faults one after another without a success between them: not the items are broken but the work itself.
MAX_FAULTS_IN_A_ROW = 15
# After this long a worker hands the job back, so that neither a broker's limit on unacknowledged
# messages is reached nor one long job keeps a worker from all others.
SLICE = dt.timedelta(minutes=5)
# Planning reads whole files.
PLAN_LEASE_FACTOR = 10
ASK_AGAIN = dt.timedelta(seconds=30)


def _is_transient(error: BaseException) -> bool:
    """Say whether the machine is in trouble, not the data: items stay as they are, the sweep tries again."""
    if isinstance(error, FileNotFoundError):
        return False  # a file that is gone stays gone: that item's fault alone
    return isinstance(error, (OperationalError, InterfaceError, OSError))


class LeaseLostError(Exception):
    """Another worker holds the job, or it was cancelled: drop what is in hand."""


@dataclass(frozen=True)
class Hold:
    """A job in this worker's hands."""

    job: Job
    kind: JobKind
    token: uuid.UUID

    def renew(self, factor: int = 1) -> None:
        """Lengthen the lease; raise ``LeaseLostError`` when the job is in other hands or over."""
        until = _lease_end(timezone.now(), factor)
        held = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, lease_token=self.token)
        if held.update(lease_until=until) != 1:
            raise LeaseLostError


def jobs_to_wake(now: dt.datetime, *, grace: dt.timedelta = dt.timedelta(seconds=10)) -> list[str]:
    """Return ids of jobs nobody works on, and note that they were asked for.

    A job whose worker vanished goes back to the queue. While a job waits, ``lease_until`` says when to
    ask again: without it every sweep of a busy hour would add a message for every waiting job.
    """
    ask_again = now + ASK_AGAIN
    vanished = Q(state=JobState.RUNNING, lease_until__lt=now)
    unheard = Q(state=JobState.QUEUED) & (
        Q(lease_until__lt=now) | Q(lease_until__isnull=True, created_at__lt=now - grace)
    )
    woken = []
    for pk in Job.objects.filter(vanished | unheard).order_by("created_at").values_list("pk", flat=True):
        taken = Job.objects.filter(vanished | unheard, pk=pk).update(
            state=JobState.QUEUED, lease_token=None, lease_until=ask_again
        )
        if taken == 1:
            woken.append(str(pk))
    return woken


def carry_out(job_id: str) -> None:
    """Work a job until it ends or its slice is over; do nothing if it is over or in other hands."""
    token = uuid.uuid4()
    if not _claim(job_id, token):
        return
    job = Job.objects.select_related("created_by", "organisation").get(pk=job_id)
    # The person who started it reads the messages.
    with translation.override(job.params.get("language") or settings.LANGUAGE_CODE):
        _carry_out(job, token)


def _claim(job_id: str, token: uuid.UUID) -> bool:
    now = timezone.now()
    due = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    claimed = Job.objects.filter(due, pk=job_id).update(
        state=JobState.RUNNING,
        lease_token=token,
        lease_until=_lease_end(now),
        runs=F("runs") + 1,
        started_at=Coalesce("started_at", now),
    )
    return claimed == 1


def _carry_out(job: Job, token: uuid.UUID) -> None:
    if job.kind not in job_kinds:
        # Perhaps queued by a newer version during a deployment; the row says so instead of looping.
        logger.error("job %s: unknown kind %s", job.pk, job.kind)
        _close(job, None, token, JobState.FAILED, _("这个版本不认识这种任务，请联系管理员。"))
        return
    hold = Hold(job, job_kinds.get(job.kind), token)
    if job.runs > MAX_RUNS:
        _close(job, hold.kind, token, JobState.FAILED, _("多次中断，已停止。请联系管理员。"))
        return
    try:
        _work(hold)
    except LeaseLostError:
        logger.info("job %s (%s): in other hands or cancelled", job.pk, job.kind)
    except DomainError as error:
        _close(job, hold.kind, token, JobState.FAILED, str(error))
    except Exception as error:
        if _is_transient(error):
            logger.exception("job %s (%s) interrupted; the sweep resumes it", job.pk, job.kind)
            return
        # A fault of ours outside any item: say so on the job, keep the trace in the log.
        logger.exception("job %s (%s) broke", job.pk, job.kind)
        message = _("系统出错，任务没有完成。已经办好的不受影响，请联系管理员。")
        _close(job, hold.kind, token, JobState.FAILED, message)


def _work(hold: Hold) -> None:
    slice_ends = timezone.now() + SLICE
    if not hold.job.items.exists():
        _plan(hold)
    faults = 0
    while True:
        items = _next_items(hold)
        if not items:
            _close(hold.job, hold.kind, hold.token, JobState.DONE, "")
            return
        fault = _work_chunk(hold, items)
        if fault is not None:
            faults += 1
            if faults >= MAX_FAULTS_IN_A_ROW:
                raise fault
        elif items[0].attempts < MAX_ATTEMPTS:  # worked, not merely set aside
            faults = 0
        if timezone.now() > slice_ends:
            _hand_back(hold)
            return


def _lease_end(now: dt.datetime, factor: int = 1) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS * factor)


def _plan(hold: Hold) -> None:
    hold.renew(PLAN_LEASE_FACTOR)
    items = [
        JobItem(job=hold.job, position=position, key=key, label=label[:120])
        for position, (key, label) in enumerate(hold.kind.plan(hold.job), start=1)
    ]
    with transaction.atomic():
        hold.renew()
        JobItem.objects.bulk_create(items, batch_size=500)
        Job.objects.filter(pk=hold.job.pk).update(total=len(items))


def _next_items(hold: Hold) -> list[JobItem]:
    """Return the next chunk, its attempts counted before the work.

    An item that was tried before goes alone: only then does a crash tell which item caused it.
    """
    items = list(hold.job.items.filter(state=ItemState.PENDING).order_by("position")[: hold.kind.chunk])
    if not items:
        return []
    if items[0].attempts:
        items = items[:1]
    else:
        items = [item for item in items if item.attempts == 0]
    with transaction.atomic():
        hold.renew(hold.kind.lease_factor)
        JobItem.objects.filter(pk__in=[item.pk for item in items]).update(attempts=F("attempts") + 1)
    return items


def _work_chunk(hold: Hold, items: list[JobItem]) -> Exception | None:
    """Work the items or set one aside; return the fault of ours that left them pending, if any."""
    if items[0].attempts >= MAX_ATTEMPTS:
        message = _("试了 %(count)s 次都没有完成，已跳过，请联系管理员。") % {"count": MAX_ATTEMPTS}
        _mark_alone(hold, items[0], ItemOutcome(ItemState.REFUSED, "gave_up", message))
        return None
    try:
        _work_items(hold, items)
    except LeaseLostError:
        raise
    except DomainError as error:
        # Several: each comes again alone, so that one refusal does not touch its neighbours.
        if len(items) == 1:
            _mark_alone(hold, items[0], ItemOutcome(ItemState.REFUSED, error.code, str(error)))
    except Exception as error:
        if _is_transient(error):
            JobItem.objects.filter(pk__in=[item.pk for item in items]).update(attempts=F("attempts") - 1)
            raise
        # The item stays pending and comes again alone, up to MAX_ATTEMPTS.
        logger.exception("job %s (%s): item %s broke", hold.job.pk, hold.kind.name, items[0].position)
        return error
    return None


def _mark_alone(hold: Hold, item: JobItem, outcome: ItemOutcome) -> None:
    with transaction.atomic():
        hold.renew()
        _mark([item], [outcome])


def _work_items(hold: Hold, items: list[JobItem]) -> None:
    keys = [item.key for item in items]
    if hold.kind.prepare is not None:
        hold.kind.prepare(hold.job, keys)
    if not hold.kind.in_transaction:
        outcomes = hold.kind.do_items(hold.job, keys)
        with transaction.atomic():
            hold.renew(hold.kind.lease_factor)
            _mark(items, outcomes)
        return
    with transaction.atomic():
        hold.renew(hold.kind.lease_factor)
        _mark(items, hold.kind.do_items(hold.job, keys))


def _mark(items: list[JobItem], outcomes: list[ItemOutcome]) -> None:
    for item, outcome in zip(items, outcomes, strict=True):
        item.state, item.code, item.message = outcome.state, outcome.code[:60], outcome.message[:300]
    JobItem.objects.bulk_update(items, ["state", "code", "message"])


def _hand_back(hold: Hold) -> None:
    """Put the job back into the queue; a slice that ended in good order is not an interruption."""
    held = Job.objects.filter(pk=hold.job.pk, lease_token=hold.token, state=JobState.RUNNING)
    ask_again = timezone.now() + ASK_AGAIN
    if held.update(state=JobState.QUEUED, lease_token=None, lease_until=ask_again, runs=F("runs") - 1) == 1:
        tasks.wake(str(hold.job.pk))


def _close(job: Job, kind: JobKind | None, token: uuid.UUID, state: JobState, message: str) -> None:
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, lease_token=token, state=JobState.RUNNING).update(
            state=state, message=message[:300], finished_at=timezone.now(), lease_token=None, lease_until=None
        )
        if ended != 1 or kind is None:
            return
        after = kind.finish if state == JobState.DONE else kind.fail
        if after is not None:
            job.refresh_from_db()
            after(job)
