"""Is this process ready to serve: each part asked at once, each with a time limit.

A part that hangs is asked no second time until it lets go, and an answer is kept for a second: neither a
broken network nor a busy balancer can tie up the process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from django.db import connections

from cms.operations import probes
from cms.registry import Registry

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 3.0
_KEEP_SECONDS = 1.0

readiness_probes: Registry[Callable[[], None]] = Registry("readiness_probes")
for _name, _probe in (
    ("database", probes.ask_database),
    ("broker", probes.ask_broker),
    ("worker", probes.ask_worker),
    ("storage", probes.ask_storage),
    ("fonts", probes.ask_fonts),
):
    readiness_probes.register(_name, _probe)


class Prober:
    """Asks every probe in a thread of its own."""

    def __init__(
        self, registry: Registry[Callable[[], None]], *, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        self._registry = registry
        self._limit = limit_seconds
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._hanging: dict[str, Future[None]] = {}
        self._answer: tuple[float, dict[str, str]] | None = None

    def failing(self) -> dict[str, str]:
        """Return what fails by name, with ``error`` or ``timeout``; empty when all is well."""
        with self._lock:
            if self._answer and time.monotonic() - self._answer[0] < _KEEP_SECONDS:
                return self._answer[1]
            failing = self._ask_all()
            self._answer = (time.monotonic(), failing)
            return failing

    def _ask_all(self) -> dict[str, str]:
        names = self._registry.keys()
        # Made at the first question: threads do not survive the web server's fork.
        self._pool = self._pool or ThreadPoolExecutor(len(names), thread_name_prefix="readiness")
        for name in names:
            if name not in self._hanging:
                self._hanging[name] = self._pool.submit(_ask, self._registry.get(name))
        wait(self._hanging.values(), timeout=self._limit)
        failing = {}
        for name, future in list(self._hanging.items()):
            if not future.done():
                failing[name] = "timeout"
                logger.error("not ready: %s does not answer", name)
                continue
            del self._hanging[name]
            error = future.exception()
            if error is not None:
                failing[name] = "error"
                # An error's text may quote an address with a password; its type is enough here.
                logger.error("not ready: %s: %s", name, error if _is_ours(error) else type(error).__name__)
        return failing


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, probes.ProbeError)


def _ask(probe: Callable[[], None]) -> None:
    try:
        probe()
    finally:
        connections.close_all()


prober = Prober(readiness_probes)
