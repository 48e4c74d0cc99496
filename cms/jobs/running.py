"""Carry a job out: lease, items, renewal, end.

Who may work on a job is decided by conditional updates of its row alone. A worker holds the job while
the row carries its token; a chunk that is worked inside a transaction first renews the lease there, so
the row stays locked until work and marks are committed and nobody can work the same chunk beside it.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cms.bulk import insert_columns
from cms.enums import ItemState, JobState
from cms.errors import DomainError
from cms.jobs.figures import count_items
from cms.jobs.kinds import ItemOutcome, JobKind, job_kinds
from cms.jobs.progress import LeaseLostError, lease_end, long_item
from cms.jobs.waking import wake
from cms.messaging import queue_message
from cms.models import Job, JobItem

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
MAX_RUNS = 50
# Faults one after another without a success between them: not the items are broken but the work itself.
MAX_FAULTS_IN_A_ROW = 15
# After this long a worker hands the job back, so that neither a broker's limit on unacknowledged
# messages is reached nor one long job keeps a worker from all others.
SLICE = dt.timedelta(minutes=5)
# After this long it hands the job back sooner if another job waits: short work is not kept behind long.
GIVE_WAY = dt.timedelta(seconds=15)
# Planning reads whole files.
PLAN_LEASE_FACTOR = 10
ASK_AGAIN = dt.timedelta(seconds=30)
# Stands before the name of an error in the code of an item that will be tried again.
_FAULT = "fault:"


def _is_transient(error: BaseException) -> bool:
    """Say whether the machine is in trouble, not the data: items stay as they are, the sweep tries again."""
    if isinstance(error, FileNotFoundError):
        return False  # a file that is gone stays gone: that item's fault alone
    return isinstance(error, (OperationalError, InterfaceError, OSError))


class DueItem(NamedTuple):
    """An item that is to be worked; a row of a roster is one, so it is not made a ``JobItem``."""

    pk: int
    key: str
    position: int
    attempts: int
    code: str


@dataclass(frozen=True)
class Hold:
    """A job in this worker's hands."""

    job: Job
    kind: JobKind
    token: uuid.UUID

    def renew(self, factor: int = 1) -> None:
        """Lengthen the lease; raise ``LeaseLostError`` when the job is in other hands or over."""
        until = lease_end(timezone.now(), factor)
        held = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, lease_token=self.token)
        if held.update(lease_until=until) != 1:
            raise LeaseLostError


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
        lease_until=lease_end(now),
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
    begun = timezone.now()
    look_round = begun + GIVE_WAY
    if not hold.job.items.exists():
        _plan(hold)
    faults = 0
    while items := _next_items(hold):
        if items[0].attempts >= MAX_ATTEMPTS:
            _set_aside(hold, items[0])
        elif (fault := _work_chunk(hold, items)) is None:
            faults = 0
        else:
            faults += 1
            if faults >= MAX_FAULTS_IN_A_ROW:
                raise fault
        now = timezone.now()
        if now > begun + SLICE or (now > look_round and _others_wait()):
            _hand_back(hold)
            return
        if now > look_round:
            look_round = now + GIVE_WAY
    _close(hold.job, hold.kind, hold.token, JobState.DONE, "")


def _others_wait() -> bool:
    return Job.objects.filter(state=JobState.QUEUED).exists()


def _plan(hold: Hold) -> None:
    hold.renew(PLAN_LEASE_FACTOR)
    plan = list(hold.kind.plan(hold.job))
    with transaction.atomic():
        hold.renew()
        insert_columns(
            JobItem,
            len(plan),
            job_id=hold.job.pk,
            position=list(range(1, len(plan) + 1)),
            key=[key for key, _label in plan],
            label=[label[:120] for _key, label in plan],
        )
        Job.objects.filter(pk=hold.job.pk).update(total=len(plan))


def _next_items(hold: Hold) -> list[DueItem]:
    """Return the next chunk. An item that was tried before goes alone: only then does a crash tell which caused it."""
    rows = hold.job.items.filter(state=ItemState.PENDING).order_by("position").values_list(*DueItem._fields)
    first = [DueItem(*row) for row in rows[:1]]  # by itself: after a crash a whole chunk goes one by one
    if not first or first[0].attempts:
        return first
    items = [DueItem(*row) for row in rows[: hold.kind.chunk]]
    return [item for item in items if item.attempts == 0]


def _rows_of(job: Job, items: Sequence[DueItem]) -> QuerySet[JobItem]:
    """Return the rows of ``items``, which stand in the order of their positions and are pending.

    A run of them is asked for by its ends: one range of the index of due items, which begins with the state.
    """
    first, last = items[0].position, items[-1].position
    if last - first + 1 == len(items):
        return job.items.filter(state=ItemState.PENDING, position__gte=first, position__lte=last)
    return JobItem.objects.filter(pk__in=[item.pk for item in items])


def _count_try(hold: Hold, items: list[DueItem]) -> None:
    """Count before the work: a worker that is killed in it cannot count any more."""
    with transaction.atomic():
        hold.renew(hold.kind.lease_factor)
        _rows_of(hold.job, items).update(attempts=F("attempts") + 1, tried_at=timezone.now(), code="")


def _set_aside(hold: Hold, item: DueItem) -> None:
    """Leave an item that took all its tries; its code still says how the last one ended, if anybody could say."""
    fault = item.code.removeprefix(_FAULT) if item.code.startswith(_FAULT) else ""
    if fault:
        message = _("处理这一项时系统出错（%(fault)s），试了 %(count)s 次都没有办成，先放在一边。") % {
            "fault": fault,
            "count": item.attempts,
        }
    else:
        message = _(
            "处理这一项时程序突然中断，一共 %(count)s 次，先放在一边。可能是这一项的内容有问题，也可能是内存不够或者停电。"
        ) % {"count": item.attempts}
    outcome = ItemOutcome(ItemState.SET_ASIDE, "fault" if fault else "worker_lost", message)
    logger.error("job %s (%s): item %s set aside", hold.job.pk, hold.kind.name, item.position)
    _mark_alone(hold, item, outcome)


def _work_chunk(hold: Hold, items: list[DueItem]) -> Exception | None:
    """Work the items; return the fault of ours that left them pending, if any."""
    _count_try(hold, items)
    tried = _rows_of(hold.job, items)
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
            tried.update(attempts=F("attempts") - 1)
            raise
        # The item stays pending and comes again alone, up to MAX_ATTEMPTS.
        logger.exception("job %s (%s): item %s broke", hold.job.pk, hold.kind.name, items[0].position)
        tried.update(code=f"{_FAULT}{type(error).__name__}"[:60])
        return error
    return None


def _mark_alone(hold: Hold, item: DueItem, outcome: ItemOutcome) -> None:
    with transaction.atomic():
        hold.renew()
        _mark(hold.job, [item], [outcome])


def _work_items(hold: Hold, items: list[DueItem]) -> None:
    keys = [item.key for item in items]
    if hold.kind.prepare is not None:
        hold.kind.prepare(hold.job, keys)
    if not hold.kind.in_transaction:
        with long_item(hold.job, hold.token):
            outcomes = hold.kind.do_items(hold.job, keys)
        try:
            with transaction.atomic():
                hold.renew(hold.kind.lease_factor)
                _mark(hold.job, items, outcomes)
        except LeaseLostError:
            _mark_if_cancelled(hold, items, outcomes)
            raise
        return
    with transaction.atomic():
        hold.renew(hold.kind.lease_factor)
        _mark(hold.job, items, hold.kind.do_items(hold.job, keys))


def _mark(job: Job, items: Sequence[DueItem], outcomes: Sequence[ItemOutcome]) -> None:
    alike: dict[ItemOutcome, list[DueItem]] = defaultdict(list)
    for item, outcome in zip(items, outcomes, strict=True):
        alike[outcome].append(item)
    # Most items of a chunk end alike; one statement a way of ending is far cheaper than a value a row.
    for outcome, chosen in alike.items():
        _rows_of(job, chosen).update(
            state=outcome.state, code=outcome.code[:60], message=outcome.message[:300]
        )


def _mark_if_cancelled(hold: Hold, items: list[DueItem], outcomes: list[ItemOutcome]) -> None:
    """Say the truth about a chunk that was in hand when the job was cancelled: its work is done."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=hold.job.pk)
        if job.state != JobState.CANCELLED:
            return  # in other hands: they work the same items and mark them
        pending = set(job.items.filter(state=ItemState.PENDING).values_list("pk", flat=True))
        late = [pair for pair in zip(items, outcomes, strict=True) if pair[0].pk in pending]
        _mark(job, [item for item, _outcome in late], [outcome for _item, outcome in late])
        Job.objects.filter(pk=job.pk).update(figures=count_items(job))


def _hand_back(hold: Hold) -> None:
    """Put the job back into the queue; a slice that ended in good order is not an interruption."""
    held = Job.objects.filter(pk=hold.job.pk, lease_token=hold.token, state=JobState.RUNNING)
    ask_again = timezone.now() + ASK_AGAIN
    if held.update(state=JobState.QUEUED, lease_token=None, lease_until=ask_again, runs=F("runs") - 1) == 1:
        wake(hold.job)


def _close(job: Job, kind: JobKind | None, token: uuid.UUID, state: JobState, message: str) -> None:
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, lease_token=token, state=JobState.RUNNING).update(
            state=state, message=message[:300], finished_at=timezone.now(), lease_token=None, lease_until=None
        )
        if ended != 1:
            return
        Job.objects.filter(pk=job.pk).update(figures=count_items(job))
        if kind is None:
            return
        after = kind.finish if state == JobState.DONE else kind.fail
        job.refresh_from_db()
        if after is not None:
            after(job)
        _tell_starter(job)


def _tell_starter(job: Job) -> None:
    """Tell who started the job that it is over; a job that goes on later may end, and be told, again."""
    if job.created_by is None or job.finished_at is None:
        return
    about = {
        "title": job.title,
        "state": str(job.state),
        "total": job.total,
        "refused": job.items.filter(state=ItemState.REFUSED).count(),
        "why": job.message,
    }
    queue_message(
        "job_finished",
        subject=job,
        user=job.created_by,
        about=about,
        occasion=f"{job.state} {job.finished_at.isoformat(timespec='seconds')}",
        by=None,
        at=job.finished_at,
    )
