"""What the three servers share: a folder, a free port, and waiting until the server answers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cms.children import tail


class ServerMissing(RuntimeError):
    """The server's package is not installed here."""


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """Yield a temporary folder that another user may pass through, and remove it afterwards.

    Always below /tmp: a server that runs as its package's user cannot enter root's own TMPDIR, and
    a socket's path may not be longer than 107 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"caravan-{name}-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str, *folders: str) -> Path:
    """Return the newest ``name`` from ``folders`` (globs) or the PATH."""
    for folder in folders:
        found = sorted(Path("/").glob(f"{folder.lstrip('/')}/{name}"), key=_version)
        if found:
            return found[-1]
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    raise ServerMissing(f"{name} is not installed. Install it: apt-get install {package}")


def _version(path: Path) -> list[int]:
    return [int(part) for part in path.parts if part.isdigit()]


def wait_until(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], log: Path, *, seconds: float = 60
) -> None:
    """Wait for ``ready``; raise with the end of the log when the child ends or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None:
            raise RuntimeError(f"{child.args!r} ended with {child.returncode}:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{child.args!r} does not answer after {seconds} s:\n{tail(log)}")
        time.sleep(0.05)


def answers(port: int, send: bytes, expect: bytes) -> bool:
    """Return whether the server at ``port`` answers ``send`` with something that begins with ``expect``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(send)
            return connection.recv(64).startswith(expect)
    except OSError:
        return False
