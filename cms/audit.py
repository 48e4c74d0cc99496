"""Write audit entries: call ``record`` inside the transaction of the change it tells of."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from cms.ids import uuid7
from cms.models.audit import AuditEntry

if TYPE_CHECKING:
    from cms.models import Person, User


def record(
    action: str,
    subject: models.Model,
    *,
    by: User | None,
    at: dt.datetime,
    for_person: Person | None = None,
    **data: Any,
) -> AuditEntry:
    """Add one entry about ``subject``; ``data`` holds JSON primitives, masked values only.

    Raises ``TransactionManagementError`` outside a transaction: an entry that could outlive a rolled
    back change, or be lost while the change stays, proves nothing. No writer waits for another: an
    entry carries only its own digest, sealing is done later over committed entries.
    """
    entry = _entry(action, subject, by=by, at=at, for_person=for_person, data=data)
    entry.save(force_insert=True)
    return entry


def record_many(
    action: str,
    subjects: Iterable[models.Model],
    *,
    by: User | None,
    at: dt.datetime,
    **data: Any,
) -> int:
    """Add one entry about each of ``subjects`` with the same ``data``; return how many (one statement)."""
    entries = [_entry(action, subject, by=by, at=at, for_person=None, data=data) for subject in subjects]
    AuditEntry.objects.bulk_create(entries, batch_size=500)
    return len(entries)


def _entry(
    action: str,
    subject: models.Model,
    *,
    by: User | None,
    at: dt.datetime,
    for_person: Person | None,
    data: dict[str, Any],
) -> AuditEntry:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the change's transaction")
    entry = AuditEntry(
        id=uuid7(),
        at=at,
        action=action,
        object_type=subject._meta.label_lower,
        object_id=str(subject.pk),
        object_label=_label(subject),
        actor_id=by.pk if by else None,
        actor_name=str(by)[:50] if by else "",
        for_person_id=for_person.pk if for_person else None,
        organisation_id=getattr(subject, "organisation_id", None),
        region_code=getattr(subject, "region_code", "") or "",
        data=data,
    )
    entry.digest = digest(entry)
    return entry


def _label(subject: models.Model) -> str:
    return str(getattr(subject, "audit_label", ""))[:120]


def digest(entry: AuditEntry) -> str:
    """Return the SHA-256 of the entry's content in canonical JSON; ``verify_audit`` compares with it."""
    content = {
        "id": str(entry.id),
        "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "action": entry.action,
        "object": [entry.object_type, entry.object_id, entry.object_label],
        "actor": [entry.actor_id, entry.actor_name, entry.for_person_id],
        "scope": [entry.organisation_id, entry.region_code],
        "data": entry.data,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
