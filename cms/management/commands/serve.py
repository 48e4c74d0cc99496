"""Serve everything from one command: web server, worker and scheduler, on the settings' database.

The web server is one process with threads: what Wagtail caches in memory then has one copy. A child
that ends by itself is started again; one that ends three times within seconds ends the command with
a message, because starting it a fourth time would only hide the reason.
"""

from __future__ import annotations

import errno
import fcntl
import http.client
import io
import signal
import socket
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from cms.children import end_with_parent, kill_group, start_child, stop_children
from cms.migrating import is_migrated
from cms.queues import Queue, broker_name

_WEB_THREADS = 16
_WORKER_THREADS = 2
_STOP_SECONDS = 20
_START_SECONDS = 60
_QUICK_DEATH_SECONDS = 10
_QUICK_DEATHS_ALLOWED = 3


@dataclass
class Part:
    """One child of the command, and how often it died right after its start."""

    name: str
    args: list[str]
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    quick_deaths: int = field(default=0)

    def start(self) -> None:
        """Start the child; ``time.monotonic`` dates it."""
        self.child = start_child(self.args, cwd=settings.BASE_DIR)
        self.started_at = time.monotonic()

    def revive(self) -> int | None:
        """Start the child again if it ended; return the exit code it ended with, else ``None``.

        Raise ``CommandError`` when it keeps ending right after its start.
        """
        code = self.child.poll() if self.child else None
        if code is None or self.child is None:
            return None
        kill_group(self.child)
        # One that was killed did not fail to start: an item of a job may kill the worker, and is set aside
        # after a few times, but the command must live that long.
        quick = code >= 0 and time.monotonic() - self.started_at < _QUICK_DEATH_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        if self.quick_deaths >= _QUICK_DEATHS_ALLOWED:
            raise CommandError(
                f"The {self.name} ended {self.quick_deaths} times right after its start (exit code {code})."
            )
        self.start()
        return code


class Command(BaseCommand):
    """``manage.py serve``: web server, worker and scheduler until Ctrl-C."""

    help = "Serve the application with its worker and scheduler; Ctrl-C ends all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to listen and what to do first."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument(
            "--prepare", action="store_true", help="first migrate, sync roles, load the demo world"
        )
        parser.add_argument("--no-demo", action="store_true", help="with --prepare: load no demo world")
        parser.add_argument(
            "--own-worker",
            action="append",
            default=[],
            choices=[queue.value for queue in Queue if queue],
            help="give this queue a worker of its own; may be repeated",
        )
        parser.add_argument(
            "--end-with-parent", action="store_true", help="end when the calling process is killed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal; raise ``CommandError`` when the port is taken or a child cannot run."""
        host, port = options["host"], options["port"]
        if options["end_with_parent"]:
            end_with_parent()
        var = Path(getattr(settings, "VAR_DIR", settings.BASE_DIR / "var"))
        stop = threading.Event()
        with ExitStack() as scope:
            scope.enter_context(_only_one(var / "serve.lock"))
            _refuse_taken_port(host, port)
            demo = not options["no_demo"]
            # The second start waits for nothing: what is left to prepare goes on beside the children's start.
            again = options["prepare"] and is_migrated() and get_user_model()._default_manager.exists()
            if options["prepare"] and not again:
                self._prepare(demo=demo)
            scope.enter_context(_signals_set(stop))
            own = [Queue(name) for name in options["own_worker"]]
            self._run(
                _parts(host, port, var, own),
                f"http://{_shown(host)}:{port}/",
                stop,
                meanwhile=partial(self._bring_up_to_date, demo=demo) if again else None,
            )

    def _prepare(self, *, demo: bool) -> None:
        try:
            self.stdout.write("Preparing the database …")
            self.stdout.flush()
            call_command("migrate", interactive=False, verbosity=0)
            self._bring_up_to_date(demo=demo)
        except KeyboardInterrupt:
            raise CommandError("Interrupted before anything was served.", returncode=130) from None

    def _bring_up_to_date(self, *, demo: bool) -> None:
        call_command("sync_roles", stdout=io.StringIO())
        if demo and "seed_demo" in get_commands():
            self._load_demo_world()
        call_command("seal_audit", stdout=io.StringIO())

    def _load_demo_world(self) -> None:
        try:
            call_command("seed_demo", stdout=self.stdout)
        except CommandError as refusal:
            # A real office that forgot DEMO=0 is served all the same, without the demo world.
            self.stderr.write(str(refusal))

    def _run(
        self,
        parts: list[Part],
        address: str,
        stop: threading.Event,
        *,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        has_users = get_user_model()._default_manager.exists()
        # Children open connections of their own; an idle one here would only hold locks.
        connections.close_all()
        try:
            for part in parts:
                if not stop.is_set():
                    part.start()
            if meanwhile is not None and not stop.is_set():
                meanwhile()
                connections.close_all()
            if self._wait_for_answer(parts, address, stop):
                self._welcome(address, has_users)
            while not stop.wait(0.5):
                self._revive(parts)
        finally:
            self.stdout.write("Stopping …")
            stop_children([part.child for part in parts if part.child], wait_seconds=_STOP_SECONDS)
        self.stdout.write("Stopped.")

    def _wait_for_answer(self, parts: list[Part], address: str, stop: threading.Event) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(address):
            self._revive(parts)
            if stop.wait(0.1):
                return False
            if time.monotonic() > deadline:
                raise CommandError(f"{address} does not answer after {_START_SECONDS} s.")
        return True

    def _revive(self, parts: list[Part]) -> None:
        for part in parts:
            code = part.revive()
            if code is not None:
                self.stderr.write(f"The {part.name} ended with exit code {code}; it was started again.")

    def _welcome(self, address: str, has_users: bool) -> None:
        self.stdout.write(self.style.SUCCESS(f"\n大篷车 Caravan is ready: {address}"))
        self.stdout.write(f"Back office: {address}admin/    Stop: Ctrl-C")
        if not has_users:
            first = "setup" if "setup" in get_commands() else "createsuperuser"
            self.stdout.write(
                f"There is no account yet. Make the first one: .venv/bin/python manage.py {first}"
            )
        self.stdout.flush()


def _parts(host: str, port: int, var: Path, own: list[Queue]) -> list[Part]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = [
        sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--bind", bind,
        "--workers", "1", "--threads", str(_WEB_THREADS), "--timeout", "120", "--graceful-timeout", "5",
        "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip
    return [Part("web server", web), *_workers(var, own)]


def _workers(var: Path, own: list[Queue]) -> list[Part]:
    """One worker with the scheduler for all queues, but those in ``own`` have a worker each."""
    # Running as root is the office's choice on its own machine; the long warning hides real ones.
    worker = [
        sys.executable, "-W", "ignore::RuntimeWarning:celery.platforms",
        "-m", "celery", "-q", "-A", "cms", "worker", "-P", "threads", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    names = {queue: broker_name(queue, settings.CELERY_TASK_DEFAULT_QUEUE) for queue in own}
    first = [*worker, "-B", "-s", str(var / "beat-schedule"), "-c", str(_WORKER_THREADS)]
    if names:
        first += ["-X", ",".join(names.values())]
    return [
        Part("worker", first),
        *(
            Part(f"worker for {queue}", [*worker, "-c", "1", "-n", f"{queue}@%h", "-Q", name])
            for queue, name in names.items()
        ),
    ]


def _refuse_taken_port(host: str, port: int) -> None:
    """Raise ``CommandError`` with what to do when nothing can listen on ``host`` and ``port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError as error:
            raise CommandError(
                f"{port} is not a port; choose one from 1024 to 65535: make run PORT=8001"
            ) from error
        except OSError as error:
            raise CommandError(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is already in use. Choose another: make run PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs an administrator. Choose one above 1023: make run PORT=8000"
    return f"Cannot listen on {host}:{port}: {error.strerror or error}"


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the lock of this data folder: two schedulers on one folder would send everything twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"It is already running on the data in {path.parent}. Stop it first, or give this one a "
                "folder of its own: VAR_DIR=/another/folder make run PORT=8001"
            ) from error
        yield


@contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Turn Ctrl-C, ``SIGTERM`` and a closed terminal into ``stop``."""

    def handle(signum: int, frame: FrameType | None) -> None:
        stop.set()

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, handle) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _answers(address: str) -> bool:
    """Return whether a web server answers there, whatever it says."""
    netloc = address.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(netloc, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
