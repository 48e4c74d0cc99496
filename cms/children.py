"""Child processes that never outlive their parent.

``serve`` starts the web server and the worker with it; the suite starts its servers with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1


def start_child(
    args: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start ``args`` in a session of its own, so that Ctrl-C reaches the parent alone.

    On Linux the kernel sends ``on_parent_death`` when the thread that called this ends, so call it
    from the main thread. ``options`` go to ``subprocess.Popen`` (``user``, ``cwd``, ``stdout`` …).
    """
    return subprocess.Popen(  # noqa: S603 - every caller names a program of its own
        [str(arg) for arg in args],
        env=None if env is None else dict(env),
        start_new_session=True,
        preexec_fn=_die_with_parent(on_parent_death),
        **options,
    )


def stop_child(
    child: subprocess.Popen[bytes],
    *,
    by: signal.Signals = signal.SIGTERM,
    wait_seconds: float = 20,
) -> int:
    """Ask the child to end, kill its whole process group if it does not, and return its exit code."""
    return stop_children([child], by=by, wait_seconds=wait_seconds)[0]


def stop_children(
    children: Iterable[subprocess.Popen[bytes]],
    *,
    by: signal.Signals = signal.SIGTERM,
    wait_seconds: float = 20,
) -> list[int]:
    """Ask all children to end at once, then wait for each; what is left of a group is killed."""
    running = list(children)
    for child in running:
        if child.poll() is None:
            child.send_signal(by)
    deadline = time.monotonic() + wait_seconds
    for child in running:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        kill_group(child)
    return [child.wait() for child in running]


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Send ``SIGKILL`` to the child and all it started (``start_child`` made it a group leader)."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send ``by`` to this process when the one that started it ends (Linux only)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)


def _die_with_parent(by: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        end_with_parent(by)
        # The parent may have died between fork and here; then no signal would ever come.
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def tail(log: IO[bytes] | Path, *, lines: int = 20) -> str:
    """Return the last lines of a child's log, for a message to a person."""
    path = log if isinstance(log, Path) else Path(log.name)
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
