"""Write a report as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from certificates.reports.periods import parse_period
from certificates.reports.training import training_report
from certificates.reports.workbook import write_training_report
from cms.errors import DomainError
from cms.models import Region


class Command(BaseCommand):
    """``manage.py report training --region CODE --period 2026H1 --out FILE.xlsx``."""

    help = "Write a report as XLSX: completed enrolments (人次) by town, organisation and class."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take kind, region, period and file."""
        parser.add_argument("kind", choices=["training"])
        parser.add_argument("--region", required=True, help="12-digit code")
        parser.add_argument("--period", required=True, help="2026, 2026H1, 2026Q3 or 2026-05")
        parser.add_argument("--out", required=True, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and print the total."""
        region = Region.objects.filter(code=options["region"]).first()
        if region is None:
            raise CommandError(f"No region has the code {options['region']}.")
        try:
            start, end = parse_period(options["period"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        with translation.override("zh-hans"):
            report = training_report(None, start, end, region.code)
            content = write_training_report(report, region.name)
        Path(options["out"]).write_bytes(content)
        self.stdout.write(f"{region.name} {start} - {end}: {report.total} 人次 -> {options['out']}")
