"""A private RabbitMQ with its own name, ports, cookie and port mapper.

The package's wrapper script insists on its own user and folders, so the server's script is started
directly, with every path of its environment pointing into the temporary folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cms.children import start_child, stop_child, stop_children
from tests.servers.start import answers, free_port, program, server_folder, wait_until


@contextmanager
def rabbitmq() -> Iterator[str]:
    """Start a broker and yield its URL; raise ``ServerMissing``."""
    server = program("rabbitmq-server", "rabbitmq-server", "/usr/lib/rabbitmq/bin")
    epmd = program("epmd", "erlang-base")
    with server_folder("rabbitmq") as folder:
        log, port, mapper_port = folder / "log.txt", free_port(), free_port()
        env = _environment(folder, port, mapper_port)
        with log.open("ab") as output:
            # Erlang would start its port mapper as a daemon that nobody ends.
            mapper = start_child(
                [epmd, "-port", str(mapper_port), "-address", "127.0.0.1"],
                env=env, cwd=folder, stdout=output, stderr=output,
            )  # fmt: skip
            wait_until(lambda: answers(mapper_port, b"\x00\x01n", b""), mapper, log)
            child = start_child([server], env=env, cwd=folder, stdout=output, stderr=output)
        try:
            hello = b"AMQP\x00\x00\x09\x01"
            # A Start method frame comes only when the broker takes connections.
            wait_until(lambda: answers(port, hello, b"\x01\x00\x00"), child, log, seconds=120)
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            stop_child(child, wait_seconds=30)
            stop_children([mapper])


def _environment(folder: Path, port: int, mapper_port: int) -> dict[str, str]:
    for name in ("mnesia", "log", "home", "plugins-expand", "schema"):
        (folder / name).mkdir()
    (folder / "rabbitmq.conf").write_text(
        "log.console = true\nlog.console.level = warning\nlog.file = false\n", encoding="utf-8"
    )
    (folder / "enabled_plugins").write_text("[].\n", encoding="utf-8")
    (folder / "env.conf").write_text("", encoding="utf-8")
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin") + ":/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "HOME": str(folder / "home"),  # the Erlang cookie is made here
        "ERL_EPMD_PORT": str(mapper_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"caravan-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
        "RABBITMQ_PLUGINS_EXPAND_DIR": str(folder / "plugins-expand"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        # Two schedulers and no busy waiting: the suite runs on two cores.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    }
