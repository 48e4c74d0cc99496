"""Import a file from the command line: the same reading, checks and services as the screens."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.enums import RowOutcome
from cms.errors import DomainError
from cms.importing.findings import Finding
from cms.importing.kinds import ImportKind, import_kinds
from cms.importing.reader import SourceRow
from cms.importing.resources import ImportedRow
from cms.importing.workbooks import write_errors
from cms.models import Organisation
from cms.services.import_files import ReadFile, describe_reading, read_import, run_import


class Command(BaseCommand):
    """``import_data KIND FILE [--organisation CODE] [--document NO] [--dry-run] [--errors OUT.xlsx]``."""

    help = (
        "Import a table (.xlsx or .csv). Wrong rows are named and stay out; regions and courses go in whole or "
        "not at all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the kind, the file and whose people they are."""
        parser.add_argument("kind", choices=import_kinds.keys())
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--organisation", metavar="CODE", help="people: whose; its short code, such as XH"
        )
        parser.add_argument("--document", default="", help="regions: the decree, where places are renumbered")
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
        parser.add_argument(
            "--errors", type=Path, metavar="OUT.xlsx", help="write the refused rows, their wrong cells marked"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file; exit code 1 when a row was refused."""
        kind = import_kinds.get(options["kind"])
        organisation = self._organisation(kind, options["organisation"])
        path: Path = options["file"]
        refused: list[tuple[SourceRow, Sequence[Finding]]] = []
        counts: Counter[RowOutcome] = Counter()
        try:
            read = read_import(kind, path.read_bytes())
            self.stdout.write(describe_reading(read.table))
            for rows in run_import(
                read,
                dry_run=options["dry_run"],
                organisation=organisation,
                source=f"import_data {path.name}",
                document=options["document"],
                by=None,
                at=timezone.now(),
            ):
                for row in rows:
                    counts[row.settled or row.outcome] += 1
                    self._tell(row)
                    if row.is_refused:
                        refused.append((read.rows[row.row], row.findings))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(f"{path}: {error} [{error.code}]") from error
        self.stdout.write("  ".join(f"{outcome}={counts[outcome]}" for outcome in RowOutcome))
        if refused:
            self._refuse(read, refused, options["errors"])

    def _organisation(self, kind: ImportKind, code: str | None) -> Organisation | None:
        if not kind.needs_organisation:
            return None
        if not code:
            raise CommandError("--organisation is needed: whose people are they?")
        organisation = Organisation.objects.filter(short_code=code.upper()).first()
        if organisation is None:
            raise CommandError(f"No organisation has the code {code}.")
        return organisation

    def _refuse(
        self, read: ReadFile, refused: list[tuple[SourceRow, Sequence[Finding]]], errors: Path | None
    ) -> None:
        if errors is not None:
            content = write_errors(read.kind, read.table, refused, corrects="")
            errors.touch(mode=0o600)  # it holds the numbers in the clear
            errors.write_bytes(content)
        held = ", nothing was written" if read.kind.whole else ""
        raise CommandError(f"{len(refused)} rows were refused{held}.", returncode=1)

    def _tell(self, row: ImportedRow) -> None:
        """Name each wrong cell; never its value, which may be somebody's number."""
        for finding in row.findings:
            if finding.is_error:
                cell = f"{finding.column}{row.row} {finding.title}".strip()
                self.stdout.write(f"{cell} {finding.message}{finding.suggestion} [{finding.code}]")
