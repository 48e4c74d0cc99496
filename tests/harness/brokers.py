"""Real servers for a test, and real Celery workers that a test may kill."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from django.conf import settings

from cms.children import kill_group, start_child, stop_child, tail
from tests.harness.database import test_database_url
from tests.harness.missing import skip_or_fail
from tests.servers import SERVERS, ServerMissing, redis
from tests.servers.start import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def server_url() -> Iterator[Callable[[str], str]]:
    """Return ``url(name)`` for a name of ``SERVERS``; a server nobody handed over is started once."""
    with ExitStack() as running:

        def url(name: str) -> str:
            if not os.environ.get(name):
                try:
                    os.environ[name] = running.enter_context(SERVERS[name]())
                except ServerMissing as error:
                    skip_or_fail(str(error))
                running.callback(os.environ.pop, name)
            return os.environ[name]

        yield url


@pytest.fixture(scope="session")
def redis_url(server_url: Callable[[str], str]) -> str:
    """The URL of a private Redis."""
    return server_url("TEST_REDIS_URL")


@pytest.fixture(scope="session")
def rabbitmq_url(server_url: Callable[[str], str]) -> str:
    """The URL of a private RabbitMQ."""
    return server_url("TEST_RABBITMQ_URL")


@pytest.fixture(scope="session")
def postgres_url(server_url: Callable[[str], str]) -> str:
    """The URL of a private PostgreSQL, for a database beside the test database."""
    return server_url("TEST_POSTGRES_URL")


@dataclass
class MortalRedis:
    """A Redis of this test's own that it may stop and start again; a stop forgets every message."""

    url: str = ""
    port: int = field(default_factory=free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it, always at the same address."""
        self.url = self._running.enter_context(redis(self.port))

    def stop(self) -> None:
        """End it."""
        self._running.close()


@pytest.fixture
def mortal_redis() -> Iterator[MortalRedis]:
    """A running Redis that the test may stop and start again."""
    server = MortalRedis()
    try:
        server.start()
    except ServerMissing as error:
        skip_or_fail(str(error))
    yield server
    server.stop()


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    """The broker that tasks are sent to, empty: ``filesystem``, or by parameter ``redis``, ``rabbitmq``,
    ``mortal_redis``.

    ``@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)``
    """
    from cms.celery import app

    kind = getattr(request, "param", "filesystem")
    if kind == "mortal_redis":
        url = request.getfixturevalue("mortal_redis").url
    else:
        url = "filesystem://localhost//" if kind == "filesystem" else request.getfixturevalue(f"{kind}_url")
    names = ("broker_url", "broker_read_url", "broker_write_url", "broker_transport_options")
    before = {name: app.conf[name] for name in names}
    transport = before["broker_transport_options"] if kind == "filesystem" else {"visibility_timeout": 3600}
    # A worker would otherwise first carry out what an earlier test left behind.
    if kind == "filesystem":
        for left in (Path(settings.VAR_DIR) / "broker" / "queue").glob("*"):
            left.unlink(missing_ok=True)
    app.conf.update(
        broker_url=url, broker_read_url=url, broker_write_url=url, broker_transport_options=transport
    )
    _forget_connections(app)
    if kind != "filesystem":
        app.control.purge()
    yield url
    app.conf.update(before)
    _forget_connections(app)


def _forget_connections(app: Any) -> None:
    """Close what the application holds open, as it does in a forked process."""
    app._after_fork()


@dataclass
class Worker:
    """One ``celery worker`` process with all its children."""

    child: Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End the worker and its children as a power cut would: ``SIGKILL``, nothing handed back."""
        kill_group(self.child)
        self.child.wait()

    def stop(self) -> None:
        """End the worker in good order."""
        stop_child(self.child)

    def output(self, lines: int = 40) -> str:
        """Return the end of its log."""
        return tail(self.log, lines=lines)


@dataclass
class Workers:
    """Start workers on the test's database and broker; those still running end with the test."""

    broker_url: str
    folder: Path
    started: list[Worker] = field(default_factory=list)

    def __call__(
        self,
        *options: str,
        pool: str = "threads",
        concurrency: int = 2,
        beat: bool = False,
        env: dict[str, str] | None = None,
    ) -> Worker:
        """Start one worker, wait until it takes tasks, and return it; ``options`` go to Celery.

        ``env`` is added to its environment.
        """
        name = f"worker{len(self.started)}"
        log = self.folder / f"{name}.log"
        environment = {
            **os.environ,
            "DATABASE_URL": test_database_url(),
            "CELERY_BROKER_URL": self.broker_url,
            "DJANGO_SETTINGS_MODULE": "cms.settings.test",
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }
        args = [
            sys.executable, "-m", "celery", "-A", "cms", "worker", "-n", f"{name}-{os.getpid()}@localhost",
            "-P", pool, "-c", str(concurrency), "--loglevel", "INFO", "--without-mingle",
        ]  # fmt: skip
        if beat:
            args += ["-B", "-s", str(self.folder / f"{name}.beat")]
        with log.open("wb") as output:
            child = start_child([*args, *options], env=environment, cwd=ROOT, stdout=output, stderr=output)
        worker = Worker(child, log)
        self.started.append(worker)
        deadline = time.monotonic() + 60
        while " ready." not in log.read_text(encoding="utf-8", errors="replace"):
            if child.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the worker did not start:\n{worker.output()}")
            time.sleep(0.1)
        return worker


@pytest.fixture
def worker(broker: str, transactional_db: None, tmp_path: Path) -> Iterator[Workers]:
    """``worker()`` starts a real worker on the test's database and ``broker``; it has ``kill`` and ``stop``."""
    workers = Workers(broker, tmp_path)
    yield workers
    for one in workers.started:
        one.kill()
    shutil.rmtree(tmp_path, ignore_errors=True)
