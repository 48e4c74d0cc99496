"""The queues that work waits in: one for each kind of work, so that a long import keeps nobody waiting.

Imported by the settings, so it knows no model.
"""

from __future__ import annotations

from enum import StrEnum

from kombu import Exchange
from kombu import Queue as BrokerQueue


class Queue(StrEnum):
    """Kinds of work; the broker's name of one is ``broker_name(queue, prefix)``."""

    GENERAL = ""
    ENROL = "enrol"
    DOCUMENTS = "documents"
    IMPORTS = "imports"
    EXPORTS = "exports"
    NOTIFY = "notify"


def broker_name(queue: Queue, prefix: str) -> str:
    """Return ``caravan`` for the general queue, ``caravan-imports`` for imports; ``prefix`` is ``CELERY_QUEUE``."""
    return f"{prefix}-{queue}" if queue else prefix


def broker_queues(prefix: str, queue_type: str) -> list[BrokerQueue]:
    """Declare every queue; a worker without ``-Q`` listens to all of them.

    ``queue_type`` is RabbitMQ's, ``classic`` or ``quorum``; other brokers have one type. Raises
    ``ValueError`` for another.
    """
    if queue_type not in {"classic", "quorum"}:
        raise ValueError(f"CELERY_QUEUE_TYPE is {queue_type!r}; use classic or quorum")
    arguments = {"x-queue-type": "quorum"} if queue_type == "quorum" else None
    names = [broker_name(queue, prefix) for queue in Queue]
    return [
        BrokerQueue(name, Exchange(name, type="direct"), routing_key=name, queue_arguments=arguments)
        for name in names
    ]


def task_routes(homes: dict[str, Queue], prefix: str) -> dict[str, dict[str, str]]:
    """Say where tasks wait that are no jobs, by patterns of their names; others wait in the general queue."""
    return {pattern: {"queue": broker_name(queue, prefix)} for pattern, queue in homes.items()}
