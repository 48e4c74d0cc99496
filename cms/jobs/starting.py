"""Start, cancel and resume jobs, and try again what was set aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import RESUMABLE_JOBS, ItemState, JobState
from cms.errors import DomainError
from cms.jobs.figures import count_items
from cms.jobs.kinds import job_kinds
from cms.jobs.waking import wake
from cms.models import Job, JobItem, Organisation, User


@transaction.atomic
def start_job(
    kind: str,
    *,
    title: str,
    by: User | None,
    at: dt.datetime,
    subject: models.Model | None = None,
    organisation: Organisation | None = None,
    params: dict[str, Any] | None = None,
) -> Job:
    """Write a queued job and wake a worker after commit; the job's items are planned by the worker.

    Raises ``KeyError`` for a kind nobody registered. ``params["language"]`` is set here: messages are
    written in the language of the person who starts the job.
    """
    job_kinds.get(kind)
    job = Job.objects.create(
        kind=kind,
        title=title[:120],
        params={"language": get_language(), **(params or {})},
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        created_by=by,
        organisation=organisation,
        created_at=at,
    )
    audit.record("job.start", job, by=by, at=at, kind=kind)
    wake(job)
    return job


@transaction.atomic
def cancel_job(job: Job, *, by: User, at: dt.datetime) -> Job:
    """Stop a job after the chunk in hand; what is done stays done. Refuses ``job_finished``."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.is_finished:
        raise DomainError("job_finished", _("任务已经结束，不能再取消。"))
    job.state = JobState.CANCELLED
    job.finished_at = at
    job.lease_token = job.lease_until = None
    job.figures = count_items(job)
    job.save(update_fields=["state", "finished_at", "lease_token", "lease_until", "figures"])
    if job.kind in job_kinds and (fail := job_kinds.get(job.kind).fail) is not None:
        fail(job)
    audit.record("job.cancel", job, by=by, at=at)
    return job


@transaction.atomic
def resume_job(job: Job, *, by: User, at: dt.datetime) -> Job:
    """Queue a failed or cancelled job again; finished items stay as they are.

    Refuses ``job_not_failed``, ``job_items_swept``, and with what its kind's ``reopen`` refuses.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state not in RESUMABLE_JOBS:
        raise DomainError("job_not_failed", _("只有没有完成或者已取消的任务可以接着做。"))
    _reopen(job)
    audit.record("job.resume", job, by=by, at=at)
    return job


@transaction.atomic
def retry_items(job: Job, items: Iterable[JobItem], *, by: User, at: dt.datetime) -> Job:
    """Give items that were set aside all their tries again and queue the job for them.

    Refuses ``job_not_done`` (let a failed or cancelled job go on first), ``nothing_set_aside``,
    ``job_items_swept``, and with what its kind's ``reopen`` refuses.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state != JobState.DONE:
        raise DomainError("job_not_done", _("任务结束以后，才能把搁置的项目再试一次。"))
    chosen = job.items.filter(pk__in=[item.pk for item in items], state=ItemState.SET_ASIDE)
    positions = list(chosen.order_by("position").values_list("position", flat=True))
    if not positions:
        raise DomainError("nothing_set_aside", _("没有搁置的项目可以再试。"))
    chosen.update(state=ItemState.PENDING, attempts=0, tried_at=None, code="", message="")
    _reopen(job)
    audit.record("job.retry", job, by=by, at=at, count=len(positions), positions=positions[:50])
    return job


def _reopen(job: Job) -> None:
    """Queue a locked, ended job again."""
    if job.items_swept_at is not None:
        raise DomainError("job_items_swept", _("这个任务的明细已经清理，不能再接着做。请重新提交。"))
    if job.kind in job_kinds and (reopen := job_kinds.get(job.kind).reopen) is not None:
        reopen(job)
    job.state, job.runs, job.message, job.finished_at, job.figures = JobState.QUEUED, 0, "", None, {}
    job.lease_token = job.lease_until = None
    job.save(
        update_fields=["state", "runs", "message", "finished_at", "figures", "lease_token", "lease_until"]
    )
    wake(job)
