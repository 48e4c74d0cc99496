"""The web server of an office: ``gunicorn -c deploy/gunicorn.conf.py cms.wsgi:application``."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from typing import Any

from cms.logs.config import logging_config
from cms.settings.env import env_int, env_str

bind = env_str("WEB_BIND", "127.0.0.1:8000")
workers = env_int("WEB_WORKERS", 4)
threads = env_int("WEB_THREADS", 4)
# An upload of 20 MB over a village's line takes its time; nginx holds it back until it is complete.
timeout = 120
graceful_timeout = 30
# A process that has answered so many requests makes room for a new one, not all in the same moment.
max_requests = 10_000
max_requests_jitter = 1_000
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat file without content

# The server's own lines in the same shape; its access log stays off: it would write paths with tokens.
logconfig_dict: dict[str, Any] = logging_config(env_str("LOG_FORMAT", "json"), env_str("LOG_LEVEL", "INFO"))
logging.captureWarnings(True)
logconfig_dict["loggers"]["gunicorn.error"] = {"level": "INFO", "propagate": True, "handlers": []}

# Before any process imports prometheus_client: figures of all processes meet in one folder.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="caravan-metrics-")
    _made_by = os.getpid()

    @atexit.register
    def _remove() -> None:
        if os.getpid() == _made_by:
            shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; what it counted stays counted."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the package leaves it untyped
