"""Benches: the plain way and ours on the same rows, each in a process of its own, on a database of their own.

``manage.py bench NAME`` starts ``run_bench`` in a private world: an empty folder with a new database, new
keys and nothing of the installation's environment. A bench fills it and calls ``measure`` once a way and
repetition; every measurement is a fresh process, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cms.ids import uuid7
from cms.registry import Registry

REPETITIONS = 3
_MIB = 1024 * 1024
# All that a bench may know of the shell it was started from: no address, key or folder of an installation.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class BenchResult:
    """What a bench found; ``ratio`` is how many times faster ours is, ``checks`` holds what must be true."""

    name: str
    size: int
    plain: dict[str, Any]
    ours: dict[str, Any]
    ratio: float
    checks: dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """One run of one way. Memory in MiB: ``base_mib`` before the work, ``peak_mib`` the most there was."""

    seconds: float
    cpu_seconds: float
    base_mib: float
    peak_mib: float
    value: Any = None


Bench = Callable[[int | None], BenchResult]
benches: Registry[Bench] = Registry("benches")


def bench_at(path: str) -> Bench:
    """Return a bench that is imported when it runs: ``bench_at("certificates.benches.export:run")``."""

    def bench(size: int | None) -> BenchResult:
        result: BenchResult = _function(path)(size)
        return result

    return bench


def measure(path: str, *arguments: Any) -> Measurement:
    """Call the function ``module:name`` with JSON ``arguments`` in a fresh process and measure the call alone.

    Its answer, which must be JSON too, is the measurement's ``value``. Raises ``RuntimeError`` with the
    end of its standard error when the process fails.
    """
    return Measurement(**_in_fresh_process(["measure", path, json.dumps(arguments)], os.environ))


def repeat(path: str, *arguments: Any, times: int = REPETITIONS) -> list[Measurement]:
    """Measure several times, one after another."""
    return [measure(path, *arguments) for _ in range(times)]


def summary(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return median and range of what was measured, the greatest peak of memory, and the load now."""
    seconds = [row.seconds for row in measurements]
    return {
        "seconds": round(statistics.median(seconds), 3),
        "seconds_range": [round(min(seconds), 3), round(max(seconds), 3)],
        "cpu_seconds": round(statistics.median(row.cpu_seconds for row in measurements), 3),
        "base_mib": round(statistics.median(row.base_mib for row in measurements), 1),
        "peak_mib": round(max(row.peak_mib for row in measurements), 1),
        "repetitions": len(measurements),
        "load": round(os.getloadavg()[0], 2),
    }


def run_bench(name: str, size: int | None, database: str = "") -> BenchResult:
    """Run a bench in a private world; ``database`` is a PostgreSQL URL where a database may be created.

    Without it the database is a new SQLite file. Raises ``KeyError`` for a name nobody registered and
    ``RuntimeError`` when the bench fails.
    """
    benches.get(name)
    with _private_world(database) as environment:
        found = _in_fresh_process(["run", name, json.dumps(size)], environment)
    return BenchResult(**found)


@contextmanager
def _private_world(database: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="caravan-bench-") as folder:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
            "VAR_DIR": folder,
            "LOG_LEVEL": "WARNING",
        }
        if not database:
            yield {**environment, "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3"}
            return
        with _private_postgresql(database) as url:
            yield {**environment, "DATABASE_URL": url}


@contextmanager
def _private_postgresql(server: str) -> Iterator[str]:
    import psycopg
    from psycopg import sql

    name = f"caravan_bench_{uuid7().hex}"
    create, drop = sql.SQL("CREATE DATABASE {}"), sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(drop.format(sql.Identifier(name)))


def _in_fresh_process(arguments: list[str], environment: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caravan-bench-answer-") as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(  # noqa: S603  our own module, arguments of ours
            [sys.executable, "-m", "cms.benching", *arguments, str(answer)],
            cwd=_ROOT, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


def _function(path: str) -> Callable[..., Any]:
    from importlib import import_module

    module, _, name = path.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def _measured(path: str, arguments: list[Any]) -> Measurement:
    function = _function(path)
    base = _memory("VmRSS")
    before, began = _cpu_seconds(), time.perf_counter()
    value = function(*arguments)
    seconds, cpu = time.perf_counter() - began, _cpu_seconds() - before
    return Measurement(seconds, cpu, base, _memory("VmHWM"), value)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(line: str) -> float:
    """Return a line of /proc/self/status in MiB.

    Not ``ru_maxrss``: after fork and exec it still holds what the parent had. Where there is no /proc it is
    all there is.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / _MIB if sys.platform == "darwin" else most / 1024
    found = next(row for row in status.splitlines() if row.startswith(f"{line}:"))
    return int(found.split()[1]) / 1024


def _main(task: str, name: str, argument: str, answer: str) -> None:
    import django

    django.setup()
    if task == "measure":
        found: Any = _measured(name, json.loads(argument))
    else:
        from django.core.management import call_command

        from cms.benching import benches as registered  # this module runs as __main__

        call_command("migrate", verbosity=0)
        found = registered.get(name)(json.loads(argument))
    Path(answer).write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
