"""Read what somebody typed for the audit log: it stands apart from the entry."""

from __future__ import annotations

from cms.models import AuditEntry
from cms.services.audit_notes import words_of_notes


def typed(entry: AuditEntry, field: str = "reason") -> str | None:
    """Return the words, None once they were erased; the entry itself must not hold them."""
    words = words_of_notes([entry])[entry.pk, field]
    assert words is None or words not in str(entry.data)
    return words
