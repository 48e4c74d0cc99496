"""Ask for a worker: the message of a job goes into the queue of its kind."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from cms import tasks
from cms.jobs.kinds import queue_of
from cms.models import Job
from cms.queues import broker_name


def wake(job: Job) -> None:
    """Send the message after the commit; a broker that is down loses nothing, the sweep asks again."""
    queue = broker_name(queue_of(job.kind), settings.CELERY_TASK_DEFAULT_QUEUE)
    task: Any = tasks.carry_out_job  # Celery's task for Django, which its type hints do not know
    # ``robust``: what the broker refuses is logged and goes no further.
    transaction.on_commit(lambda: task.apply_async_on_commit((str(job.pk),), queue=queue), robust=True)
