"""Words that people typed for the audit log: read them, erase them on request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from cms import audit, crypto
from cms.models import AuditEntry, AuditNote, User


@transaction.atomic
def erase_notes(entries: QuerySet[AuditEntry], *, by: User | None, at: dt.datetime) -> int:
    """Erase what was typed with ``entries``; return how many notes. The entries stay, and so does this act.

    After it nobody can tell the words, and the seals over the entries still fit.
    """
    notes = AuditNote.objects.select_for_update().filter(
        entry_id__in=entries.values("pk"), erased_at__isnull=True
    )
    found = list(notes)
    audit.record_many("note.erase", found, by=by, at=at)
    AuditNote.objects.filter(pk__in=[note.pk for note in found]).update(salt="", text_token="", erased_at=at)
    return len(found)


def words_of_notes(entries: Iterable[AuditEntry]) -> dict[tuple[UUID, str], str | None]:
    """Return the typed words by entry and field, None where they were erased (one query)."""
    keys = [entry.pk for entry in entries]
    return {
        (note.entry_id, note.field): None if note.erased_at else crypto.decrypt_text(note.text_token)
        for note in AuditNote.objects.filter(entry_id__in=keys)
    }
