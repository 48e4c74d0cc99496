"""Kinds of job for the fault tests: a test holds them at an item, or has an item kill its worker.

A worker process gets them by ``-I tests.faults.worker_kinds``, the test's own process by ``register``.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from cms.enums import ItemState
from cms.jobs import ItemOutcome, JobKind, Queue, job_kinds
from cms.models import Job, Organisation


def plan(job: Job) -> list[tuple[str, str]]:
    return [(str(n), f"item {n}") for n in range(1, int(job.params["count"]) + 1)]


def hold(job: Job, keys: list[str]) -> None:
    """Wait at the item ``gate`` until the test writes the file ``go``, outside any transaction."""
    folder = Path(job.params["folder"])
    if job.params.get("gate") not in keys:
        return
    _note(folder / "held", str(os.getpid()))
    deadline = time.monotonic() + 60
    while not (folder / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def work(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Write a row for each key, in the transaction of its mark; the item ``poison`` kills this process."""
    folder = Path(job.params["folder"])
    for key in keys:
        if key == job.params.get("poison") and not (folder / "cured").exists():
            _note(folder / "kills", str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        name = f"{job.params['prefix']}{key}"
        Organisation.objects.create(name=name, short_code=name, region_code="9" * 12)
    return [ItemOutcome(ItemState.DONE) for _ in keys]


def _note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def register() -> None:
    """Register a kind for each queue: ``fault_`` (general), ``fault_imports`` …"""
    for queue in Queue:
        name = f"fault_{queue}"
        options: dict[str, Any] = {"queue": queue}
        job_kinds.register(name, JobKind(name, plan=plan, do_items=work, prepare=hold, **options))
