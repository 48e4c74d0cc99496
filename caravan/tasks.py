"""Celery entry points of the caravan; each calls one service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task(name="caravan.tasks.expire_offers")
def expire_offers() -> int:
    """End offers whose time is over and offer the seats on."""
    from caravan.services.waiting import expire_offers

    return expire_offers(timezone.now())
