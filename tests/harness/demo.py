"""The demo world, made once for the run and served as ``make run`` serves it: for tests that only look."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cms.children import start_child, stop_child, tail
from tests.harness.browser import Pages, browser_pages
from tests.harness.migrated import migrated_file
from tests.servers.start import free_port

ROOT = Path(__file__).resolve().parents[2]
# A small county: it has every state that the usual one has, and is made in half the time.
PEOPLE = 150
SEEDED = "as-seeded.sqlite3"


@dataclass(frozen=True)
class DemoApp:
    """Where the demo world is served, and what its command printed (the accounts)."""

    url: str
    var: Path
    printed: str


@pytest.fixture(scope="session")
def demo_app(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[DemoApp]:
    """``manage.py serve`` on a new demo world; tests must not change it."""
    var = tmp_path_factory.mktemp("demo")
    env = embedded_environment(var)
    cache = Path(pytestconfig.cache.mkdir("caravan-database"))
    shutil.copyfile(migrated_file(cache), var / "caravan.sqlite3")
    printed = _manage(["seed_demo", "--people", str(PEOPLE)], env)
    # What tests compare: as it was made, before a worker goes on with it.
    shutil.copyfile(var / "caravan.sqlite3", var / SEEDED)
    port, log = free_port(), var / "serve.log"
    with log.open("wb") as output:
        child = start_child(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            env=env, cwd=ROOT, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while "is ready" not in tail(log):
            if child.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"serve did not start:\n{tail(log)}")
            time.sleep(0.2)
        url = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(url, timeout=30).close()
        yield DemoApp(url, var, printed)
    finally:
        stop_child(child, wait_seconds=30)


@pytest.fixture
def demo_pages(chromium: object, demo_app: DemoApp) -> Iterator[Pages]:
    """Chromium at the demo world: ``demo_pages.open(**PHONE)`` and ``demo_pages.faults``."""
    with browser_pages(chromium, demo_app.url) as pages:
        yield pages


def embedded_environment(var: Path) -> dict[str, str]:
    """Return an environment in which the embedded settings know nothing of the suite's own."""
    strange = ("SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEYS", "DATABASE_URL", "CELERY_BROKER_URL", "MEDIA_ROOT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    return {
        **kept,
        "VAR_DIR": str(var),
        "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
        "PYTHONUNBUFFERED": "1",
    }


def _manage(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
