"""``manage.py`` as an operator runs it: another process, a database and a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from cms.children import start_child, stop_child, tail
from tests.harness.demo import embedded_environment
from tests.harness.migrated import migrated_database, migrated_file

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Office:
    """An installation: its folder and its environment."""

    var: Path
    env: dict[str, str]

    def manage(self, *arguments: str, refused: bool = False) -> str:
        """Run a command; return what it printed. ``refused``: it must end with an error."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip
        printed = done.stdout + done.stderr
        assert "Traceback" not in printed, printed
        assert (done.returncode != 0) == refused, printed
        return printed if refused else done.stdout  # the log goes to the other stream

    def ask(self, code: str) -> str:
        """Return what a piece of Python prints inside the installation."""
        return self.manage("shell", "--no-imports", "-c", code).strip()

    @contextmanager
    def worker(self) -> Iterator[Path]:
        """Run a Celery worker beside; the path is its log."""
        log = self.var / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", "cms", "worker", "-P", "threads", "-c", "2"]
        with log.open("wb") as output:
            child = start_child(
                [*command, "-n", f"{uuid.uuid4().hex}@localhost", "--loglevel", "INFO"],
                env=self.env, cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while " ready." not in tail(log, lines=40):
                if child.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the worker did not start:\n{tail(log)}")
                time.sleep(0.2)
            yield log
        finally:
            stop_child(child)


def office_on_sqlite(var: Path, cache: Path) -> Office:
    """Return a migrated installation on SQLite and the embedded broker."""
    var.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(migrated_file(cache), var / "caravan.sqlite3")
    return Office(var, embedded_environment(var))


@contextmanager
def office_on_postgresql(var: Path, server: str, broker: str, cache: Path) -> Iterator[Office]:
    """Yield a migrated installation on a new database of ``server``."""
    var.mkdir(parents=True, exist_ok=True)
    name = f"office_{uuid.uuid4().hex[:12]}"
    base, _slash, _database = server.rpartition("/")
    env = embedded_environment(var) | {"DATABASE_URL": f"{base}/{name}", "CELERY_BROKER_URL": broker}
    parts = conninfo.conninfo_to_dict(server)
    migrated = migrated_database(
        cache, {"USER": parts["user"], "HOST": parts["host"], "PORT": parts["port"], "NAME": parts["dbname"]}
    )
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(migrated))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
        try:
            yield Office(var, env)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def cache_of(config: pytest.Config) -> Path:
    """Return where migrated databases are kept between runs."""
    return Path(config.cache.mkdir("caravan-database"))
