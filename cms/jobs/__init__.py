"""Background work that survives ``kill -9``: rows say what is due, Celery carries it out.

An app registers a ``JobKind``; ``start_job`` writes the rows; ``carry_out`` (called by the task) takes a
lease, works item after item in transactions of their own and renews the lease; a sweep finds jobs whose
message or worker was lost and wakes a worker again.
"""

from cms.jobs.figures import count_items, time_left
from cms.jobs.kinds import ItemOutcome, JobKind, JobLink, job_kinds, kind_label, queue_of
from cms.jobs.progress import report_progress
from cms.jobs.running import MAX_ATTEMPTS, carry_out
from cms.jobs.starting import cancel_job, resume_job, retry_items, start_job
from cms.jobs.sweeping import jobs_to_wake, sweep_items
from cms.jobs.waking import wake
from cms.queues import Queue

__all__ = [
    "MAX_ATTEMPTS",
    "ItemOutcome",
    "JobKind",
    "JobLink",
    "Queue",
    "cancel_job",
    "carry_out",
    "count_items",
    "job_kinds",
    "jobs_to_wake",
    "kind_label",
    "queue_of",
    "report_progress",
    "resume_job",
    "retry_items",
    "start_job",
    "sweep_items",
    "time_left",
    "wake",
]
