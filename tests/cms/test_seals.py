"""Seals over the audit log: whatever somebody with the database alone does to it is named."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.utils import timezone

from cms import audit
from cms.audit_check import Figures, Finding, check_log
from cms.enums import SigningKeyState
from cms.ids import uuid7
from cms.merkle import leaf_hash, root_of
from cms.models import AuditEntry, AuditNote, AuditSeal, AuditSealEntry, Organisation, SigningKey
from cms.seals import latest_seal
from cms.services import sealing
from cms.services.sealing import seal_entries
from cms.services.signing_keys import ensure_installation_key

NOW = timezone.now()
LATER = NOW + dt.timedelta(minutes=1)


@pytest.fixture
def school(db: None) -> Organisation:
    """A subject; the key that signs is there already, with its two entries in the log."""
    ensure_installation_key(at=NOW)
    return Organisation.objects.create(name="School", short_code="S", region_code="990101000000")


@pytest.fixture
def small_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEAL_ENTRIES", 4)


def write(school: Organisation, count: int = 1, **data: Any) -> list[AuditEntry]:
    with transaction.atomic():
        return [audit.record("school.open", school, by=None, at=NOW, n=n, **data) for n in range(count)]


@contextmanager
def as_a_dba() -> Iterator[Any]:
    """Take the triggers off, as who owns the tables can, and put them on again."""
    from tests.harness.database import _append_only_lifted

    tables = ("cms_auditentry", "cms_auditseal", "cms_auditsealentry")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the inserts of this test still wait
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
            yield cursor
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
        else:
            with _append_only_lifted():
                yield cursor


def findings() -> list[Finding]:
    return list(check_log(Figures()))


def named() -> set[tuple[str, str | None]]:
    return {(finding.kind, finding.entry) for finding in findings()}


def as_stored(value: Any) -> str:
    return value.hex if connection.vendor == "sqlite" else str(value)


def forge(entry: AuditEntry) -> str:
    """Return the plain digest that fits a changed entry: anybody can compute it."""
    return audit.digest(entry)


@pytest.mark.both
def test_what_is_committed_is_sealed_once_in_a_chain(school: Organisation, small_seals: None) -> None:
    write(school, 10)
    assert seal_entries(NOW) == 12
    assert seal_entries(LATER) == 0
    write(school, 1)
    assert seal_entries(LATER) == 1
    seals = list(AuditSeal.objects.order_by("number"))
    assert [seal.number for seal in seals] == [1, 2, 3, 4]
    assert [seal.previous for seal in seals] == ["", *[seal.digest for seal in seals[:-1]]]
    assert AuditSealEntry.objects.count() == AuditEntry.objects.count() == 13
    assert findings() == []
    facts = latest_seal()
    assert facts is not None
    assert (facts.number, facts.digest) == (4, seals[-1].digest)


@pytest.mark.both
def test_an_entry_that_commits_late_gets_into_a_later_seal(school: Organisation) -> None:
    """Its id is older than what was sealed before it: here by 30 minutes, and by a day."""
    seal_entries(NOW)
    write(school, 2)
    seal_entries(NOW)
    for minutes, everything in ((30, False), (60 * 25, True)):
        [entry] = entries_of_age(school, minutes)
        assert not AuditSealEntry.objects.filter(pk=entry.pk).exists()
        seal_entries(LATER, everything=everything)
        assert AuditSealEntry.objects.filter(pk=entry.pk).exists(), minutes
    assert findings() == []


def entries_of_age(school: Organisation, minutes: int) -> list[AuditEntry]:
    """Write an entry as a transaction does that began so long ago and commits only now."""
    then = int((NOW - dt.timedelta(minutes=minutes)).timestamp() * 1000)
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        old = type(uuid7())(int=(then << 80) | (uuid7().int & ((1 << 80) - 1)))
        patch.setattr(audit, "uuid7", lambda: old)
        return [audit.record("school.late", school, by=None, at=NOW)]


@pytest.mark.both
def test_a_changed_entry_is_named(school: Organisation) -> None:
    entries = write(school, 6)
    seal_entries(NOW)
    plain, clever, thorough = entries[1], entries[2], entries[4]
    with as_a_dba() as cursor:
        cursor.execute(f"UPDATE cms_auditentry SET action = 'x.y' WHERE id = '{as_stored(plain.pk)}'")
        for entry in (clever, thorough):
            entry.action = "x.z"
            cursor.execute(
                f"UPDATE cms_auditentry SET action = 'x.z', digest = '{forge(entry)}' "
                f"WHERE id = '{as_stored(entry.pk)}'"
            )
        assert named() == {("entry_changed", str(entry.pk)) for entry in (plain, clever, thorough)}
        cursor.execute(
            f"UPDATE cms_auditsealentry SET digest = '{forge(thorough)}' "
            f"WHERE entry_id = '{as_stored(thorough.pk)}'"
        )
    # Its stamp is not for the forged digest, and the signed root is not for the forged list.
    assert named() == {
        ("entry_changed", str(plain.pk)),
        ("entry_changed", str(clever.pk)),
        ("entry_added", str(thorough.pk)),
        ("list_changed", None),
    }


@pytest.mark.both
def test_a_removed_entry_is_named(school: Organisation) -> None:
    entries = write(school, 5)
    seal_entries(NOW)
    with as_a_dba() as cursor:
        cursor.execute(f"DELETE FROM cms_auditentry WHERE id = '{as_stored(entries[1].pk)}'")
        assert named() == {("entry_missing", str(entries[1].pk))}
        for table, column in (("cms_auditentry", "id"), ("cms_auditsealentry", "entry_id")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = '{as_stored(entries[3].pk)}'")
    found = findings()
    assert {finding.kind for finding in found} == {"entry_missing", "list_changed"}
    gap = next(finding for finding in found if finding.kind == "entry_missing" and finding.entry is None)
    assert "place 6 of 7" in gap.text
    assert str(entries[2].pk) in gap.text, "the neighbours say where"


@pytest.mark.both
def test_an_inserted_entry_is_named_before_and_after_sealing(school: Organisation) -> None:
    write(school, 3)
    seal_entries(NOW)
    seal_entries(NOW)
    inserted = [slip_in(school), slip_in(school)]
    assert named() == {("entry_added", str(entry.pk)) for entry in inserted}
    seal_entries(LATER)
    assert named() == {("entry_added", str(entry.pk)) for entry in inserted}, "sealing whitewashes nothing"
    with as_a_dba() as cursor:
        third = slip_in(school)
        cursor.execute(
            "INSERT INTO cms_auditsealentry (entry_id, seal_id, position, digest, flaw) "
            f"VALUES ('{as_stored(third.pk)}', 1, 99, '{third.digest}', '')"
        )
    assert ("entry_added", str(third.pk)) in named()


def slip_in(school: Organisation) -> AuditEntry:
    """Insert an entry past the application: all of it fits, but for the stamp nobody can make."""
    entry = AuditEntry(
        id=uuid7(),
        at=NOW,
        action="school.open",
        object_type="cms.organisation",
        object_id=str(school.pk),
        data={},
        stamp=hashlib.sha256(b"guess").hexdigest(),
    )
    entry.digest = audit.digest(entry)
    AuditEntry.objects.bulk_create([entry])
    return entry


@pytest.mark.both
def test_a_removed_seal_is_named(school: Organisation, small_seals: None) -> None:
    write(school, 12)
    seal_entries(NOW)
    with as_a_dba() as cursor:
        for number in (2, 3):
            cursor.execute(f"DELETE FROM cms_auditsealentry WHERE seal_id = {number}")
            cursor.execute(f"DELETE FROM cms_auditseal WHERE number = {number}")
            assert {(finding.kind, finding.seal) for finding in findings()} == {("seal_missing", 2)}
    seal_entries(LATER, everything=True)
    assert ("seal_missing", 2) in {(finding.kind, finding.seal) for finding in findings()}


@pytest.mark.both
def test_the_last_seal_cannot_be_cut_off(school: Organisation, small_seals: None) -> None:
    write(school, 8)
    seal_entries(NOW)
    printed = latest_seal()
    assert printed is not None
    with as_a_dba() as cursor:
        cursor.execute("DELETE FROM cms_auditsealentry WHERE seal_id = 3")
        cursor.execute("DELETE FROM cms_auditseal WHERE number = 3")
        assert {finding.kind for finding in findings()} == {"seal_missing"}
        cursor.execute(
            "UPDATE cms_sealchain SET last_number = 2, "
            "last_digest = (SELECT digest FROM cms_auditseal WHERE number = 2)"
        )
    assert findings() == [], "who also turns the chain back is found by what was printed:"
    with pytest.raises(CommandError):
        verify(f"--expect={printed.number}:{printed.digest}")


@pytest.mark.both
def test_a_changed_seal_and_a_foreign_signature_are_named(school: Organisation) -> None:
    write(school, 2)
    seal_entries(NOW)
    with as_a_dba() as cursor:
        cursor.execute("UPDATE cms_auditseal SET count = 1")
        assert {"seal_changed", "signature_wrong"} <= {finding.kind for finding in findings()}
        cursor.execute("UPDATE cms_auditseal SET count = 4, signature = 'AAAA'")
    assert {finding.kind for finding in findings()} == {"signature_wrong"}


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_audit", *options, stdout=out)
    return out.getvalue()


def test_the_command_says_it_in_words_and_in_json(school: Organisation, small_seals: None) -> None:
    [first, *_others] = write(school, 5)
    seal_entries(NOW)
    write(school, 1)
    assert "2 seals checked; 1 entries are not sealed yet" in verify()
    assert json.loads(verify("--json"))["ok"] is True
    with as_a_dba() as cursor:
        cursor.execute(f"DELETE FROM cms_auditentry WHERE id = '{as_stored(first.pk)}'")
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("verify_audit", "--json", stdout=out)
    assert raised.value.returncode == 1
    answer = json.loads(out.getvalue())
    assert (answer["ok"], answer["count"], answer["unsealed"]) == (False, 1, 1)
    assert answer["findings"][0]["entry"] == str(first.pk)
    tomorrow = timezone.localdate(NOW) + dt.timedelta(days=1)  # the command reads a day as one of here
    assert json.loads(verify("--json", f"--since={tomorrow}"))["seals"] == 0


@pytest.mark.both
def test_the_database_refuses_to_change_a_seal(school: Organisation) -> None:
    write(school)
    seal_entries(NOW)
    for statement in (
        "UPDATE cms_auditseal SET count = 0",
        "DELETE FROM cms_auditseal",
        "UPDATE cms_auditsealentry SET position = 9",
        "DELETE FROM cms_auditsealentry",
    ):
        with (
            pytest.raises(Exception, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_root_is_that_of_rfc_6962() -> None:
    """Three leaves: the first two are paired, the odd one is carried up."""
    leaves = [leaf_hash(bytes([n])) for n in range(3)]
    left = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert root_of(leaves) == hashlib.sha256(b"\x01" + left + leaves[2]).hexdigest()
    assert root_of([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.both
def test_two_sealers_at_once_make_one_chain(run_together: Callable[..., list[Any]], monkeypatch) -> None:
    monkeypatch.setattr(sealing, "SEAL_ENTRIES", 5)
    school = Organisation.objects.create(name="School", short_code="S", region_code="990101000000")
    write(school, 40)
    results = run_together(*[lambda: seal_entries(NOW)] * 3)
    assert all(isinstance(result, int) for result in results), results
    seal_entries(LATER, everything=True)
    numbers = list(AuditSeal.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert AuditSealEntry.objects.count() == AuditEntry.objects.count()
    assert SigningKey.objects.filter(state=SigningKeyState.ACTIVE).count() == 1
    assert findings() == []


def write_and_close(school: Organisation) -> None:
    """Write as another process does, on a connection of its own."""
    write(school)
    connections.close_all()


@pytest.mark.postgresql
def test_no_writer_waits_for_another_nor_for_the_sealer(transactional_db: None) -> None:
    """A holds its transaction open after its entry; B commits meanwhile, and so does a sealer."""
    school = Organisation.objects.create(name="School", short_code="S", region_code="990101000000")
    write(school, 3)
    written, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            audit.record("school.slow", school, by=None, at=NOW)
            written.set()
            go_on.wait(30)
        connections.close_all()

    slow = threading.Thread(target=hold, daemon=True)
    slow.start()
    assert written.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'; SET statement_timeout = '5s'")
    write(school)
    assert seal_entries(NOW) == 4, "what is committed, and nothing of the open transaction"
    with transaction.atomic():
        sealing.SealChain.objects.select_for_update().get(pk=1)  # a sealer in the middle of its work
        done = threading.Thread(target=write_and_close, args=(school,), daemon=True)
        done.start()
        done.join(10)
        assert not done.is_alive(), "a writer waited for the sealer"
    go_on.set()
    slow.join(10)
    seal_entries(LATER)
    late = AuditEntry.objects.get(action="school.slow")
    assert AuditSealEntry.objects.filter(pk=late.pk).exists()
    assert findings() == []


@pytest.mark.both
def test_typed_words_are_kept_apart_and_can_be_erased(school: Organisation) -> None:
    from cms.services.audit_notes import erase_notes, words_of_notes

    [entry] = write(school, reason="张三病了，改期")
    entry.refresh_from_db()
    assert "张三" not in json.dumps(entry.data, ensure_ascii=False)
    assert "张三" not in AuditNote.objects.get().text_token
    assert words_of_notes([entry])[entry.pk, "reason"] == "张三病了，改期"
    seal_entries(NOW)
    assert erase_notes(AuditEntry.objects.filter(pk=entry.pk), by=None, at=LATER) == 1
    assert words_of_notes([entry])[entry.pk, "reason"] is None
    note = AuditNote.objects.get()
    assert (note.salt, note.text_token) == ("", "")
    assert findings() == [], "the entry stands as it was sealed"


@pytest.mark.both
def test_a_note_changed_or_removed_past_the_application_is_named(school: Organisation) -> None:
    from cms.crypto import encrypt_text

    [changed, removed, blanked] = write(school, 3, reason="停电")
    seal_entries(NOW)
    AuditNote.objects.filter(entry_id=changed.pk).update(text_token=encrypt_text("来电"))
    AuditNote.objects.filter(entry_id=removed.pk).delete()
    AuditNote.objects.filter(entry_id=blanked.pk).update(text_token="", salt="", erased_at=NOW)
    assert named() == {("note_changed", str(entry.pk)) for entry in (changed, removed, blanked)}


@pytest.mark.deep
def test_a_hundred_thousand_entries(school: Organisation) -> None:
    import time
    import tracemalloc

    before = AuditEntry.objects.count()
    for _ in range(10):
        with transaction.atomic():
            audit.record_many("school.open", [school] * 10_000, by=None, at=NOW, n=1)
    tracemalloc.start()
    began = time.perf_counter()
    assert seal_entries(NOW) == before + 100_000
    sealed = time.perf_counter()
    assert findings() == []
    checked = time.perf_counter()
    _now, peak = tracemalloc.get_traced_memory()
    print(f"sealed {sealed - began:.1f} s, checked {checked - sealed:.1f} s, peak {peak / 1e6:.0f} MB")
    assert peak < 100e6
