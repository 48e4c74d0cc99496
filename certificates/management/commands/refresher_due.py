"""Who is due for a refresher on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certificates.refreshers.due_list import due_list, periods_of
from cms.models import Region


class Command(BaseCommand):
    """``manage.py refresher_due --on DATE [--region CODE]``: counts by state, then everybody, worst first."""

    help = "Ask the refresher clock for any day: counts by state, then the people, worst first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the day and the region."""
        parser.add_argument("--on", required=True, help="the day, YYYY-MM-DD")
        parser.add_argument("--region", default="", help="12-digit code; without it, everywhere")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the list."""
        try:
            on = dt.date.fromisoformat(options["on"])
        except ValueError:
            raise CommandError(f"--on takes a day like 2026-06-03, not {options['on']!r}.") from None
        region = options["region"]
        if region and not Region.objects.filter(code=region).exists():
            raise CommandError(f"No region has the code {region}.")
        found = due_list(periods_of(None, on, region), on)
        for state, count in found.counts.items():
            self.stdout.write(f"{state.label}\t{count}")
        for line in found.lines:
            answer = line.status
            cells = (
                answer.state.label,
                answer.due_on or "",
                line.person,
                line.period.organisation,
                answer.reason,
            )
            self.stdout.write("\t".join(str(cell) for cell in cells))
