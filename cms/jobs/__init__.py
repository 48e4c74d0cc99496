"""Background work that survives ``kill -9``: rows say what is due, Celery carries it out.

An app registers a ``JobKind``; ``start_job`` writes the rows; ``carry_out`` (called by the task) takes a
lease, works item after item in transactions of their own and renews the lease; a sweep finds jobs whose
message or worker was lost and wakes a worker again.
"""

from cms.jobs.kinds import ItemOutcome, JobKind, JobLink, job_kinds
from cms.jobs.running import carry_out, jobs_to_wake
from cms.jobs.starting import cancel_job, resume_job, start_job

__all__ = [
    "ItemOutcome",
    "JobKind",
    "JobLink",
    "cancel_job",
    "carry_out",
    "job_kinds",
    "jobs_to_wake",
    "resume_job",
    "start_job",
]
