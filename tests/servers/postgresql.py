"""A private PostgreSQL: durable writes off, connections enough for 200 racing threads."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cms.children import start_child, stop_child, tail
from tests.servers.start import ServerMissing, free_port, program, server_folder, wait_until

_BIN = "/usr/lib/postgresql/*/bin"


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server and yield the URL of its database ``caravan``; raise ``ServerMissing``."""
    initdb, postgres, isready = (
        program(name, "postgresql", _BIN) for name in ("initdb", "postgres", "pg_isready")
    )
    with server_folder("postgresql") as folder:
        who = _unprivileged()
        if who:
            os.chown(folder, who["user"], who["group"])
        log, port = folder / "log", free_port()
        _run(
            [initdb, "-D", folder / "data", "-U", "caravan", "-E", "UTF8", "--locale=C.UTF-8",
             "--auth=trust", "--no-sync"],
            log, cwd=folder, **who,
        )  # fmt: skip
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "max_connections": 300,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "128MB",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            child = start_child(
                [postgres, "-D", folder / "data", *options],
                on_parent_death=signal.SIGINT, cwd=folder, stdout=output, stderr=output, **who,
            )  # fmt: skip
        try:
            ask = [str(isready), "-q", "-h", "127.0.0.1", "-p", str(port), "-d", "postgres", "-U", "caravan"]
            wait_until(lambda: subprocess.run(ask, check=False).returncode == 0, child, log)
            _run(
                [isready.with_name("createdb"), "-h", "127.0.0.1", "-p", port, "-U", "caravan", "caravan"],
                log,
            )
            yield f"postgresql://caravan@127.0.0.1:{port}/caravan"
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            stop_child(child, by=signal.SIGINT)


def _unprivileged() -> dict[str, Any]:
    """Return who runs the server: PostgreSQL refuses root, so root lends it to the package's user."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        user = pwd.getpwnam("postgres")
    except KeyError as error:
        raise ServerMissing("There is no user postgres. Install it: apt-get install postgresql") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(args: list[Any], log: Any, **options: Any) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            [str(arg) for arg in args], stdout=output, stderr=output, check=False, **options
        )
    if done.returncode != 0:
        raise RuntimeError(f"{args[0]} ended with {done.returncode}:\n{tail(log)}")
