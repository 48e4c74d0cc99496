"""Make a backup of database and files while everything runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.operations.backup import BackupError, make_backup


def read_passphrase(path: str | None) -> str:
    """Return the passphrase from the file or from ``BACKUP_PASSPHRASE``; empty for none."""
    if not path:
        return str(settings.BACKUP_PASSPHRASE)
    try:
        passphrase = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    if not passphrase:
        raise CommandError(f"{path} is empty.")
    return passphrase


class Command(BaseCommand):
    """``manage.py backup --to FOLDER``: one archive, read back before it counts."""

    help = "Back up database and files into one archive; keys are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to and how many to keep."""
        parser.add_argument(
            "--to", required=True, type=Path, help="folder, or a file that ends in .tar or .tar.sealed"
        )
        parser.add_argument("--keep", type=int, default=0, help="keep this many archives in the folder")
        parser.add_argument("--passphrase-file", help="seal the archive (or set BACKUP_PASSPHRASE)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what the archive holds and which keys it needs."""
        passphrase = read_passphrase(options["passphrase_file"])
        try:
            made = make_backup(
                options["to"], at=timezone.now(), passphrase=passphrase, keep=max(0, options["keep"])
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        manifest = made.manifest
        size = made.path.stat().st_size / 1024**2
        self.stdout.write(self.style.SUCCESS(f"{made.path}  {size:.1f} MB"))
        self.stdout.write(
            f"{sum(manifest.tables.values())} rows in {len(manifest.tables)} tables, "
            f"{len(manifest.entries) - 1} files; read back and equal."
        )
        for path in made.removed:
            self.stdout.write(f"Removed by --keep: {path.name}")
        if not passphrase:
            self.stdout.write(
                self.style.WARNING("Not sealed: whoever has the archive reads names and files.")
            )
        self.stdout.write(
            "The keys are NOT in it. Keep these apart from the archive, all of them are needed:"
        )
        for name, ids in manifest.keys.items():
            self.stdout.write(f"  {name}: {', '.join(ids)}")
