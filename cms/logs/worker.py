"""Log lines of a worker: the project's own shape, and the id of the job and of the request behind it."""

from __future__ import annotations

import logging
import logging.config
import time
from typing import Any

from celery import Task, signals
from django.conf import settings
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

logger = logging.getLogger(__name__)

_HEADER = "caravan_request_id"
_JOB_TASK = "cms.tasks.carry_out_job"
_began: dict[str, float] = {}


@signals.setup_logging.connect
def use_our_logging(loglevel: int | str | None = None, **kwargs: Any) -> None:
    """Keep Celery from replacing the handlers; ``--loglevel`` still says how much is written."""
    logging.config.dictConfig(settings.LOGGING)
    logging.captureWarnings(True)
    if loglevel:
        for name in ("", "celery"):
            logging.getLogger(name).setLevel(loglevel)


@signals.before_task_publish.connect
def send_request_id(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """Let the worker know which request asked for the work."""
    request_id = get_contextvars().get("request_id")
    if headers is not None and request_id:
        headers[_HEADER] = request_id


@signals.task_prerun.connect
def bind_ids(task_id: str = "", task: Task[Any, Any] | None = None, args: Any = (), **kwargs: Any) -> None:
    """Bind task, job and request to every line that the task writes."""
    clear_contextvars()
    if task is None:
        return
    bind_contextvars(task=task.name, task_id=task_id)
    if request_id := getattr(task.request, _HEADER, None):
        bind_contextvars(request_id=request_id)
    if task.name == _JOB_TASK and args:
        bind_contextvars(job_id=str(args[0]))
    _began[task_id] = time.monotonic()


@signals.task_postrun.connect
def tell_and_unbind(
    task_id: str = "", task: Task[Any, Any] | None = None, state: str = "", **kwargs: Any
) -> None:
    """Write one line for each run of a job; a sweep that found nothing is not worth one."""
    now = time.monotonic()
    milliseconds = round((now - _began.pop(task_id, now)) * 1000)
    if task is not None:
        level = logging.INFO if task.name == _JOB_TASK else logging.DEBUG
        logger.log(level, "task", extra={"state": state or "-", "ms": milliseconds})
    clear_contextvars()
