"""Seal the audit log now, for instance before a backup; the scheduler does it every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cms.seals import latest_seal
from cms.services.sealing import seal_entries


class Command(BaseCommand):
    """``manage.py seal_audit``."""

    help = "Make the installation's signing key if there is none, and seal every entry that no seal holds."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many were sealed and what the latest seal is."""
        count = seal_entries(timezone.now(), everything=True)
        self.stdout.write(f"{count} entries sealed.")
        if seal := latest_seal():
            self.stdout.write(f"Latest seal: {seal.number}:{seal.digest}")
