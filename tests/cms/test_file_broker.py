"""The embedded broker hands over whole messages, however often somebody looks while one is written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from cms.file_broker import Channel
from cms.settings.broker import filesystem_transport

QUEUE = "default"
TEXT = "甲" * 100_000


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    with Connection("filesystem://", transport_options=filesystem_transport(tmp_path)) as connection:
        assert isinstance(connection.default_channel, Channel)
        yield connection.default_channel


def test_who_looks_while_a_message_is_written_finds_nothing(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []
    replace = os.replace

    def look_first(*names: Any) -> None:
        with pytest.raises(Empty):
            channel._get(QUEUE)
        found.append(names)
        replace(*names)

    monkeypatch.setattr(os, "replace", look_first)
    channel._put(QUEUE, {"text": TEXT})
    assert found and channel._get(QUEUE) == {"text": TEXT}
    with pytest.raises(Empty):
        channel._get(QUEUE)


def test_a_table_that_is_being_written_is_read_again(channel: Channel, tmp_path: Path) -> None:
    table = tmp_path / "control" / "celery.exchange"
    table.touch()
    threading.Timer(0.1, table.write_text, ['[["", "", "default"]]']).start()
    assert [row.queue for row in channel.get_table("celery")] == [QUEUE]
    table.write_text("[")
    with pytest.raises(ChannelError):
        channel.get_table("celery")


def test_a_folder_that_cannot_be_written_says_so(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "queue").rmdir()
    with pytest.raises(ChannelError, match="Cannot add"):
        channel._put(QUEUE, {})
