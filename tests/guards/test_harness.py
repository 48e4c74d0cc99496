"""The harness itself: what it promises to the other tests is true."""

from __future__ import annotations

import os

import pytest
from django.db import connection

pytestmark = pytest.mark.both


def test_the_database_is_the_chosen_one() -> None:
    wanted = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    assert connection.vendor == wanted


def test_threads_run_together_on_connections_of_their_own(run_together) -> None:
    def ask() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            # Itself and not its id: once it is gone, the next thread's may have the same.
            return connection.connection

    def refuse() -> None:
        raise ValueError("no")

    *answers, refusal = run_together(ask, ask, ask, refuse)

    assert len(set(map(id, answers))) == 3
    assert isinstance(refusal, ValueError)


@pytest.mark.parametrize("time", ["first", "second"])
def test_rows_of_the_migrations_survive_a_flush(transactional_db: None, time: str) -> None:
    from wagtail.models import Locale, Page, Site

    assert Locale.objects.count() == 1
    assert Page.objects.filter(depth=1).count() == 1
    Site.objects.all().delete()
    Locale.objects.create(language_code="en")


def test_a_worker_takes_tasks_and_can_be_killed(worker) -> None:
    first = worker()
    first.kill()
    assert first.child.returncode != 0


def test_on_commit_runs_what_was_left_for_the_commit(db: None, on_commit) -> None:
    from django.db import transaction

    seen = []
    with on_commit():
        transaction.on_commit(lambda: seen.append(1))
        assert seen == []
    assert seen == [1]
