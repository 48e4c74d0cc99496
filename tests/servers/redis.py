"""A private Redis that keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cms.children import start_child, stop_child
from tests.servers.start import answers, free_port, program, server_folder, wait_until


@contextmanager
def redis(port: int = 0) -> Iterator[str]:
    """Start a server, at a port that is free if none is said, and yield its URL; raise ``ServerMissing``."""
    server = program("redis-server", "redis-server")
    with server_folder("redis") as folder:
        log, port = folder / "log", port or free_port()
        with log.open("ab") as output:
            child = start_child(
                [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
                 "--save", "", "--appendonly", "no"],
                cwd=folder, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            wait_until(lambda: answers(port, b"PING\r\n", b"+PONG"), child, log)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            stop_child(child)
