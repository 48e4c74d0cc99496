"""Put messages into the outbox and take them back: called by services, in the transaction of the change."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from cms.enums import DeliveryState, MessageState
from cms.messaging.kinds import message_kinds
from cms.models import Delivery, Message, Organisation, Person, User

# Document and bank numbers: no message needs so many digits in a row.
_LONG_NUMBER = re.compile(r"\d{14,}")


@dataclass(frozen=True)
class Note:
    """One message to be: about what, to whom; exactly one of ``person`` and ``user``.

    ``organisation`` and ``region_code`` say whose log shows it; without them the subject's own do.
    """

    subject: models.Model
    about: dict[str, Any] = field(default_factory=dict)
    person: Person | None = None
    user: User | None = None
    occasion: str = ""
    organisation: Organisation | None = None
    region_code: str = ""


def queue_message(  # noqa: PLR0913  the facts of a message
    kind: str,
    *,
    subject: models.Model,
    person: Person | None = None,
    user: User | None = None,
    about: dict[str, Any] | None = None,
    occasion: str = "",
    organisation: Organisation | None = None,
    due_at: dt.datetime | None = None,
    by: User | None,
    at: dt.datetime,
) -> None:
    """Queue one message; a second call for the same recipient, kind, subject and occasion does nothing.

    ``about`` holds JSON primitives for the words; ``organisation`` is who says it, else the subject's.
    Raises ``KeyError`` for a kind nobody registered, ``ValueError`` without exactly one recipient or
    with a long number in ``about``, ``TransactionManagementError`` outside a transaction.
    """
    note = Note(subject, about or {}, person, user, occasion, organisation)
    queue_messages(kind, [note], due_at=due_at, by=by, at=at)


def queue_messages(
    kind: str, notes: Sequence[Note], *, due_at: dt.datetime | None = None, by: User | None, at: dt.datetime
) -> None:
    """Queue many messages of one kind in one statement; as ``queue_message``."""
    message_kinds.get(kind)
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a message is queued in the transaction of its change")
    rows = [_row(kind, note, due_at=due_at or at, by=by, at=at) for note in notes]
    # The database's constraint decides what is new, also against another transaction.
    Message.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def _row(kind: str, note: Note, *, due_at: dt.datetime, by: User | None, at: dt.datetime) -> Message:
    if (note.person is None) == (note.user is None):
        raise ValueError("a message has one recipient: a person or an account")
    if _LONG_NUMBER.search(json.dumps(note.about, ensure_ascii=False)):
        raise ValueError("a message holds no document number")
    subject = note.subject
    organisation_id = note.organisation.pk if note.organisation else getattr(subject, "organisation_id", None)
    return Message(
        kind=kind,
        person=note.person,
        user=note.user,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        occasion=note.occasion[:60],
        about=note.about,
        organisation_id=organisation_id,
        region_code=note.region_code or getattr(subject, "region_code", "") or "",
        created_by=by,
        created_at=at,
        due_at=due_at,
    )


def withdraw_messages(kind: str | Iterable[str], subject: models.Model, *, at: dt.datetime) -> int:
    """Take back what is no longer true about ``subject``: unsent ways stop, the inbox says so; return how many.

    What an SMS or e-mail has told already stays told.
    """
    return withdraw_about(kind, [subject], at=at)


def withdraw_about(
    kind: str | Iterable[str], subjects: Sequence[models.Model], *, at: dt.datetime, keep: str | None = None
) -> int:
    """Take back messages about several subjects of one model; those of the occasion ``keep`` stay."""
    if not subjects:
        return 0
    kinds = [kind] if isinstance(kind, str) else list(kind)
    rows = Message.objects.filter(
        kind__in=kinds,
        subject_type=subjects[0]._meta.label_lower,
        subject_id__in=[str(one.pk) for one in subjects],
        state__in=[MessageState.QUEUED, MessageState.POSTED],
    )
    if keep is not None:
        rows = rows.filter(~Q(occasion=keep))
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return 0
    with transaction.atomic():
        Message.objects.filter(pk__in=ids).update(state=MessageState.WITHDRAWN)
        Delivery.objects.filter(message_id__in=ids, state=DeliveryState.QUEUED).update(
            state=DeliveryState.SKIPPED, reason="withdrawn", finished_at=at, next_try_at=None
        )
    return len(ids)
