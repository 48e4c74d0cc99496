"""A database with all migrations applied and the roles written, made once for each state of both."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from psycopg import sql

from cms.roles import role_permissions

ROOT = Path(__file__).resolve().parents[2]
_COMMANDS = """
from manage import execute_from_command_line as run
run(["manage.py", "migrate", "-v", "0"])
run(["manage.py", "sync_roles"])
"""


def migrated_file(cache: Path) -> Path:
    """Return a migrated SQLite file below ``cache``, made if the migrations changed since."""
    wanted = cache / f"{_state_of_migrations()}.sqlite3"
    with _alone(cache, "sqlite"):
        if not wanted.exists():
            for old in cache.glob("*.sqlite3*"):
                old.unlink()
            unfinished = cache / "unfinished.sqlite3"
            _migrate(f"sqlite:///{unfinished}", journal_mode="delete")
            unfinished.rename(wanted)
    return wanted


def migrated_database(cache: Path, config: Mapping[str, Any]) -> str:
    """Return the name of a migrated database on the server of ``config``, made if it is not there."""
    name = f"migrated_{_state_of_migrations()}"
    address = f"postgresql://{config['USER']}@{config['HOST']}:{config['PORT']}"
    with (
        _alone(cache, "postgresql"),
        psycopg.connect(f"{address}/{config['NAME']}", autocommit=True) as server,
    ):
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute("DROP DATABASE IF EXISTS unfinished")
            server.execute("CREATE DATABASE unfinished")
            _migrate(f"{address}/unfinished")
            server.execute(sql.SQL("ALTER DATABASE unfinished RENAME TO {}").format(sql.Identifier(name)))
    return name


def _state_of_migrations() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for app in apps.get_app_configs():
        for path in sorted((Path(app.path) / "migrations").glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    rights = sorted(
        (app_label, str(role), right)
        for app_label in role_permissions.keys()  # noqa: SIM118  a Registry is no dict
        for role, names in role_permissions.get(app_label).items()
        for right in names
    )
    digest.update(repr(rights).encode())
    return digest.hexdigest()[:16]


def _migrate(url: str, journal_mode: str = "") -> None:
    with tempfile.TemporaryDirectory() as scratch:
        env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "cms.settings.test"}
        env["TEST_VAR_DIR"] = scratch
        # One process for both: each start costs three seconds.
        done = subprocess.run(
            [sys.executable, "-c", _COMMANDS], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"migrate failed:\n{done.stdout}{done.stderr}")
    if journal_mode:
        import sqlite3

        # What is still in the write-ahead log belongs into the one file that is copied.
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            database.execute(f"PRAGMA journal_mode={journal_mode}")
        database.close()


@contextmanager
def _alone(cache: Path, name: str) -> Iterator[None]:
    """Let one process of pytest-xdist work while the others wait."""
    with (cache / f"lock-{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
