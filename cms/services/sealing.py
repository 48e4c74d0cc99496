"""Seal the audit log: put committed entries under a signed Merkle root, chained to the seal before.

Writers know nothing of it: the sealer reads what is committed and writes to tables of its own. What is
sealed already stands in ``AuditSealEntry``, so an entry whose transaction commits late, behind younger
ones, is simply found by a later run.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from cms import audit
from cms.merkle import root_of
from cms.models import AuditEntry, AuditSeal, AuditSealEntry, SealChain, SigningKey
from cms.seals import payload_digest, payload_of, sealed_leaf
from cms.services.signing_keys import ensure_installation_key
from cms.signing import b64, signer_of, signing_input

# A seal's rows are written in one transaction; on SQLite that is how long a writer may have to wait.
SEAL_ENTRIES = 5_000
# Entries of transactions that were open this long are found by the frequent run, others by the daily one.
LOOK_BACK = dt.timedelta(hours=1)
CHANGED, FOREIGN = "changed", "foreign"


class _Overtaken(Exception):
    """Another sealer was faster."""


def seal_entries(at: dt.datetime, *, everything: bool = False) -> int:
    """Seal all committed entries that no seal holds; return how many.

    Two at once make one chain: who comes second finds the chain longer than it read and leaves the rest
    to the first. ``everything`` looks through the whole log instead of what the last hour may have added.
    """
    chain, _created = SealChain.objects.get_or_create(pk=1)
    after = None if everything else _look_from(chain)
    sealed = 0
    while batch := list(_unsealed(after)[:SEAL_ENTRIES]):
        try:
            _seal(batch, chain, ensure_installation_key(at=at), at)
        except _Overtaken:
            return sealed
        sealed += len(batch)
        after = batch[-1].pk
        if len(batch) < SEAL_ENTRIES:
            break
        chain.refresh_from_db()
    SealChain.objects.filter(pk=1).update(complete_until=at)
    return sealed


def unsealed_entries() -> QuerySet[AuditEntry]:
    """Return every entry that no seal holds yet."""
    return AuditEntry.objects.filter(~Exists(AuditSealEntry.objects.filter(pk=OuterRef("pk"))))


def _unsealed(after: uuid.UUID | None) -> QuerySet[AuditEntry]:
    entries = unsealed_entries().order_by("pk")
    return entries if after is None else entries.filter(pk__gt=after)


def _look_from(chain: SealChain) -> uuid.UUID | None:
    """Return an id as old as ``LOOK_BACK`` before the last complete run; ids begin with their milliseconds."""
    if chain.complete_until is None:
        return None
    moment = chain.complete_until - LOOK_BACK
    return uuid.UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def _seal(batch: Sequence[AuditEntry], chain: SealChain, key: SigningKey, at: dt.datetime) -> AuditSeal:
    """Seal ``batch``; ``chain`` was read before it, so a seal made in between is seen as a longer chain."""
    flaws = [_flaw(entry, first_time=chain.complete_until is None) for entry in batch]
    leaves = [sealed_leaf(entry.pk, entry.digest, flaw) for entry, flaw in zip(batch, flaws, strict=True)]
    seal = AuditSeal(
        number=chain.last_number + 1,
        previous=chain.last_digest,
        root=root_of(leaves),
        count=len(batch),
        first_id=batch[0].pk,
        last_id=batch[-1].pk,
        at=at,
        key=key,
    )
    payload = payload_of(seal)
    seal.digest = payload_digest(payload)
    seal.signature = b64(signer_of(key).sign(signing_input(payload, key.kid)))
    rows = [
        AuditSealEntry(entry_id=entry.pk, seal=seal, position=position, digest=entry.digest, flaw=flaw)
        for position, (entry, flaw) in enumerate(zip(batch, flaws, strict=True))
    ]
    with transaction.atomic():
        _take_turn(chain)
        seal.save(force_insert=True)
        AuditSealEntry.objects.bulk_create(rows, batch_size=1000)
        SealChain.objects.filter(pk=1).update(last_number=seal.number, last_digest=seal.digest)
    return seal


def _take_turn(read: SealChain) -> None:
    """Lock the chain; raise ``_Overtaken`` if it grew since it was read."""
    now = SealChain.objects.select_for_update().get(pk=1)
    if now.last_number != read.last_number:
        raise _Overtaken


def _flaw(entry: AuditEntry, *, first_time: bool) -> str:
    """Return what is wrong with an entry about to be sealed.

    Until everything was sealed once, an entry without a stamp is one of a version that knew none.
    """
    if audit.digest(entry) != entry.digest:
        return CHANGED
    if not audit.is_stamped(entry) and not (first_time and entry.stamp is None):
        return FOREIGN
    return ""
