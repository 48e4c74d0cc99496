"""Celery entry points of issuing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task(name="certificates.issuing.tasks.sweep_certificates")
def sweep_certificates() -> None:
    """Make files that are due and not made."""
    from certificates.issuing.services import sweeping

    sweeping.render_overdue(timezone.now())
