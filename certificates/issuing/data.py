"""Certificate data: plain values that can be frozen as JSON and rendered for ever."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self

DATES = ("starts_on", "ends_on", "issued_on", "reissued_on")
HOURS = ("hours_total", "theory_hours", "practice_hours", "community_hours")


@dataclass(frozen=True)
class PrintedIdentity:
    """Who a certificate names; ``document_masked`` arrives masked, both document fields may be empty."""

    holder_name: str
    document_label: str
    document_masked: str


@dataclass(frozen=True)
class CertificateData:
    """All that is printed. ``document_masked`` arrives masked; hours are 学时."""

    title_zh: str
    title_en: str
    number: str
    holder_name: str
    document_label: str
    document_masked: str
    course_title: str
    hours_total: Decimal | int
    theory_hours: Decimal | int
    practice_hours: Decimal | int
    community_hours: Decimal | int
    level_label: str
    starts_on: date
    ends_on: date
    result_text: str
    issuer_name: str
    issued_on: date
    verify_url: str
    reissued_on: date | None = None

    @property
    def identity(self) -> PrintedIdentity:
        """Who is named."""
        return PrintedIdentity(self.holder_name, self.document_label, self.document_masked)

    def naming(self, identity: PrintedIdentity) -> Self:
        """Return the same with another name and document."""
        return replace(
            self,
            holder_name=identity.holder_name,
            document_label=identity.document_label,
            document_masked=identity.document_masked,
        )

    @classmethod
    def from_snapshot(cls, snapshot: dict[str, Any]) -> Self:
        """Read what :meth:`to_snapshot` wrote; keys that this version does not know are left out."""
        values = {field.name: snapshot[field.name] for field in fields(cls) if field.name in snapshot}
        for name in DATES:
            if values.get(name):
                values[name] = date.fromisoformat(values[name])
        for name in HOURS:
            values[name] = Decimal(str(values[name]))
        return cls(**values)

    def to_snapshot(self) -> dict[str, str | None]:
        """Return the data as JSON primitives: dates ISO, hours as decimal strings."""
        snapshot: dict[str, str | None] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, date):
                value = value.isoformat()
            elif field.name in HOURS:
                value = str(value)
            snapshot[field.name] = value
        return snapshot
