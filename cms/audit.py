"""Write audit entries: call ``record`` inside the transaction of the change it tells of."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction

from cms import crypto
from cms.bulk import insert_rows, unsaved
from cms.ids import uuid7
from cms.models.audit import AuditEntry, AuditNote

if TYPE_CHECKING:
    from cms.models import Person, User

# What people type stands in notes that can be erased, never in the entry: it may name anybody.
TYPED = frozenset({"reason", "note", "remarks", "comment"})
_BATCH = 500
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


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

    What is named as in ``TYPED`` is kept apart, encrypted, and can be erased; the entry holds a keyed
    digest of it. Raises ``TransactionManagementError`` outside a transaction: an entry that could outlive
    a rolled back change, or be lost while the change stays, proves nothing. No writer waits for another:
    an entry carries only its own digest, sealing is done later over committed entries.
    """
    _need_transaction()
    entry, notes = _entry(action, subject, by=by, at=at, for_person=for_person, data=data)
    entry.save(force_insert=True)
    if notes:
        AuditNote.objects.bulk_create(notes)
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
    return _store([_entry(action, subject, by=by, at=at, for_person=None, data=data) for subject in subjects])


def record_each(
    action: str,
    facts: Iterable[tuple[models.Model, Person | None, dict[str, Any]]],
    *,
    by: User | None,
    at: dt.datetime,
) -> int:
    """Add one entry for each (subject, person, data), as ``record`` would; return how many (one statement)."""
    made = [
        _entry(action, subject, by=by, at=at, for_person=person, data=data) for subject, person, data in facts
    ]
    return _store(made)


def _need_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the change's transaction")


def _store(made: list[tuple[AuditEntry, list[AuditNote]]]) -> int:
    _need_transaction()
    insert_rows(AuditEntry, (entry for entry, _notes in made))
    AuditNote.objects.bulk_create([note for _entry, notes in made for note in notes], batch_size=_BATCH)
    return len(made)


def _entry(
    action: str,
    subject: models.Model,
    *,
    by: User | None,
    at: dt.datetime,
    for_person: Person | None,
    data: dict[str, Any],
) -> tuple[AuditEntry, list[AuditNote]]:
    key = uuid7()
    kept, notes = _set_apart(key, data)
    entry = unsaved(
        AuditEntry,
        id=key,
        at=at,
        action=action,
        object_type=subject._meta.label_lower,
        object_id=str(subject.pk),
        object_label=_label(subject),
        actor_id=by.pk if by else None,
        for_person_id=for_person.pk if for_person else None,
        organisation_id=getattr(subject, "organisation_id", None),
        region_code=getattr(subject, "region_code", "") or "",
        data=kept,
    )
    entry.digest = digest(entry)
    entry.stamp = _stamp(entry.digest, settings.LOOKUP_KEYS[0])
    return entry, notes


def _set_apart(key: Any, data: dict[str, Any]) -> tuple[dict[str, Any], list[AuditNote]]:
    kept: dict[str, Any] = {}
    notes = []
    for name, value in data.items():
        if name not in TYPED:
            kept[name] = value
        elif value:
            salt = secrets.token_hex(16)
            kept[name] = {"note": note_digest(str(value), salt)}
            token = crypto.encrypt_text(str(value))
            notes.append(AuditNote(entry_id=key, field=name, salt=salt, text_token=token))
    return kept, notes


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
    text = _CANONICAL.encode(content)
    return hashlib.sha256(text.encode()).hexdigest()


def is_stamped(entry: AuditEntry) -> bool:
    """Say whether the entry bears the stamp of one of ``LOOKUP_KEYS``: whether the application wrote it."""
    stamp = entry.stamp or ""
    return any(hmac.compare_digest(_stamp(entry.digest, key), stamp) for key in settings.LOOKUP_KEYS)


def note_digest(text: str, salt: str) -> str:
    """Return the digest of typed words under their own random key, which is erased with them."""
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def _stamp(content_digest: str, key: str) -> str:
    return hmac.new(key.encode(), b"audit-entry\x00" + content_digest.encode(), hashlib.sha256).hexdigest()
