"""django-import-export for rows that are not model rows: one row, one dataclass, every fault at its cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.widgets import Widget

from cms.enums import RowOutcome
from cms.errors import DomainError
from cms.importing.findings import ERROR, NOTE, CellError, Finding
from cms.importing.reader import SourceRow, Table
from cms.models import Person

# Cells that are what they look like: 1 and True are one key, and are not the same.
_WRITTEN = frozenset({str, type(None)})


@dataclass(kw_only=True)
class ImportedRow:
    """One row on its way: what stood there, what was found, what came of it."""

    row: int
    cells: dict[str, Any] = field(default_factory=dict, repr=False)
    findings: list[Finding] = field(default_factory=list)
    person: Person | None = None
    # What the tables hold already under this row's key.
    known: Any = None
    # The outcome as it was when the row was worked; writing changes what ``outcome`` compares with.
    settled: RowOutcome | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a finding keeps the row out."""
        return any(finding.is_error for finding in self.findings)

    @property
    def outcome(self) -> RowOutcome:
        """Return what the services would do, or did, with this row."""
        if self.is_refused:
            return RowOutcome.REFUSED
        if self.known is None:
            return RowOutcome.NEW
        return RowOutcome.DIFFERS if self.is_different else RowOutcome.SAME

    @property
    def is_different(self) -> bool:
        """Whether the row says something else than what is ``known``."""
        raise NotImplementedError

    @property
    def shown(self) -> tuple[str, str]:
        """Return name and number as the preview shows the row; a document number masked."""
        raise NotImplementedError


class FindingsAtCells:
    """Adds findings to rows at the cells of a table."""

    headings: Sequence[Any]

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = table.columns

    def find(
        self,
        row: ImportedRow,
        name: str,
        code: str,
        message: str,
        *,
        suggestion: str = "",
        level: str = ERROR,
        value: Any = None,
    ) -> None:
        """Add a finding at the cell of field ``name``; an empty name is about the whole row."""
        column = self.columns.get(name)
        stood = row.cells.get(name) if value is None else value
        row.findings.append(
            Finding(
                field=name,
                code=code,
                message=message,
                value="" if stood is None else str(stood).strip()[:200],
                suggestion=suggestion,
                level=level,
                column=column.letter if column else "",
                title=column.title if column else self._title_of(name),
            )
        )

    def refuse(self, row: ImportedRow, error: DomainError) -> None:
        """Add what a service refused, each reason at its cell."""
        for one in getattr(error, "refusals", [error]):
            self.find(row, self.field_of(one.field), one.code, str(one.message))

    def field_of(self, name: str | None) -> str:
        """Return our field for the one that a refusal names."""
        return name or ""

    def _title_of(self, name: str) -> str:
        return next((heading.title for heading in self.headings if heading.field == name), "")


class CellReader:
    """Reads a column's cells; what was taken once without a word is taken again: columns repeat few words.

    ``taken`` values are shared by rows: they are immutable.
    """

    def __init__(self, name: str, widget: Widget) -> None:
        self.name = name
        self.widget = widget
        self.takes_notes = bool(getattr(widget, "takes_notes", False))
        self.taken: dict[str | None, Any] = {}


class CellResource(FindingsAtCells, Resource):
    """Base of imports whose rows stand on their own: fields are declared, findings name cells.

    ``judge`` reads and judges rows and changes nothing; ``apply`` writes judged rows through services. The
    library's own loop over a data set is left out: it knows of no chunk, and costs more than our work.
    """

    class Meta:
        use_transactions = False
        instance_loader_class = BaseInstanceLoader

    def __init__(self, table: Table) -> None:
        Resource.__init__(self)
        FindingsAtCells.__init__(self, table)
        declared = [one for one in self.get_import_fields() if one.column_name in table.columns]
        self._readers = [CellReader(one.attribute, one.widget) for one in declared]

    def judge(self, rows: Sequence[SourceRow]) -> list[ImportedRow]:
        """Return the rows as judged, in order."""
        read = [self._read_cells(row) for row in rows]
        self.look_up(read)
        for row in read:
            self.check_row(row)
        return read

    def _read_cells(self, source: SourceRow) -> ImportedRow:
        row = self.new_row(source)
        values = source.values
        for reader in self._readers:
            cell = values[reader.name]
            if cell in reader.taken and type(cell) in _WRITTEN:
                setattr(row, reader.name, reader.taken[cell])
            else:
                self._read_cell(row, reader, cell)
        return row

    def _read_cell(self, row: ImportedRow, reader: CellReader, cell: Any) -> None:
        name, found = reader.name, len(row.findings)

        def note(code: str, message: str, suggestion: str = "") -> None:
            self.find(row, name, code, message, suggestion=suggestion, level=NOTE)

        try:
            value = reader.widget.clean(cell, **({"note": note} if reader.takes_notes else {}))
        except CellError as error:
            self.find(row, name, error.code, str(error), suggestion=error.suggestion)
        else:
            setattr(row, name, value)
            if len(row.findings) == found and type(cell) in _WRITTEN:
                reader.taken[cell] = value

    def new_row(self, source: SourceRow) -> ImportedRow:
        """Return an empty row of the import's own class."""
        raise NotImplementedError

    def look_up(self, rows: Sequence[ImportedRow]) -> None:
        """Ask the database once for all rows."""

    def check_row(self, row: Any) -> None:
        """Judge the row as a whole; add findings with ``find``."""

    def apply(self, rows: Sequence[Any]) -> None:
        """Write rows that were not refused, in the caller's transaction; a late refusal becomes a finding."""
        for row in rows:
            try:
                with transaction.atomic():
                    self.apply_row(row)
            except DomainError as error:
                self.refuse(row, error)

    def apply_row(self, row: Any) -> None:
        """Call the services for one row; a ``DomainError`` is the row's refusal."""
        raise NotImplementedError


def repeats_of(rows: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Return row number to the other row with the same value, for every row of such a pair."""
    first: dict[str, int] = {}
    repeats: dict[int, int] = {}
    for number, value in rows:
        if not value:
            continue
        if value in first:
            repeats[number] = first[value]
            repeats.setdefault(first[value], number)
        else:
            first[value] = number
    return repeats
