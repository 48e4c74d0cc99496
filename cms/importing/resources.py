"""django-import-export for rows that are not model rows: one row, one dataclass, every fault at its cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import Result
from tablib import Dataset

from cms.errors import DomainError
from cms.importing.findings import ERROR, NOTE, CellError, Finding
from cms.importing.reader import Column, Heading, SourceRow

ROW_NUMBER = "row_number"


@dataclass
class ImportedRow:
    """One row on its way: what was read, what was found, what came of it."""

    row: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether a finding keeps the row out."""
        return any(finding.is_error for finding in self.findings)


class RowRefused(ValueError):
    """The row has findings that keep it out; they are on the row itself."""


class CellResource(Resource):
    """Base of the imports: fields are declared, saving calls services, findings name cells.

    ``use_transactions`` is off: the job's transaction is the caller's, and a dry run saves nothing.
    """

    headings: ClassVar[tuple[Heading, ...]]

    class Meta:
        use_transactions = False
        use_bulk = False
        instance_loader_class = BaseInstanceLoader
        skip_diff = True
        force_init_instance = True
        clean_model_instances = False
        report_skipped = True

    def __init__(self, columns: dict[str, Column], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = columns
        self.imported: list[ImportedRow] = []

    def run(self, rows: list[SourceRow], *, dry_run: bool) -> list[ImportedRow]:
        """Import ``rows``; return what came of each, in order. A fault of ours is raised, not listed."""
        dataset = Dataset(headers=[ROW_NUMBER, *self.columns])
        for row in rows:
            dataset.append([row.number, *(row.values.get(name) for name in self.columns)])
        self.imported = []
        result = self.import_data(dataset, dry_run=dry_run, use_transactions=False)
        _raise_faults(result)
        return self.imported

    def import_instance(self, instance: ImportedRow, row: dict[str, Any], **kwargs: Any) -> None:
        """Fill the row's fields; each cell that cannot be taken becomes a finding, then the row is judged."""
        self.imported.append(instance)
        for one in self.get_import_fields():
            name = one.attribute

            def note(code: str, message: str, suggestion: str = "", name: str = name) -> None:
                self.find(instance, row, name, code, message, suggestion=suggestion, level=NOTE)

            try:
                self.import_field(one, instance, row, note=note, **kwargs)
            except CellError as error:
                self.find(instance, row, name, error.code, str(error), suggestion=error.suggestion)
        self.check_row(instance, row)
        if instance.is_refused:
            raise RowRefused

    def check_row(self, instance: Any, row: dict[str, Any]) -> None:
        """Judge the row as a whole; add findings with ``find``."""

    def apply(self, instance: Any) -> None:
        """Call the services; a ``DomainError`` is the row's refusal."""
        raise NotImplementedError

    def save_instance(self, instance: Any, is_create: bool, row: dict[str, Any], **kwargs: Any) -> None:
        """Save through services, unless this is a dry run."""
        if self._is_dry_run(kwargs):
            return
        try:
            self.apply(instance)
        except DomainError as error:
            for refusal in getattr(error, "refusals", [error]):
                self.find(instance, row, self.field_of(refusal.field), refusal.code, str(refusal.message))

    def field_of(self, name: str | None) -> str:
        """Return our field for the one a refusal names."""
        return name or ""

    def find(
        self,
        instance: ImportedRow,
        row: dict[str, Any],
        name: str,
        code: str,
        message: str,
        *,
        suggestion: str = "",
        level: str = ERROR,
    ) -> None:
        """Add a finding at the cell of field ``name``; an empty name is about the whole row."""
        column = self.columns.get(name)
        value = row.get(name)
        instance.findings.append(
            Finding(
                field=name,
                code=code,
                message=message,
                value="" if value is None else str(value)[:200],
                suggestion=suggestion,
                level=level,
                column=column.letter if column else "",
                title=column.title if column else self._title_of(name),
            )
        )

    def _title_of(self, name: str) -> str:
        return next((heading.title for heading in self.headings if heading.field == name), "")


def _raise_faults(result: Result) -> None:
    """Raise the first error that is no refusal of a row: a broken database must not look like a bad cell."""
    for error in [*result.base_errors, *(one for row in result.rows for one in row.errors)]:
        if not isinstance(error.error, RowRefused):
            raise error.error
