"""Check the audit log against its seals and name what is missing, added or changed.

Read in steps of one seal, so memory stays flat however long the log is. The findings are for operators
and auditors, in English like every command's output.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef

from cms import audit, crypto
from cms.enums import SigningKeyState
from cms.merkle import root_of
from cms.models import AuditEntry, AuditNote, AuditSeal, AuditSealEntry, SealChain
from cms.seals import payload_digest, payload_of, sealed_leaf
from cms.services.sealing import CHANGED, FOREIGN, unsealed_entries
from cms.signing import signing_input, thumbprint, unb64, verifies

_STEP = 2_000
_WORDS = {
    CHANGED: "changed between its writing and its sealing",
    FOREIGN: "added: it was not written by this application (no valid stamp when it was sealed)",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. ``kind`` is stable: what readers of ``--json`` go by."""

    kind: str
    text: str
    seal: int | None = None
    entry: str | None = None


@dataclass
class Figures:
    """What was looked at."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    notes_erased: int = 0
    last_number: int = 0
    last_digest: str = ""


def check_log(figures: Figures, *, since: dt.datetime | None = None) -> Iterator[Finding]:
    """Yield every finding and count in ``figures``; from the first seal at or after ``since`` if given."""
    previous: AuditSeal | None = None
    seals = AuditSeal.objects.select_related("key").order_by("number")
    if since is not None:
        seals = seals.filter(at__gte=since)
        previous = AuditSeal.objects.filter(at__lt=since).order_by("-number").first()
    for seal in seals.iterator(chunk_size=100):
        yield from _check_chain(previous, seal)
        yield from _check_seal(seal)
        yield from _check_content(seal, figures)
        figures.seals += 1
        previous = seal
    yield from _check_end(previous, figures)
    yield from _check_unsealed(figures)


def _check_chain(previous: AuditSeal | None, seal: AuditSeal) -> Iterator[Finding]:
    expected = previous.number + 1 if previous else 1
    if seal.number > expected:
        gone = f"{expected}" if seal.number == expected + 1 else f"{expected}–{seal.number - 1}"
        yield Finding(
            "seal_missing", f"Seal {gone} is missing: the chain goes on with {seal.number}.", expected
        )
    elif seal.previous != (previous.digest if previous else ""):
        yield Finding(
            "chain_broken", f"Seal {seal.number} does not follow seal {expected - 1} as it is.", seal.number
        )


def _check_seal(seal: AuditSeal) -> Iterator[Finding]:
    payload = payload_of(seal)
    if payload_digest(payload) != seal.digest:
        yield Finding(
            "seal_changed", f"Seal {seal.number} was changed: its digest does not fit.", seal.number
        )
    key = seal.key
    if thumbprint(key.public_jwk) != key.kid:
        yield Finding("key_changed", f"The public key {key.kid} was exchanged.", seal.number)
    try:
        signature = unb64(seal.signature)
    except ValueError:
        signature = b""
    if not verifies(key.public_jwk, signing_input(payload, key.kid), signature):
        yield Finding("signature_wrong", f"Seal {seal.number} is not signed by key {key.kid}.", seal.number)
    elif key.organisation_id is not None:
        yield Finding("signature_wrong", f"Seal {seal.number} bears an organisation's key.", seal.number)
    elif key.state == SigningKeyState.REVOKED and key.distrusted_from and seal.at >= key.distrusted_from:
        text = (
            f"Seal {seal.number} is signed by key {key.kid}, not trusted since {key.distrusted_from:%F %R}."
        )
        yield Finding("key_revoked", text, seal.number)


def _check_content(seal: AuditSeal, figures: Figures) -> Iterator[Finding]:
    rows = list(AuditSealEntry.objects.filter(seal=seal).order_by("position"))
    leaves = [sealed_leaf(row.pk, row.digest, row.flaw) for row in rows]
    holds = len(rows) == seal.count and root_of(leaves) == seal.root
    sealed = AuditSealEntry.objects.filter(seal=seal).values("pk")
    entries = {entry.pk: entry for entry in AuditEntry.objects.filter(pk__in=sealed)}
    figures.entries += len(entries)
    named = False
    for row in rows:
        finding = _compare(row, entries.get(row.pk), list_holds=holds)
        if finding is not None:
            named = True
            yield finding
    yield from _check_places(seal, rows)
    if not holds:
        span = f"entries {seal.first_id} to {seal.last_id}, sealed {seal.at:%F %R} UTC"
        hint = "" if named else "; an entry and its place in the list were changed together"
        counts = f"{seal.count} entries then, {len(rows)} now; {span}"
        text = f"The list of seal {seal.number} is not what was signed ({counts}){hint}."
        yield Finding("list_changed", text, seal.number)
    yield from _check_notes(seal, entries, figures)


def _check_places(seal: AuditSeal, rows: list[AuditSealEntry]) -> Iterator[Finding]:
    """Name each empty place of the list by its neighbours: an entry removed together with its place."""
    by_place = {row.position: row for row in rows}
    for place in range(seal.count):
        if place not in by_place:
            before, after = (by_place.get(place + step) for step in (-1, 1))
            text = (
                f"The entry at place {place + 1} of {seal.count} in seal {seal.number} is missing, with its line in "
                f"the list (after {before.pk if before else '–'}, before {after.pk if after else '–'})."
            )
            yield Finding("entry_missing", text, seal.number)


def _compare(row: AuditSealEntry, entry: AuditEntry | None, *, list_holds: bool) -> Finding | None:
    """Compare an entry with what was sealed of it; in a broken list the stamp tells who was slipped in."""
    number = row.seal_id
    if entry is None:
        return Finding("entry_missing", f"Entry {row.pk} of seal {number} is missing.", number, str(row.pk))
    content = audit.digest(entry)
    if content != row.digest or entry.digest != row.digest:
        text = f"Entry {row.pk} of seal {number} was changed ({_name(entry)})."
        return Finding("entry_changed", text, number, str(row.pk))
    if row.flaw:
        text = f"Entry {row.pk} of seal {number} was {_WORDS.get(row.flaw, row.flaw)} ({_name(entry)})."
        return Finding("entry_added" if row.flaw == FOREIGN else "entry_changed", text, number, str(row.pk))
    if not list_holds and entry.stamp is not None and not audit.is_stamped(entry):
        text = f"Entry {row.pk} was put into the list of seal {number} ({_name(entry)})."
        return Finding("entry_added", text, number, str(row.pk))
    return None


def _name(entry: AuditEntry) -> str:
    return f"{entry.action} {entry.object_type} {entry.object_id}, {entry.at:%F %R} UTC"


def _check_notes(seal: AuditSeal, entries: dict[UUID, AuditEntry], figures: Figures) -> Iterator[Finding]:
    due = {
        (key, name): value["note"]
        for key, entry in entries.items()
        for name, value in entry.data.items()
        if name in audit.TYPED and isinstance(value, dict) and "note" in value
    }
    if not due:
        return
    notes = {
        (note.entry_id, note.field): note
        for note in AuditNote.objects.filter(entry_id__in={key for key, _ in due})
    }
    erased = [note for note in notes.values() if note.erased_at is not None]
    on_record = set(
        AuditEntry.objects.filter(
            action="note.erase", object_type="cms.auditnote", object_id__in=[str(note.pk) for note in erased]
        ).values_list("object_id", flat=True)
    )
    for place, expected in due.items():
        fault = _note_fault(notes.get(place), expected, on_record)
        if fault:
            text = f"The {place[1]} of entry {place[0]} {fault}."
            yield Finding("note_changed", text, seal.number, str(place[0]))
    figures.notes_erased += len(erased)


def _note_fault(note: AuditNote | None, expected: str, on_record: set[str]) -> str:
    if note is None:
        return "is missing; nobody erased it on record"
    if note.erased_at is not None:
        return "" if str(note.pk) in on_record else "was erased; nobody erased it on record"
    try:
        text = crypto.decrypt_text(note.text_token)
        fits = audit.note_digest(text, note.salt) == expected
    except ValueError:
        return "cannot be read: no key in FIELD_KEYS opens it"
    return "" if fits else "was changed"


def _check_end(last: AuditSeal | None, figures: Figures) -> Iterator[Finding]:
    """The chain's own row remembers its end: the last seals cannot just be cut off."""
    if last is not None:
        figures.last_number, figures.last_digest = last.number, last.digest
    remembered, newest = _ends()
    if remembered[0] > newest[0]:
        first = newest[0] + 1
        gone = f"{first}" if first == remembered[0] else f"{first}–{remembered[0]}"
        yield Finding("seal_missing", f"Seal {gone} is missing at the end of the chain.", first)
    elif newest[0] and remembered != newest:
        text = f"The chain ends with seal {newest[0]}, which is not the one it remembers ({remembered[0]})."
        yield Finding("chain_broken", text, newest[0])
    orphans = AuditSealEntry.objects.filter(~Exists(AuditSeal.objects.filter(pk=OuterRef("seal_id"))))
    for row in orphans.order_by("seal_id", "position").iterator(chunk_size=_STEP):
        text = f"Entry {row.pk} was in seal {row.seal_id}, which is missing."
        yield Finding("seal_missing", text, row.seal_id, str(row.pk))


def _ends() -> tuple[tuple[int, str], tuple[int, str]]:
    """Return the end that the chain remembers and that of the seals, as of one moment.

    A sealer writes both in one transaction: while what the chain remembers stays, the seals read stay too.
    """
    remembered = _remembered()
    while True:
        newest = AuditSeal.objects.order_by("-number").values_list("number", "digest").first() or (0, "")
        again = _remembered()
        if again == remembered:
            return remembered, newest
        remembered = again


def _remembered() -> tuple[int, str]:
    return SealChain.objects.filter(pk=1).values_list("last_number", "last_digest").first() or (0, "")


def _check_unsealed(figures: Figures) -> Iterator[Finding]:
    chain = SealChain.objects.filter(pk=1).first()
    first_time = chain is None or chain.complete_until is None
    for entry in unsealed_entries().order_by("pk").iterator(chunk_size=_STEP):
        figures.entries += 1
        figures.unsealed += 1
        if audit.digest(entry) != entry.digest:
            text = f"Entry {entry.pk}, not sealed yet, was changed ({_name(entry)})."
            yield Finding("entry_changed", text, None, str(entry.pk))
        elif not audit.is_stamped(entry) and not (first_time and entry.stamp is None):
            text = f"Entry {entry.pk}, not sealed yet, was added: this application did not write it ({_name(entry)})."
            yield Finding("entry_added", text, None, str(entry.pk))


def seal_stands(number: int, digest: str) -> bool:
    """Return whether a seal that was printed somewhere is still the chain's: its number and digest."""
    return AuditSeal.objects.filter(pk=number, digest=digest.lower()).exists()
