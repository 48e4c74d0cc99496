"""Celery entry points of the refresher."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task(name="certificates.refreshers.tasks.queue_reminders")
def queue_reminders() -> int:
    """Put the reminders that are due into the outbox."""
    from certificates.refreshers.services.reminding import queue_reminders as queue

    return queue(timezone.now())
