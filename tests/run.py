"""Run the suite: on SQLite, then what is marked for it on a private PostgreSQL.

    python tests/run.py [sqlite|postgresql|all] [arguments of pytest]

Both parts run side by side, so that neither waits for the last tests of the other; with ``-n`` among the
arguments, one after the other. The servers are started here once and handed to the tests by
``TEST_*_URL``, so that all processes share them. One of those variables set beforehand names a server
to use instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers import SERVERS, ServerMissing  # noqa: E402

_NO_TESTS = 5  # pytest's exit code when nothing was selected


def main(arguments: list[str]) -> int:
    """Run the chosen parts; the first failure's exit code is the answer."""
    which = arguments.pop(0) if arguments and arguments[0] in {"sqlite", "postgresql", "all"} else "all"
    os.environ.setdefault("TZ", "Asia/Shanghai")
    with ExitStack() as running:
        missing = _start_servers(running)
        with_postgresql = which != "sqlite" and "TEST_POSTGRES_URL" not in missing
        beside = _beside(arguments, running) if which == "all" and with_postgresql else None
        failed = 0
        if which != "postgresql":
            failed = _pytest(arguments, "SQLite", os.environ.get("DATABASE_URL", ""), 2 if beside else 3)
        if which == "sqlite":
            return failed
        if not with_postgresql:
            return failed or _without_postgresql(missing["TEST_POSTGRES_URL"])
        code = beside() if beside else _pytest(arguments, "PostgreSQL", os.environ["TEST_POSTGRES_URL"], 3)
    return failed or code


def _start_servers(running: ExitStack) -> dict[str, str]:
    missing = {}
    for name, server in SERVERS.items():
        if os.environ.get(name):
            continue
        try:
            os.environ[name] = running.enter_context(server())
        except ServerMissing as error:
            missing[name] = str(error)
            print(f"MISSING: {error}", flush=True)
    return missing


def _without_postgresql(reason: str) -> int:
    print(f"The tests on PostgreSQL did not run. {reason}", flush=True)
    return 1 if os.environ.get("CI", "").lower() == "true" else 0


def _pytest(arguments: list[str], name: str, database_url: str, processes: int) -> int:
    print(f"\n===== {name} =====", flush=True)
    done = subprocess.run(
        _command(arguments, processes),
        env={**os.environ, "DATABASE_URL": database_url},
        cwd=ROOT,
        check=False,
    )
    return _judge(arguments, done.returncode)


def _beside(arguments: list[str], running: ExitStack) -> Callable[[], int] | None:
    """Begin the part on PostgreSQL beside the one on SQLite; what is returned waits for it and tells of it.

    One process, for the part on SQLite takes two: three on two cores, as many a test waits for a browser,
    a worker or a clock. Whoever says how many processes there shall be gets one part after the other.
    """
    if _says_how_many(arguments):
        return None
    output = Path(running.enter_context(tempfile.TemporaryDirectory())) / "output"
    environment = {**os.environ, "DATABASE_URL": os.environ["TEST_POSTGRES_URL"]}
    with output.open("wb") as file:
        # Without a number of its own its queue at the broker has another name than those of the others.
        child = running.enter_context(
            subprocess.Popen(_command(arguments, 0), env=environment, cwd=ROOT, stdout=file, stderr=file)
        )
    running.callback(child.terminate)

    def end() -> int:
        code = child.wait()
        print("\n===== PostgreSQL =====", flush=True)
        sys.stdout.buffer.write(output.read_bytes())
        sys.stdout.flush()
        return _judge(arguments, code)

    return end


def _command(arguments: list[str], processes: int) -> list[str]:
    how = [] if _says_how_many(arguments) else ["-n", str(processes), "--dist", "loadgroup"]
    return [sys.executable, "-m", "pytest", *how, *arguments]


def _says_how_many(arguments: list[str]) -> bool:
    return any(one.startswith("-n") for one in arguments)


def _judge(arguments: list[str], code: int) -> int:
    # A file named on the command line may well have nothing for one of the two databases.
    named = any(not one.startswith("-") for one in arguments)
    return 0 if code == _NO_TESTS and named else code


def _leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    # So that the servers' context managers run their ends.
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main(sys.argv[1:]))
