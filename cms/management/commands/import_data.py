"""Import a file from the command line: the same reading, checks and services as the screens."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.enums import RowOutcome
from cms.errors import DomainError
from cms.importing.people import PersonRosterResource, RosterPerson
from cms.models import Organisation
from cms.services.rosters import describe_reading, read_roster

_CHUNK = 200


class Command(BaseCommand):
    """``import_data people FILE --organisation CODE [--dry-run]``."""

    help = "Import people from a roster (.xlsx or .csv). Wrong rows are named and stay out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the kind, the file and whose people they are."""
        parser.add_argument("kind", choices=["people"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--organisation", required=True, metavar="CODE", help="short code, such as XH")
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, run row by row in chunks, print figures; exit code 1 when a row was refused."""
        organisation = Organisation.objects.filter(short_code=options["organisation"].upper()).first()
        if organisation is None:
            raise CommandError(f"No organisation has the code {options['organisation']}.")
        try:
            roster = read_roster(options["file"].read_bytes())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error} [{error.code}]") from error
        self.stdout.write(describe_reading(roster.table))
        resource = PersonRosterResource(
            roster.table.columns,
            organisation=organisation,
            repeats=roster.repeats,
            source=f"import_data {options['file'].name}",
            by=None,
            at=timezone.now(),
        )
        counts: Counter[RowOutcome] = Counter()
        rows = roster.table.rows
        for start in range(0, len(rows), _CHUNK):
            for row in resource.run(rows[start : start + _CHUNK], dry_run=options["dry_run"]):
                assert isinstance(row, RosterPerson)  # noqa: S101  the resource's own rows
                counts[row.outcome] += 1
                self._tell(row)
        self.stdout.write("  ".join(f"{outcome}={counts[outcome]}" for outcome in RowOutcome))
        if counts[RowOutcome.REFUSED]:
            raise CommandError(f"{counts[RowOutcome.REFUSED]} rows were refused.", returncode=1)

    def _tell(self, row: RosterPerson) -> None:
        """Name each wrong cell; never its value, which may be somebody's number."""
        for finding in row.findings:
            if finding.is_error:
                self.stdout.write(
                    f"{finding.column}{row.row} {finding.title} {finding.message} [{finding.code}]"
                )
