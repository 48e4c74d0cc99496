"""Run the suite: on SQLite, then what is marked for it on a private PostgreSQL.

    python tests/run.py [sqlite|postgresql|all] [arguments of pytest]

The servers are started here once and handed to the tests by ``TEST_*_URL``, so that the processes of
pytest-xdist share them. One of those variables set beforehand names a server to use instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers import SERVERS, ServerMissing  # noqa: E402

_NO_TESTS = 5  # pytest's exit code when nothing was selected


def main(arguments: list[str]) -> int:
    """Run the chosen parts one after another; the first failure's exit code is the answer."""
    which = arguments.pop(0) if arguments and arguments[0] in {"sqlite", "postgresql", "all"} else "all"
    os.environ.setdefault("TZ", "Asia/Shanghai")
    with ExitStack() as running:
        missing = _start_servers(running)
        _migrate_both(which, missing)
        failed = 0
        if which in {"sqlite", "all"}:
            failed = _pytest(arguments, "SQLite", os.environ.get("DATABASE_URL", ""))
        if which in {"postgresql", "all"}:
            if "TEST_POSTGRES_URL" in missing:
                return failed or _without_postgresql(missing["TEST_POSTGRES_URL"])
            code = _pytest(arguments, "PostgreSQL", os.environ["TEST_POSTGRES_URL"])
            failed = failed or code
    return failed


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


def _migrate_both(which: str, missing: dict[str, str]) -> None:
    """Migrate for both databases at once: each takes 20 s on one core while the tests would wait for it.

    A failure here says nothing: the first test that needs the database fails with the reason.
    """
    urls = {
        "sqlite": os.environ.get("DATABASE_URL", ""),
        "postgresql": os.environ.get("TEST_POSTGRES_URL", ""),
    }
    if which != "all" or "TEST_POSTGRES_URL" in missing:
        return
    with tempfile.TemporaryDirectory() as scratch:
        for child in [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.harness.migrated",
                    str(ROOT / ".pytest_cache/d/caravan-database"),
                ],
                env={**os.environ, "DATABASE_URL": url, "TEST_VAR_DIR": f"{scratch}/{name}"},
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
            )
            for name, url in urls.items()
        ]:
            child.wait()


def _without_postgresql(reason: str) -> int:
    print(f"The tests on PostgreSQL did not run. {reason}", flush=True)
    return 1 if os.environ.get("CI", "").lower() == "true" else 0


def _pytest(arguments: list[str], name: str, database_url: str) -> int:
    # One more than the two cores: many a test waits for a browser, a worker or a clock.
    workers = [] if any(one.startswith("-n") for one in arguments) else ["-n", "3", "--dist", "loadgroup"]
    print(f"\n===== {name} =====", flush=True)
    env = {**os.environ, "DATABASE_URL": database_url}
    code = subprocess.run(
        [sys.executable, "-m", "pytest", *workers, *arguments], env=env, cwd=ROOT, check=False
    ).returncode
    # A file named on the command line may well have nothing for one of the two databases.
    if code == _NO_TESTS and any(not one.startswith("-") for one in arguments):
        code = 0
    return code


def _leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    # So that the servers' context managers run their ends.
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main(sys.argv[1:]))
