"""The embedded broker: Kombu's messages in files, each of which appears only when it is whole.

Kombu's own transport names a file before it writes it. A worker that looks in between takes an empty
message away, ends with an error that nothing catches, and the message is lost.
"""

from __future__ import annotations

import os
import time
import uuid
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

_TABLE_TRIES = 50
_TABLE_WAIT_SECONDS = 0.02


class Channel(filesystem.Channel):
    """Puts messages and reads bindings whole; all else is Kombu's."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # the parent's names
        """Put ``payload`` onto ``queue``; raise ``ChannelError`` when the folder cannot be written."""
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f"{name}.part"  # no queue takes a name that does not end in its own
        try:
            part.write_bytes(str_to_bytes(dumps(payload)))
            os.replace(part, folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add {name!r} to {folder}") from error

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues bound to ``exchange``; one that is being written is read again."""
        for _try in range(_TABLE_TRIES):
            try:
                return list(super().get_table(exchange))
            except JSONDecodeError:
                time.sleep(_TABLE_WAIT_SECONDS)
        raise ChannelError(f"The bindings of {exchange!r} cannot be read")


class Transport(filesystem.Transport):
    """``filesystem://`` with our channel."""

    Channel = Channel


def install() -> None:
    """Let ``filesystem://`` addresses lead here."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
