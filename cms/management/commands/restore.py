"""Restore a backup into an empty installation, or in place of the one that is there."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.management.commands.backup import read_passphrase
from cms.operations.backup import BackupError, restore_backup


class Command(BaseCommand):
    """``manage.py restore --from FILE``: checked before, compared after."""

    help = "Restore database and files from an archive of the backup command."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where from and what may be overwritten."""
        parser.add_argument("--from", dest="source", required=True, type=Path, help="the archive")
        parser.add_argument("--passphrase-file", help="opens a sealed archive (or set BACKUP_PASSPHRASE)")
        parser.add_argument(
            "--replace", action="store_true", help="replace an installation in use; its files are kept beside"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before replacing")
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="restore although keys are missing: numbers stay unreadable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, then say what is left to do."""
        if options["replace"] and not options["yes"]:
            answer = input("Everything in this installation will be replaced. Type replace to go on: ")
            if answer.strip() != "replace":
                raise CommandError("Nothing was changed.")
        try:
            manifest = restore_backup(
                options["source"],
                at=timezone.now(),
                passphrase=read_passphrase(options["passphrase_file"]),
                replace=options["replace"],
                without_keys=options["without_keys"],
                tell=self.stdout.write,
            )
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            self.style.SUCCESS(
                f"Restored the backup of {manifest.made_at}: {sum(manifest.tables.values())} rows, "
                f"{len(manifest.entries) - 1} files; equal to the manifest."
            )
        )
        self.stdout.write(
            "Now: manage.py migrate, manage.py sync_roles, then start it, then manage.py doctor."
        )
