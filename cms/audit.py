"""Write audit entries: call ``record`` inside the transaction of the change it tells of."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction

from cms import crypto
from cms.bulk import insert_columns
from cms.ids import uuid7
from cms.models.audit import AuditEntry, AuditNote

if TYPE_CHECKING:
    from cms.models import Person, User

# What people type stands in notes that can be erased, never in the entry: it may name anybody.
TYPED = frozenset({"reason", "note", "remarks", "comment"})
_BATCH = 500
# The columns that an entry's digest covers.
_CONTENT = (
    "id", "at", "action", "object_type", "object_id", "object_label", "actor_id", "actor_name", "for_person_id",
    "organisation_id", "region_code", "data",
)  # fmt: skip
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
    row, notes = _row(action, subject, by=by, at=at, for_person=for_person, data=data)
    entry = AuditEntry(**row)
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
    return record_each(action, ((subject, None, data) for subject in subjects), by=by, at=at)


def record_each(
    action: str,
    facts: Iterable[tuple[models.Model, Person | None, dict[str, Any]]],
    *,
    by: User | None,
    at: dt.datetime,
) -> int:
    """Add one entry for each (subject, person, data), as ``record`` would; return how many (one statement)."""
    _need_transaction()
    made = [
        _row(action, subject, by=by, at=at, for_person=person, data=data) for subject, person, data in facts
    ]
    if made:
        columns = {name: [row[name] for row, _notes in made] for name in made[0][0]}
        insert_columns(AuditEntry, len(made), **columns)
    AuditNote.objects.bulk_create([note for _entry, notes in made for note in notes], batch_size=_BATCH)
    return len(made)


def _need_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the change's transaction")


def _row(
    action: str,
    subject: models.Model,
    *,
    by: User | None,
    at: dt.datetime,
    for_person: Person | None,
    data: dict[str, Any],
) -> tuple[dict[str, Any], list[AuditNote]]:
    """Return the columns of an entry, and the notes beside it."""
    key = uuid7()
    kept, notes = _set_apart(key, data)
    row: dict[str, Any] = {
        "id": key,
        "at": at,
        "action": action,
        "object_type": subject._meta.label_lower,
        "object_id": str(subject.pk),
        "object_label": _label(subject),
        "actor_id": by.pk if by else None,
        "actor_name": "",
        "for_person_id": for_person.pk if for_person else None,
        "organisation_id": getattr(subject, "organisation_id", None),
        "region_code": getattr(subject, "region_code", "") or "",
        "data": kept,
    }
    row["digest"] = _digest(row)
    row["stamp"] = _stamp(row["digest"], settings.LOOKUP_KEYS[0])
    return row, notes


def _set_apart(key: Any, data: dict[str, Any]) -> tuple[dict[str, Any], list[AuditNote]]:
    if TYPED.isdisjoint(data):
        return data, []
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
    return _digest({name: getattr(entry, name) for name in _CONTENT})


def _digest(row: Mapping[str, Any]) -> str:
    content = {
        "id": str(row["id"]),
        "at": _moment(row["at"]),
        "action": row["action"],
        "object": [row["object_type"], row["object_id"], row["object_label"]],
        "actor": [row["actor_id"], row["actor_name"], row["for_person_id"]],
        "scope": [row["organisation_id"], row["region_code"]],
        "data": row["data"],
    }
    text = _CANONICAL.encode(content)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=16)
def _moment(at: dt.datetime) -> str:
    """Return a moment as digests hold it; the entries of a batch are of one moment."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def is_stamped(entry: AuditEntry) -> bool:
    """Say whether the entry bears the stamp of one of ``LOOKUP_KEYS``: whether the application wrote it."""
    stamp = entry.stamp or ""
    return any(hmac.compare_digest(_stamp(entry.digest, key), stamp) for key in settings.LOOKUP_KEYS)


def note_digest(text: str, salt: str) -> str:
    """Return the digest of typed words under their own random key, which is erased with them."""
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def _stamp(content_digest: str, key: str) -> str:
    return hmac.digest(key.encode(), b"audit-entry\x00" + content_digest.encode(), "sha256").hex()
