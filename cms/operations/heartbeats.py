"""Signs of life of worker and scheduler, as rows.

A thread of the process writes its row, so a worker that is busy for long still lives; the scheduler's
message that a worker takes is the round trip. Together they tell a dead worker from a dead scheduler
from a broker between the two that passes nothing on.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
from contextlib import suppress
from typing import Any

from celery import signals
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Max
from django.utils import timezone

from cms.enums import HeartbeatKind
from cms.models import Heartbeat

logger = logging.getLogger(__name__)

MISSED_ALLOWED = 3
_FORGET_AFTER = dt.timedelta(days=1)
_stop = threading.Event()


def note(kind: HeartbeatKind, name: str, at: dt.datetime) -> None:
    """Write the sign of life of ``name``; one statement, no lock is held."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(kind=kind, name=name, at=at)],
        update_conflicts=True,
        unique_fields=["kind", "name"],
        update_fields=["at"],
    )


def note_round_trip(at: dt.datetime) -> None:
    """Note that the scheduler's message arrived, and forget processes that are long gone."""
    note(HeartbeatKind.ROUND_TRIP, "default", at)
    gone = Heartbeat.objects.filter(kind__in=[HeartbeatKind.WORKER, HeartbeatKind.BEAT])
    gone.filter(at__lt=at - _FORGET_AFTER).delete()


def age_seconds(kind: HeartbeatKind, now: dt.datetime) -> float | None:
    """Return the age of the newest sign of life of ``kind``, or ``None`` when there is none."""
    newest: dt.datetime | None = Heartbeat.objects.filter(kind=kind).aggregate(newest=Max("at"))["newest"]
    return None if newest is None else max(0.0, (now - newest).total_seconds())


def is_alive(kind: HeartbeatKind, now: dt.datetime) -> bool:
    """Say whether one of ``kind`` was heard of lately."""
    age = age_seconds(kind, now)
    return age is not None and age <= settings.HEARTBEAT_SECONDS * MISSED_ALLOWED


def _keep_noting(kind: HeartbeatKind, name: str) -> None:
    while True:
        try:
            note(kind, name, timezone.now())
        except DatabaseError as error:
            # The next one may succeed; until then /readyz says what this line says.
            logger.warning("heartbeat of %s not written: %s", name, type(error).__name__)
        finally:
            connections.close_all()
        if _stop.wait(settings.HEARTBEAT_SECONDS):
            return


def _start(kind: HeartbeatKind, name: str) -> None:
    _stop.clear()
    threading.Thread(target=_keep_noting, args=(kind, name), name=f"heartbeat-{kind}", daemon=True).start()


@signals.worker_ready.connect
def start_worker_heartbeat(sender: Any = None, **kwargs: Any) -> None:
    """Begin when the worker takes messages."""
    _start(HeartbeatKind.WORKER, str(getattr(sender, "hostname", "") or _process_name()))


@signals.worker_shutdown.connect
def end_worker_heartbeat(sender: Any = None, **kwargs: Any) -> None:
    """Take the row away when the worker ends in good order: it is missed at once."""
    _stop.set()
    name = str(getattr(sender, "hostname", ""))
    with suppress(DatabaseError):
        Heartbeat.objects.filter(kind=HeartbeatKind.WORKER, name=name).delete()


@signals.beat_init.connect
@signals.beat_embedded_init.connect
def start_beat_heartbeat(**kwargs: Any) -> None:
    """Begin in the scheduler's process, be it alone or inside a worker's."""
    _start(HeartbeatKind.BEAT, f"beat@{socket.gethostname()}")


def _process_name() -> str:
    return f"celery-{os.getpid()}@{socket.gethostname()}"
