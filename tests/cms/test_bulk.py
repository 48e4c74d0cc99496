"""Rows by the thousand: the same as ``bulk_create``, and as strict."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from cms.bulk import insert_columns
from cms.enums import ItemState
from cms.models import Job, JobItem

pytestmark = [pytest.mark.django_db, pytest.mark.both]

AT = dt.datetime(2026, 7, 1, 9, 30, tzinfo=dt.UTC)


def _job() -> Job:
    return Job.objects.create(kind="import_check", title="检查", created_at=AT)


def test_a_list_is_a_column_and_anything_else_every_rows() -> None:
    job = _job()
    insert_columns(
        JobItem, 3, job_id=job.pk, position=[1, 2, 3], key=["a", "b", "c"],
        state=[ItemState.DONE, "refused", ItemState.DONE], tried_at=[AT, None, AT],
    )  # fmt: skip
    rows = [(row.key, row.position, row.state, row.tried_at, row.attempts) for row in job.items.all()]
    assert rows == [("a", 1, "done", AT, 0), ("b", 2, "refused", None, 0), ("c", 3, "done", AT, 0)]


def test_a_row_takes_the_place_of_its_like() -> None:
    job = _job()
    for label in ("一", "二"):
        insert_columns(
            JobItem, 2, unique=["job_id", "key"], update=["label"],
            job_id=job.pk, position=[1, 2], key=["a", "b"], label=[label, "同"],
        )  # fmt: skip
    assert list(job.items.values_list("key", "label")) == [("a", "二"), ("b", "同")]


def test_nothing_is_cut_or_taken_for_a_column() -> None:
    job = _job()
    with pytest.raises(TypeError, match="labels"):
        insert_columns(JobItem, 1, job_id=job.pk, position=1, key="a", labels="x")
    insert_columns(JobItem, 0, job_id=job.pk, position=[], key=[])
    assert not job.items.exists()


def test_a_list_of_another_length_is_refused() -> None:
    """PostgreSQL would fill the rest with NULL."""
    job = _job()
    for count, keys in ((0, ["a"]), (2, ["a", "b", "c"]), (3, ["a", "b"])):
        with pytest.raises(ValueError, match="key"):
            insert_columns(
                JobItem, count, job_id=job.pk, position=list(range(count)), key=keys, tried_at=[None] * count
            )
    with pytest.raises(ValueError, match="tried_at"):
        insert_columns(JobItem, 2, job_id=job.pk, position=[1, 2], key=["a", "b"], tried_at=[AT])
    assert not job.items.exists()


@pytest.mark.postgresql
def test_what_is_too_long_is_refused_as_ever() -> None:
    job = _job()
    with pytest.raises(DatabaseError), transaction.atomic():
        insert_columns(JobItem, 1, job_id=job.pk, position=1, key="k" * 61, tried_at=timezone.now())
    assert not job.items.exists()
