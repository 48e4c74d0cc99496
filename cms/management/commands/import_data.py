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
from cms.services.imports import describe_reading, read_roster
from cms.services.regions import check_region_file, import_region_file

_CHUNK = 200


class Command(BaseCommand):
    """``import_data people FILE --organisation CODE``, ``import_data regions FILE``, each with ``--dry-run``."""

    help = (
        "Import people from a roster, wrong rows are named and stay out; or regions (towns, villages), "
        "all rows or none. Files are .xlsx or .csv."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the kind, the file and whose people they are."""
        parser.add_argument("kind", choices=["people", "regions"])
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--organisation", metavar="CODE", help="people: whose; its short code, such as XH"
        )
        parser.add_argument("--document", default="", help="regions: the decree, where places are renumbered")
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import what the kind says; exit code 1 when a row was refused."""
        if options["kind"] == "regions":
            self._regions(options)
        elif not options["organisation"]:
            raise CommandError("--organisation is needed: whose people are they?")
        else:
            self._people(options)

    def _regions(self, options: dict[str, Any]) -> None:
        """Judge the file, name every wrong cell, write all of it or nothing."""
        path: Path = options["file"]
        try:
            content = path.read_bytes()
            found = check_region_file(content)
            for row in found.refused:
                for one in row.findings:
                    cell = f"{one.column}{row.row} {one.title}".strip()
                    self.stdout.write(f"{cell} {one.value} {one.message}{one.suggestion} [{one.code}]")
            self.stdout.write("  ".join(f"{outcome}={count}" for outcome, count in found.figures.items()))
            if found.refused:
                raise CommandError(f"{len(found.refused)} rows were refused, nothing was written.")
            if not options["dry_run"] and found.to_write:
                import_region_file(
                    content, name=path.name, document=options["document"], by=None, at=timezone.now()
                )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(f"{path}: {error} [{error.code}]") from error

    def _people(self, options: dict[str, Any]) -> None:
        """Read, run row by row in chunks, print figures."""
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
