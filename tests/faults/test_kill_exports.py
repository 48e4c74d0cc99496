"""A worker killed in the middle of an export: every row once, one record, nothing half-written to be had or left."""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from cms.enums import AffiliationKind, ExportFormat, FileKind, JobState
from cms.exporting.declarations import exports
from cms.models import Affiliation, AuditEntry, ExportRecord, Job, Person, StoredFile
from cms.roles import Role
from cms.services.exports import Asked, start_export
from cms.services.files import read_file
from cms.tasks import sweep_jobs
from tests.cms.import_world import NOW, make_school, user_with

BOTH = ["filesystem", pytest.param("redis", marks=pytest.mark.both)]


def wait_for(ready: Callable[[], bool], worker: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, worker.output()
        time.sleep(0.005)


def people_of(count: int) -> Any:
    """Write ``count`` people of one school, and return who administers it."""
    school = make_school()
    found = Person.objects.bulk_create(Person(legal_name=f"王秀英{at}") for at in range(count))
    Affiliation.objects.bulk_create(
        Affiliation(
            person=person, organisation=school, kind=AffiliationKind.ROSTER, region_code=school.region_code,
            source="test", since=NOW.date(),
        )
        for person in found
    )  # fmt: skip
    return user_with(Role.ORG_ADMIN, school, "jigou")


def stored() -> list[Path]:
    """Return all files of the private store."""
    return [path for path in Path(settings.PRIVATE_ROOT).rglob("*") if path.is_file()]


def kill_and_go_on(worker: Any, scratch: Path, count: int, kills: list[int]) -> None:
    """Export ``count`` people while workers are killed as soon as so many bytes of the table are written."""
    admin = people_of(count)
    asked = Asked(
        exports.get("people"), QueryDict(), ("legal_name", "groups"), ExportFormat.CSV, "报县人社局核对"
    )
    before = stored()
    job = Job.objects.filter(pk=start_export(asked, by=admin, at=NOW).pk)
    environment = {"TMPDIR": str(scratch)}
    for goal in kills:
        left = set(scratch.iterdir())
        doomed = worker(env=environment)
        wait_for(lambda goal=goal, left=left: written(scratch, left) >= goal or job.get().is_finished, doomed)
        doomed.kill()
        assert job.get().state == JobState.RUNNING, "killed in the middle"
        # Nothing is to be had of it; what it leaves lies where the next one clears.
        assert (
            not ExportRecord.objects.exists() and not StoredFile.objects.filter(kind=FileKind.EXPORT).exists()
        )
        assert len(list(scratch.iterdir())) == 1 and written(scratch)
        job.filter(state=JobState.RUNNING).update(lease_until=timezone.now())  # as half a minute later
        sweep_jobs()
    last = worker(env=environment)
    sweep_jobs()
    wait_for(lambda: job.get().is_finished, last)
    assert (job.get().state, job.get().figures, job.get().runs) == (
        JobState.DONE,
        {"done": 1},
        len(kills) + 1,
    )
    record = ExportRecord.objects.get()
    rows = list(csv.reader(io.StringIO(read_file(record.file).decode("utf-8-sig"))))[1:]
    assert [name for name, _groups in rows] == [f"王秀英{at}" for at in range(count)] and record.rows == count
    assert AuditEntry.objects.filter(action="export.make").count() == 1
    assert not list(scratch.iterdir()) and len(stored()) == len(before) + 1


def written(scratch: Path, left: Collection[Path] = ()) -> int:
    """Return how many bytes of tables lie in the scratch folders but those that were ``left`` before."""
    return sum(table.stat().st_size for table in scratch.glob("*/table") if table.parent not in left)


def test_a_killed_worker_leaves_nothing_and_the_next_writes_every_row_once(
    transactional_db: None, worker: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kill_and_go_on(worker, tmp_path_factory.mktemp("scratch"), 30_000, [10_000])


@pytest.mark.deep
@pytest.mark.parametrize("broker", BOTH, indirect=True)
def test_a_long_table_survives_kills_at_any_moment(
    transactional_db: None, broker: str, worker: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random()  # noqa: S311  any moment will do
    kills = sorted(dice.sample(range(1, 700_000), 2))  # at the third an item is set aside
    kill_and_go_on(worker, tmp_path_factory.mktemp("scratch"), 60_000, kills)
