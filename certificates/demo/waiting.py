"""See a job through: by a running worker, or here if none takes it."""

from __future__ import annotations

import time

from cms.enums import JobState
from cms.jobs import carry_out
from cms.models import Job

_PATIENCE_SECONDS = 300


def wait_for(job: Job | None, *, ends: JobState = JobState.DONE) -> Job:
    """Return the finished job; raise ``RuntimeError`` with its words if it did not end as it should.

    The lease lets one of us work: this process at once, or the worker that was woken first.
    """
    if job is None:
        raise RuntimeError("there is no job to wait for")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        carry_out(str(job.pk))
        job.refresh_from_db()
        if job.is_finished:
            break
        if time.monotonic() > deadline:
            raise RuntimeError(f"the job {job.title} did not end")
        time.sleep(0.2)
    if job.state != ends:
        raise RuntimeError(f"{job.title}: {job.message}")
    return job
