"""Write the roles declared in code into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cms.services.memberships import sync_roles


class Command(BaseCommand):
    """``manage.py sync_roles``: run after every migrate; safe to run again."""

    help = "Write the roles declared in code into groups; run after migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the number of permissions of each role."""
        for role, count in sync_roles().items():
            self.stdout.write(f"{role}: {count}")
