"""The suite's fixtures: ``tests/harness`` holds them, this file says which test runs where.

A test without a marker runs on SQLite; ``both`` runs again on PostgreSQL; ``postgresql`` only there.
``DATABASE_URL`` chooses the database, and ``python tests/run.py`` sets it.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

import cms.importing.spreadsheets  # noqa: F401  first: it chooses the parser of workbooks, for tests as for workers

pytest_plugins = [
    "tests.harness.database",  # first: the others import it
    "tests.harness.brokers",
    "tests.harness.browser",
    "tests.harness.demo",
    "tests.harness.together",
]

settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("deep", parent=settings.get_profile("quick"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# A process holds some millions of objects for the whole run: looking for garbage among them each time
# 700 more were made takes a tenth of it.
gc.set_threshold(50_000, 20, 50)

# What takes long is begun first, so that no process waits at the end for another's long test. Before all else
# the demo world, which one process makes and looks at for minutes.
_LONG = {"journeys", "faults"}
_LONG_FILES = {"test_serve", "test_deploy", "test_backup", "test_benching", "test_harness"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Group the races, which load both cores, and the tests that look at one demo world.

    Here and not when the list is complete: pytest-xdist has read the groups by then.
    """
    fixtures = set(getattr(item, "fixturenames", ()))
    if "run_together" in fixtures:
        item.add_marker(pytest.mark.xdist_group("races"))
    elif "demo_app" in fixtures:
        item.add_marker(pytest.mark.xdist_group("demo"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that belong to this database and profile.

    The deep profile runs what differs from the quick one: properties, and tests marked deep.
    """
    on_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    deep = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        here = bool(marks & {"postgresql", "both"}) if on_postgresql else "postgresql" not in marks
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        now = is_property or "deep" in marks if deep else "deep" not in marks
        (kept if here and now else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = sorted(kept, key=_turn)


def _turn(item: pytest.Item) -> int:
    if "demo_app" in getattr(item, "fixturenames", ()):
        return 0
    return 1 if item.path.parent.name in _LONG or item.path.stem in _LONG_FILES else 2


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """Let no test read in the language that the last request of another asked for."""
    yield
    translation.deactivate()
