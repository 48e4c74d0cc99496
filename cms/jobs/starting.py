"""Start, cancel and resume jobs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cms import audit, tasks
from cms.enums import JobState
from cms.errors import DomainError
from cms.jobs.kinds import job_kinds
from cms.models import Job, Organisation, User


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
    tasks.wake(str(job.pk))
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
    job.save(update_fields=["state", "finished_at", "lease_token", "lease_until"])
    if job.kind in job_kinds and (fail := job_kinds.get(job.kind).fail) is not None:
        fail(job)
    audit.record("job.cancel", job, by=by, at=at)
    return job


@transaction.atomic
def resume_job(job: Job, *, by: User, at: dt.datetime) -> Job:
    """Queue a failed job again; finished items stay as they are. Refuses ``job_not_failed``."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state != JobState.FAILED:
        raise DomainError("job_not_failed", _("只有没有完成的任务可以继续。"))
    job.state, job.runs, job.message, job.finished_at = JobState.QUEUED, 0, "", None
    job.lease_token = job.lease_until = None
    job.save(update_fields=["state", "runs", "message", "finished_at", "lease_token", "lease_until"])
    audit.record("job.resume", job, by=by, at=at)
    tasks.wake(str(job.pk))
    return job
