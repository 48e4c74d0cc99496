"""An office by environment alone: PostgreSQL, RabbitMQ, gunicorn, worker, scheduler, all real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cms.children import kill_group, start_child, tail
from tests.guards.test_deploy import office
from tests.harness.migrated import ROOT, migrated_database
from tests.servers.start import free_port

DATABASE = "office_by_environment"
ALL_WELL = dict.fromkeys(("database", "broker", "worker", "storage", "fonts"), "ok")


class Office:
    """The three processes of an office, started with one environment."""

    def __init__(self, env: dict[str, str], folder: Path, port: int) -> None:
        self.env, self.folder, self.port = env, folder, port
        self.running: dict[str, Popen[bytes]] = {}

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = start_child(
                # Celery warns a superuser, as a test machine's may be, before logging is set up.
                [sys.executable, "-W", "ignore:::celery.platforms", "-m", *command],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def start_worker(self) -> None:
        self.start(
            "worker", "celery", "-q", "-A", "cms", "worker", "-c", "1", "-P", "threads", "--loglevel", "INFO"
        )

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def ask(self, path: str) -> tuple[int, str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers
        except OSError:
            return 0, "", {}

    def ready(self) -> tuple[int, dict[str, str]]:
        status, text, _headers = self.ask("/readyz")
        return status, json.loads(text)["parts"] if text.startswith("{") else {}

    def levels(self) -> dict[str, str]:
        """Return what the doctor says of each part, by the part's name."""
        said = json.loads(self.manage("doctor", "--json", "--language", "en").stdout)
        return {one["name"]: one["level"] for one in said["checks"]}

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def until(self, happens: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not happens():
            if time.monotonic() > deadline:
                logs = "\n".join(f"== {name}\n{tail(self.folder / f'{name}.log')}" for name in self.running)
                pytest.fail(f"/readyz says {self.ready()}\n{logs}")
            time.sleep(0.2)


@pytest.fixture
def running_office(
    postgres_url: str, rabbitmq_url: str, tmp_path: Path, pytestconfig: pytest.Config
) -> Iterator[Office]:
    """Gunicorn, worker and scheduler with production settings; every address from the environment."""
    address = conninfo_to_dict(postgres_url)
    config = {name.upper(): address[name] for name in ("user", "host", "port")} | {"NAME": "postgres"}
    template = migrated_database(Path(pytestconfig.cache.mkdir("caravan-database")), config)
    with psycopg.connect(f"{postgres_url.rsplit('/', 1)[0]}/postgres", autocommit=True) as server:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
        server.execute(drop)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(DATABASE), sql.Identifier(template)
            )
        )
        (tmp_path / "static").mkdir()
        port = free_port()
        env = office(
            tmp_path,
            DATABASE_URL=f"{postgres_url.rsplit('/', 1)[0]}/{DATABASE}",
            CELERY_BROKER_URL=rabbitmq_url,
            CELERY_QUEUE=DATABASE,
            ALLOWED_HOSTS="training.example.com,127.0.0.1",
            HEARTBEAT_SECONDS="1",
            WEB_BIND=f"127.0.0.1:{port}",
            WEB_WORKERS="2",
            TZ="Asia/Shanghai",
            HOME=os.environ.get("HOME", "/"),
        )
        started = Office(env, tmp_path, port)
        try:
            started.start("web", "gunicorn", "-c", "deploy/gunicorn.conf.py", "cms.wsgi:application")
            started.start(
                "beat", "celery", "-q", "-A", "cms", "beat", "-s", str(tmp_path / "schedule"), "-l", "INFO"
            )
            started.start_worker()
            yield started
        finally:
            for child in started.running.values():
                kill_group(child)
                child.wait()
            server.execute(drop)


@pytest.mark.postgresql  # there the migrated database is made already
def test_the_same_code_runs_an_office_by_environment_alone(running_office: Office) -> None:
    office = running_office
    office.until(lambda: office.ready() == (200, ALL_WELL))
    office.until(lambda: 'kind="round_trip"' in office.ask("/metrics")[1])

    kill_group(office.running["worker"])
    # Each web process keeps its answer for a second, and one may still keep that from before the worker
    # was up: only the doctor, who asks anew each time, knows when the killed one is missed.
    office.until(lambda: office.levels()["processes"] == "fault")
    office.until(lambda: office.ready() == (503, {**ALL_WELL, "worker": "error"}))
    levels = office.levels()
    assert levels["static"] == "fault"
    assert (
        levels["database"]
        == levels["roles"]
        == levels["migrations"]
        == levels["broker"]
        == levels["keys"]
        == "ok"
    )

    office.start_worker()
    office.until(lambda: office.ready() == (200, ALL_WELL))
    for name in ("web", "worker", "beat"):
        for line in office.log(name).splitlines():
            assert {"time", "level", "logger", "event"} <= json.loads(line).keys(), line
