"""A worker killed in the middle of an import: no row is lost, none is doubled, the job goes on and says so."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from cms.enums import ImportState, JobState, Sex
from cms.identity import demo_number
from cms.models import Affiliation, AuditEntry, DataImport, Job, Person, PersonDocument
from cms.roles import Role
from cms.services.import_files import CHUNK
from cms.services.imports import confirm_import
from cms.tasks import sweep_jobs
from tests.cms.import_world import NOW, checked, csv_of, make_school, user_with

BOTH = ["filesystem", pytest.param("redis", marks=pytest.mark.both)]


def roster_of(count: int) -> bytes:
    rows = [
        [
            "王秀英",
            demo_number(dt.date(1970, 1, 1) + dt.timedelta(days=at // 500), at % 500, Sex.FEMALE),
            "在岗人员",
        ]
        for at in range(count)
    ]
    return csv_of(["姓名", "公民身份号码", "人员类别"], *rows)


def wait_for(ready: Callable[[], bool], worker: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, worker.output()
        time.sleep(0.005)


def kill_and_go_on(worker: Any, count: int, kills: list[int]) -> None:
    """Import ``count`` people while workers are killed as soon as so many are registered."""
    school = make_school()
    planner = user_with(Role.PLANNER, school, "planner")
    upload = checked(roster_of(count), school, planner, "名册.csv")
    upload = confirm_import(upload, by=planner, at=NOW)
    job = Job.objects.filter(pk=upload.import_job_id)
    for nth, goal in enumerate(kills, start=1):
        doomed = worker()
        # Not before it has taken the job over: the one before may have registered so many already.
        wait_for(lambda run=nth: job.get().runs == run, doomed)
        wait_for(lambda goal=goal: Person.objects.count() >= goal or job.get().is_finished, doomed)
        doomed.kill()
        # Rows, marks and audit entries went together.
        people = Person.objects.count()
        assert people == upload.rows.filter(imported_at__isnull=False).count()
        assert people == AuditEntry.objects.filter(action="person.register").count()
        assert 0 < people < count, "killed in the middle"
        job.filter(state=JobState.RUNNING).update(lease_until=timezone.now())  # as half a minute later
        sweep_jobs()
    last = worker()
    sweep_jobs()
    wait_for(lambda: job.get().is_finished, last, 300)
    assert DataImport.objects.get(pk=upload.pk).state == ImportState.IMPORTED
    assert (job.get().figures, job.get().runs) == ({"done": count}, len(kills) + 1)
    assert Person.objects.count() == PersonDocument.objects.count() == Affiliation.objects.count() == count
    for action in ("person.register", "person.affiliate", "person.tag"):
        entries = AuditEntry.objects.filter(action=action)
        assert entries.count() == entries.values("object_id").distinct().count() == count


def test_a_killed_worker_loses_no_row_and_doubles_none(transactional_db: None, worker: Any) -> None:
    # After the first chunk: the second was tried, so its rows come again one by one, which takes longer.
    kill_and_go_on(worker, CHUNK + 500, [1])


@pytest.mark.deep
@pytest.mark.parametrize("broker", BOTH, indirect=True)
def test_twenty_thousand_rows_survive_kills_at_any_moment(
    transactional_db: None, broker: str, worker: Any
) -> None:
    dice = random.Random()  # noqa: S311  any moment will do
    kill_and_go_on(worker, 20_000, sorted(dice.sample(range(1, 20_000 - 2 * CHUNK), 3)))
