"""Celery entry points of subsidies."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task(name="certificates.subsidies.tasks.end_due_notices")
def end_due_notices() -> None:
    """Make claims payable whose public notice is over."""
    from certificates.subsidies.services.claims import end_due_notices as end

    end(timezone.now())
