"""Ask a part of the installation whether it answers; each raises ``ProbeError`` with a word for an operator."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from cms.enums import HeartbeatKind
from cms.fonts import FOLDER, FONTS
from cms.operations import heartbeats


class ProbeError(Exception):
    """The part does not do its work; the text holds no secret: it is shown to anybody."""


def ask_database() -> None:
    """A query is answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def ask_broker() -> None:
    """The broker takes a connection; the embedded one is a folder that must be writable."""
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_out")
    if settings.CELERY_BROKER_URL.startswith("filesystem:") and folder:
        write_and_remove(Path(folder))
        return
    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0)


def ask_worker() -> None:
    """A worker was heard of lately."""
    if not heartbeats.is_alive(HeartbeatKind.WORKER, timezone.now()):
        raise ProbeError("no worker was heard of lately")


def ask_storage() -> None:
    """Public and private files can be written."""
    write_and_remove(Path(settings.MEDIA_ROOT))
    write_and_remove(Path(settings.PRIVATE_ROOT))


def ask_fonts() -> None:
    """The bundled fonts are there; the doctor also compares their digests."""
    missing = [font.file for font in FONTS.values() if not (FOLDER / font.file).is_file()]
    if missing:
        raise ProbeError("missing: " + ", ".join(missing))


def write_and_remove(folder: Path) -> None:
    """Write a small file into ``folder`` (made if absent) and take it away; raise ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as file:
        file.write(b"caravan")
        file.flush()
        os.fsync(file.fileno())
