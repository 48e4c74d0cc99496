"""``kill -9`` of the worker in the middle of a class's certificates: nothing lost, nothing twice."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate, NumberSeries
from certificates.issuing.services import sweeping
from certificates.issuing.services.batches import start_issuing
from cms.enums import FileKind, ItemState, JobState
from cms.models import AuditEntry, Job, StoredFile
from cms.services import files
from cms.tasks import carry_out_job
from tests.certificates.issuing_world import PRIVATE_USE, make_world, stored_bytes

PEOPLE = 100


ON_POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")


# On SQLite the quick suite kills workers of the smaller jobs in test_kill_jobs.py.
BROKER = "redis" if ON_POSTGRESQL else pytest.param("filesystem", marks=pytest.mark.deep)


@pytest.mark.both
@pytest.mark.parametrize("broker", [BROKER], indirect=True)
def test_a_killed_worker_loses_no_certificate_and_makes_none_twice(worker) -> None:
    world = make_world()
    for _ in range(PEOPLE):
        world.record()
    stopped = world.record(name="王桂花")
    stopped.person.legal_name = f"王{PRIVATE_USE}花"
    stopped.person.save()
    first = worker(beat=True)
    job = start_issuing(world.training_class, by=world.planner, at=timezone.now())
    wait_for(lambda: issued() >= PEOPLE // 3, first)
    first.kill()
    before = issued()
    assert before < PEOPLE, "the job was over before the worker could be killed"
    # The dead worker's lease would run out by itself; here nobody waits for it.
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now())
    second = worker(beat=True)
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, second)
    sweeping.render_overdue(timezone.now(), grace=dt.timedelta(0))

    job.refresh_from_db()
    assert (job.state, job.runs >= 2) == (JobState.DONE, True)
    certificates = list(Certificate.objects.select_related("file").order_by("number"))
    year = timezone.localdate().year
    assert [one.number for one in certificates] == [
        f"XH-PX-{year}-{serial:06d}" for serial in range(1, PEOPLE + 1)
    ]
    assert {one.state for one in certificates} == {CertificateState.ISSUED}
    assert NumberSeries.objects.get().last == PEOPLE
    assert len({one.record_id for one in certificates}) == PEOPLE
    assert len({one.file_id for one in certificates}) == PEOPLE
    assert all(stored_bytes(one).startswith(b"%PDF") for one in certificates)
    assert AuditEntry.objects.filter(action="certificate.issue").count() == PEOPLE
    assert [(item.code, f"{ord(PRIVATE_USE):04X}" in item.message) for item in refused(job)] == [
        ("missing_glyph", True)
    ]
    # A file that the dead worker held in hand belongs to nobody; the sweep removes it.
    files.discard_strays(timezone.now() + dt.timedelta(hours=2))
    assert StoredFile.objects.filter(kind=FileKind.CERTIFICATE).count() == PEOPLE
    # A message delivered a second time finds nothing to do.
    carry_out_job(str(job.pk))
    assert Certificate.objects.count() == PEOPLE


@pytest.mark.deep
@pytest.mark.both
@pytest.mark.parametrize("broker", ["filesystem", "redis", "rabbitmq"], indirect=True)
def test_workers_killed_at_random_lose_nothing(worker) -> None:
    world = make_world()
    for _ in range(PEOPLE):
        world.record()
    dice = random.Random()  # noqa: S311  any moment will do
    job = start_issuing(world.training_class, by=world.planner, at=timezone.now())
    for _kill in range(5):
        doomed = worker(beat=True)
        goal = min(PEOPLE, issued() + dice.randint(1, 15))
        wait_for(lambda goal=goal: issued() >= goal, doomed)
        doomed.kill()
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now())
    last = worker(beat=True)
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, last)
    sweeping.render_overdue(timezone.now(), grace=dt.timedelta(0))
    certificates = list(Certificate.objects.order_by("number"))
    assert [int(one.number[-6:]) for one in certificates] == list(range(1, PEOPLE + 1))
    assert {one.state for one in certificates} == {CertificateState.ISSUED}
    assert len({one.file_id for one in certificates}) == PEOPLE


def issued() -> int:
    return Certificate.objects.filter(state=CertificateState.ISSUED).count()


def refused(job: Job):
    return job.items.filter(state=ItemState.REFUSED)


def wait_for(ready: Callable[[], bool], worker, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, worker.output()
        time.sleep(0.05)
