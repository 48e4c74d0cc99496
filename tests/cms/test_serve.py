"""``manage.py serve``: one command, no process left behind, clear words when it cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError

from cms.management.commands import serve
from cms.queues import Queue
from tests.harness.demo import embedded_environment
from tests.harness.migrated import migrated_file
from tests.servers.start import free_port

ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A running ``serve`` with its output and the processes below it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.log = folder / f"serve-{self.port}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                serve_command(self.port, *options),
                cwd=ROOT, env=embedded_environment(folder), stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def children(self) -> set[int]:
        """Return the process ids below ``serve``, found by their parents."""
        parents = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    stat = (folder / "stat").read_text()
                except OSError:
                    continue
                if stat.rsplit(")", 1)[1].split()[0] != "Z":
                    parents[int(folder.name)] = int(stat.rsplit(")", 1)[1].split()[1])
        below = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return below - {self.process.pid}

    def child(self, name: str) -> int:
        """Return the direct child that runs the program ``name``."""
        for pid in self.children():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            if name.encode() in words and parent == self.process.pid:
                return pid
        raise LookupError(f"{name} does not run:\n{self.output()}")


def serve_command(port: int, *options: str) -> list[str]:
    return [sys.executable, "manage.py", "serve", "--port", str(port), *options]


def run_serve(folder: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a ``serve`` that is expected to end by itself."""
    return subprocess.run(
        serve_command(port),
        cwd=ROOT,
        env=embedded_environment(folder) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def until(happens: Callable[[], object], served: Served, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, served.output()
        time.sleep(0.1)


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


@pytest.fixture
def folder(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    """A data folder with a migrated, empty database, in a path that is not plain."""
    place = tmp_path / "数据 folder"
    place.mkdir()
    cache = Path(pytestconfig.cache.mkdir("caravan-database"))
    shutil.copyfile(migrated_file(cache), place / "caravan.sqlite3")
    return place


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    """``serve`` that answers, with a worker that has started."""
    running = Served(folder)
    until(lambda: "is ready" in running.output() or running.process.poll() is not None, running)
    yield running
    left = running.children()
    running.process.kill()
    running.process.wait()
    for pid in alive(left):
        os.kill(pid, signal.SIGKILL)


def test_it_answers_stands_alone_revives_its_worker_and_ends(served: Served, folder: Path) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/", timeout=20) as answer:
        assert answer.status == 200
    assert f"http://127.0.0.1:{served.port}/" in served.output()
    assert "There is no account yet" in served.output()

    second = run_serve(folder, free_port())
    assert second.returncode == 1
    assert "already running on the data in" in second.stderr

    first, web = served.child("celery"), served.child("gunicorn")
    os.kill(first, signal.SIGKILL)
    until(lambda: "The worker ended with exit code -9; it was started again." in served.output(), served)
    assert served.child("celery") != first
    assert served.child("gunicorn") == web
    ends_with_all_of_its_own(served, signal.SIGINT)


def test_a_queue_gets_a_worker_of_its_own(tmp_path: Path) -> None:
    prefix = settings.CELERY_TASK_DEFAULT_QUEUE
    alone = serve._workers(tmp_path, [])
    assert [part.name for part in alone] == ["worker"] and not {"-Q", "-X"} & set(alone[0].args)
    rest, imports = serve._workers(tmp_path, [Queue.IMPORTS])
    assert rest.args[rest.args.index("-X") + 1] == f"{prefix}-imports" and "-B" in rest.args
    assert imports.args[imports.args.index("-Q") + 1] == f"{prefix}-imports" and "-B" not in imports.args


def test_a_child_that_is_killed_is_started_again_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = {"killed": "kill -9 $$", "broken": "exit 3"}
    parts = {name: serve.Part(name, ["sh", "-c", how]) for name, how in ends.items()}
    for part in parts.values():
        part.start()
    for _ in range(4):
        parts["killed"].child.wait()
        assert parts["killed"].revive() == -signal.SIGKILL
    with pytest.raises(CommandError, match="right after its start"):
        for _ in range(3):
            parts["broken"].child.wait()
            parts["broken"].revive()
    parts["killed"].child.wait()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_no_process_outlives_it(served: Served, name: str) -> None:
    ends_with_all_of_its_own(served, signal.Signals[name])


def ends_with_all_of_its_own(served: Served, by: signal.Signals) -> None:
    before = served.children()
    assert len(before) >= 3
    served.process.send_signal(by)
    served.process.wait(40)
    until(lambda: not alive(before), served, seconds=40)
    if by != signal.SIGKILL:
        assert served.process.returncode == 0
        assert served.output().rstrip().endswith("Stopped.")


def test_a_taken_port_is_named_with_the_way_out(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run_serve(folder, port)
    assert done.returncode == 1
    assert f"Port {port} is already in use" in done.stderr
    assert f"make run PORT={port + 1}" in done.stderr


@pytest.mark.deep
def test_a_part_that_cannot_run_ends_the_command(folder: Path) -> None:
    done = run_serve(folder, free_port(), CELERY_BROKER_URL="nonsense://")
    assert done.returncode == 1
    assert "The worker ended 3 times right after its start" in done.stderr
