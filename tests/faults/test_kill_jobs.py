"""Real workers that are killed, stopped, cut off from their broker: every item once, the poisoned one set aside."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.enums import ItemState, JobState
from cms.jobs import Queue, job_kinds, retry_items, start_job
from cms.models import Job, Organisation, User
from cms.queues import broker_name
from cms.tasks import carry_out_job, sweep_jobs
from tests.faults import kinds

KINDS = ("-I", "tests.faults.worker_kinds")
BROKERS = ["filesystem", pytest.param("redis", marks=pytest.mark.both), "rabbitmq"]


class Site:
    """Jobs of the test kinds, the files that hold and let go of their items, and what they made."""

    def __init__(self, folder: Path, worker: Any) -> None:
        self.folder, self.worker = folder, worker
        self.user = User.objects.create(username="root", is_superuser=True)

    def start(self, queue: Queue = Queue.GENERAL, *, count: int = 5, prefix: str = "J", **params: str) -> Job:
        params |= {"folder": str(self.folder), "prefix": prefix}
        return start_job(
            f"fault_{queue}",
            title="Work",
            by=self.user,
            at=timezone.now(),
            params={**params, "count": count},
        )

    def run(self, *options: str, **how: Any) -> Any:
        return self.worker(*KINDS, *options, **how)

    def go(self) -> None:
        (self.folder / "go").touch()

    def held(self) -> bool:
        path = self.folder / "held"
        return path.exists() and bool(path.read_text())

    def kills(self) -> list[int]:
        path = self.folder / "kills"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def made(self, prefix: str = "J") -> list[str]:
        names = Organisation.objects.filter(name__startswith=prefix).values_list("name", flat=True)
        return sorted(name.removeprefix(prefix) for name in names)

    def page(self, job: Job, client: Client, **query: str) -> str:
        return client.get(reverse("caravan_job", args=[job.pk]), query).content.decode()


@pytest.fixture
def site(tmp_path: Path, worker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(job_kinds, "_items", dict(job_kinds._items))
    kinds.register()
    folder = tmp_path / "site"
    folder.mkdir()
    yield Site(folder, worker)


def lapse(job: Job) -> None:
    """Let half a minute pass for the lease of a worker that is gone, and the sweep come by."""
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now())
    sweep_jobs()


def forgotten() -> None:
    """Let a minute pass in which nobody took the messages of the open jobs."""
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    Job.objects.filter(state=JobState.QUEUED).update(created_at=long_ago)


def wait_for(ready: Callable[[], bool], worker: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, worker.output()
        time.sleep(0.03)


def finished(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).is_finished


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("broker", BROKERS, indirect=True)
def test_a_killed_worker_loses_nothing_and_an_item_that_kills_is_set_aside(site: Site, broker: str) -> None:
    # The embedded worker works in threads of one process, which dies as a whole; an office's in children.
    pool = "threads" if broker.startswith("filesystem") else "prefork"
    current = site.run(pool=pool)
    job = site.start(gate="4", poison="4")
    wait_for(site.held, current)
    current.kill()  # from outside: the first try of the item in hand
    assert site.made() == ["1", "2", "3"]
    site.go()
    current = site.run(pool=pool)
    lapse(job)
    for nth in (1, 2):
        wait_for(lambda nth=nth: len(site.kills()) == nth, current)
        if site.kills()[-1] == current.child.pid:
            current.child.wait(10)
            current = site.run(pool=pool)  # as ``serve`` does
        else:
            wait_for(lambda: is_gone(site.kills()[-1]), current)
        lapse(job)
    wait_for(lambda: finished(job), current)

    job.refresh_from_db()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 4, "set_aside": 1})
    assert site.made() == ["1", "2", "3", "5"] and len(site.kills()) == 2
    poisoned = job.items.get(state=ItemState.SET_ASIDE)
    assert (poisoned.key, poisoned.code, poisoned.attempts) == ("4", "worker_lost", 3)
    assert set(job.items.exclude(key="4").values_list("attempts", flat=True)) == {1}

    (site.folder / "cured").touch()
    retry_items(job, [poisoned], by=site.user, at=timezone.now())
    wait_for(lambda: finished(job), current)
    assert site.made() == ["1", "2", "3", "4", "5"]
    assert Job.objects.get(pk=job.pk).figures == {"done": 5}


def test_a_long_import_keeps_no_export_waiting_and_is_cancelled_and_goes_on_by_the_screen(
    site: Site, client: Client
) -> None:
    prefix = settings.CELERY_TASK_DEFAULT_QUEUE
    imports = site.run("-Q", broker_name(Queue.IMPORTS, prefix), concurrency=1)
    others = site.run("-X", broker_name(Queue.IMPORTS, prefix), concurrency=1)
    long = site.start(Queue.IMPORTS, gate="3", prefix="L")
    second = site.start(Queue.IMPORTS, prefix="M")
    wait_for(site.held, imports)
    short = site.start(Queue.EXPORTS, prefix="S")
    wait_for(lambda: finished(short), others)
    assert Job.objects.get(pk=long.pk).state == JobState.RUNNING
    assert Job.objects.get(pk=second.pk).state == JobState.QUEUED  # not taken by the other worker

    client.force_login(site.user)
    assert "取消任务" in site.page(long, client)
    client.post(reverse("caravan_job_cancel", args=[long.pk]))
    site.go()
    wait_for(lambda: "in other hands or cancelled" in imports.output(), imports)
    assert "完成 2，已取消 3" in site.page(long, client) and site.made("L") == ["1", "2"]
    client.post(reverse("caravan_job_resume", args=[long.pk]))
    wait_for(lambda: finished(long) and finished(second), imports)
    assert Job.objects.get(pk=long.pk).figures == {"done": 5}
    assert site.made("L") == site.made("M") == site.made("S") == ["1", "2", "3", "4", "5"]


def test_a_worker_that_hung_does_nothing_twice(site: Site) -> None:
    current = site.run(pool="prefork")
    job = site.start(gate="2")
    wait_for(site.held, current)
    hung = int((site.folder / "held").read_text())
    os.kill(hung, signal.SIGSTOP)
    site.go()
    lapse(job)
    wait_for(lambda: finished(job), current)
    os.kill(hung, signal.SIGCONT)
    wait_for(lambda: "in other hands or cancelled" in current.output(), current)
    job.refresh_from_db()
    assert (job.state, job.runs, job.figures) == (JobState.DONE, 2, {"done": 5})
    assert site.made() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("broker", ["mortal_redis"], indirect=True)
def test_a_broker_that_goes_and_two_schedulers_lose_and_double_nothing(site: Site, mortal_redis: Any) -> None:
    waiting = site.start(prefix="W")  # its message is in the broker's memory
    mortal_redis.stop()
    begun = time.monotonic()
    unsent = site.start(prefix="U")  # nobody takes its message
    assert time.monotonic() - begun < 5, "starting a job waits for a broker that is away"
    mortal_redis.start()
    forgotten()
    workers = [site.run(beat=True), site.run(beat=True)]  # each one's own schedule sweeps
    wait_for(lambda: finished(waiting) and finished(unsent), workers[0])

    mortal_redis.stop()
    late = site.start(prefix="A")
    mortal_redis.start()
    forgotten()
    wait_for(lambda: finished(late), workers[0])  # the same workers, connected again
    for job in (waiting, unsent, late):
        carry_out_job(str(job.pk))  # redelivered
    assert {(one.state, one.runs) for one in Job.objects.all()} == {(JobState.DONE, 1)}
    assert site.made("W") == site.made("U") == site.made("A") == ["1", "2", "3", "4", "5"]


@pytest.mark.deep
@pytest.mark.parametrize("broker", BROKERS, indirect=True)
def test_workers_killed_at_random_moments(site: Site) -> None:
    job = site.start(count=300)
    dice = random.Random()  # noqa: S311  any moment will do
    for _kill in range(6):
        doomed = site.run(beat=True)
        goal = min(300, len(site.made()) + dice.randint(1, 40))
        wait_for(lambda goal=goal: len(site.made()) >= goal or finished(job), doomed)
        doomed.kill()
        lapse(job)
    last = site.run(beat=True)
    wait_for(lambda: finished(job), last)
    assert Job.objects.get(pk=job.pk).figures == {"done": 300}
    assert len(site.made()) == 300


@pytest.mark.deep
@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
def test_quorum_queues_carry_jobs_too(site: Site) -> None:
    # Queues of another type need other names; the worker's own beat sweeps and sends into them.
    env = {"CELERY_QUEUE_TYPE": "quorum", "QUEUE_OF_TEST": "quorum"}
    current = site.run(beat=True, pool="prefork", env=env)
    job = site.start(Queue.DOCUMENTS, poison="4")
    forgotten()
    for nth in (1, 2, 3):
        wait_for(lambda nth=nth: len(site.kills()) == nth and is_gone(site.kills()[nth - 1]), current)
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now())
    wait_for(lambda: finished(job), current)
    assert Job.objects.get(pk=job.pk).figures == {"done": 4, "set_aside": 1}
