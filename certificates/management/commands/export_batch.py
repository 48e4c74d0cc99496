"""Export a batch from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from certificates.subsidies.models import ClaimBatch
from certificates.subsidies.services import exports
from cms.errors import DomainError


class Command(BaseCommand):
    """``manage.py export_batch NO --profile SLUG --out FILE [--reason TEXT]``: the operator's export, logged."""

    help = "Write the workbook of a batch by a column profile; the same batch gives the same bytes again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take number, profile, file and reason."""
        parser.add_argument("number", help="the batch number, such as BT-990101-2026-0001")
        parser.add_argument("--profile", required=True, help="the column profile's code")
        parser.add_argument("--out", required=True, help="the file to write; it holds full document numbers")
        parser.add_argument("--reason", default="命令行导出", help="kept in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and print its hash."""
        batch = ClaimBatch.objects.filter(number=options["number"]).first()
        if batch is None:
            raise CommandError(f"No batch has the number {options['number']}.")
        now = timezone.now()
        try:
            profile = exports.profile_for(options["profile"], batch.region_code, timezone.localdate(now))
            export = exports.export_batch(batch, profile, reason=options["reason"], by=None, at=now)
            content = exports.export_bytes(export)
        except DomainError as error:
            raise CommandError(str(error)) from error
        target = Path(options["out"])
        target.touch(mode=0o600)
        target.write_bytes(content)
        self.stdout.write(f"{batch.number}: {batch.row_count} rows, sha256 {export.file.sha256} -> {target}")
