"""Move everything that hangs on a key to the newest key, on live data, as a job that can be resumed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.documents import add_digests
from cms.enums import JobState
from cms.errors import DomainError
from cms.jobs import ItemOutcome, start_job
from cms.models import DocumentDigest, Job, PersonDocument, StoredFile, User
from cms.rotation import keyed_stores

KIND = "rotate_keys"
# Rows an item: a private file may be 20 MB, a token is some hundred bytes.
ROWS = 100


@dataclass(frozen=True)
class KeyState:
    """How many values of one store there are, and how many an older key still holds."""

    name: str
    label: str
    total: int
    stale: int


def key_states() -> list[KeyState]:
    """Count each store, in the order of the registry."""
    return [
        KeyState(name, str(store.label), store.rows().count(), store.stale().count())
        for name, store in keyed_stores.items()
    ]


@transaction.atomic
def start_rotation(*, by: User | None, at: dt.datetime) -> Job:
    """Start the job, or return the one that is not over; ``by`` is None for the operator's command.

    Raises ``DomainError`` ``nothing_to_rotate`` when the newest keys hold everything already.
    """
    running = Job.objects.filter(kind=KIND, state__in=[JobState.QUEUED, JobState.RUNNING]).first()
    if running is not None:
        return running
    if not any(state.stale for state in key_states()) and not _spent_digests().exists():
        raise DomainError("nothing_to_rotate", _("所有数据都已经用最新的密钥，不用更换。"))
    return start_job(KIND, title=_("更换密钥"), by=by, at=at)


def plan_rotation(job: Job) -> Iterator[tuple[str, str]]:
    """Yield (store|first row, label) for each stretch of stale rows."""
    for name, store in keyed_stores.items():
        keys = list(store.stale().order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(keys), ROWS):
            last = min(start + ROWS, len(keys))
            yield f"{name}|{keys[start]}", f"{store.label} {start + 1}–{last}"


def rotate_rows(job: Job, keys: list[str]) -> list[ItemOutcome]:
    """Move each stretch of rows to the newest key; a row that no key opens fails its stretch by name."""
    return [_rotate_stretch(*key.split("|")) for key in keys]


def _rotate_stretch(name: str, first: str) -> ItemOutcome:
    store = keyed_stores.get(name)
    unreadable = []
    # What was written since the plan is under the newest key: the stretch holds at least its own rows.
    for row in store.stale().filter(pk__gte=first).order_by("pk")[:ROWS]:
        try:
            store.renew(row)
        except ValueError:
            unreadable.append(str(row.pk))
    if unreadable:
        message = _("%(count)s 项用现有的密钥打不开，保持原样。编号：%(keys)s") % {
            "count": len(unreadable), "keys": "、".join(unreadable[:5]),
        }  # fmt: skip
        raise DomainError("key_missing", message)
    return ItemOutcome()


def finish_rotation(job: Job) -> None:
    """Forget the digests of keys that are no longer configured, once every number has a new one."""
    stale = {state.name: state.stale for state in key_states()}
    gone = 0 if stale["document_digests"] else _spent_digests().delete()[0]
    audit.record(
        "keys.rotate", job, by=job.created_by, at=job.finished_at or job.created_at,
        field_key=crypto.field_key_id(), lookup_key=crypto.lookup_key_ids()[0], digests_removed=gone,
        left=sum(stale.values()),
    )  # fmt: skip


def _spent_digests() -> Any:
    return DocumentDigest.objects.exclude(key_id__in=crypto.lookup_key_ids())


def stale_documents() -> Any:
    """Return the documents that cannot be found by the newest look-up key alone; erased ones have no number."""
    newest = DocumentDigest.objects.filter(key_id=crypto.lookup_key_ids()[0])
    return kept_documents().exclude(pk__in=newest.values("document_id"))


def kept_documents() -> Any:
    """Return the documents whose number was not erased."""
    return PersonDocument.objects.exclude(number_token="")


def renew_digests(document: PersonDocument) -> None:
    """Give a document the digest of the newest look-up key beside those it has."""
    add_digests(document, crypto.decrypt_text(document.number_token))


def stale_files() -> Any:
    """Return the encrypted private files that an older key holds."""
    return encrypted_files().exclude(key_id=crypto.field_key_id())


def encrypted_files() -> Any:
    """Return the private files whose bytes are kept encrypted."""
    return StoredFile.objects.filter(is_encrypted=True).exclude(content="")
