"""Backup and restore: a drill on both databases, and archives that are refused before anything is touched."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from psycopg import sql

from certificates.issuing.services.issuing import issue_certificate, render_and_store
from cms.enums import HeartbeatKind
from cms.models import AuditEntry, Heartbeat, StoredFile
from cms.operations.backup import BackupError, make_backup, restore_backup
from cms.operations.backup.archive import read_archive
from cms.operations.backup.manifest import Entry, Manifest
from cms.operations.backup.sealing import SealedReader, SealingWriter
from tests.certificates.issuing_world import AT, make_world
from tests.harness.database import test_database_url
from tests.harness.demo import embedded_environment
from tests.harness.migrated import ROOT

PASSPHRASE = "five plain words in order"
NOW = dt.datetime(2026, 3, 14, 9, 0, tzinfo=dt.UTC)

# Runs in the restored installation, a process of its own.
_LOOK = """
import hashlib, json, sys
import django; django.setup()
from django.core.management import call_command
call_command("restore", "--from", sys.argv[1], "--passphrase-file", sys.argv[2])
from django.test import Client
from django.db import DatabaseError, connection, transaction
from cms.models import AuditEntry, StoredFile
from cms.services.files import read_file
page = Client().get(f"/v/{sys.argv[3]}/").content.decode()
try:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cms_auditentry")
    guarded = False
except DatabaseError:
    guarded = True
print("LOOK" + json.dumps({
    "valid": "证书有效" in page,
    "files": {str(one.pk): hashlib.sha256(read_file(one)).hexdigest() for one in StoredFile.objects.all()},
    "audit": sorted(AuditEntry.objects.values_list("digest", flat=True)),
    "guarded": guarded,
}))
"""


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[str]:
    """The URL of a new database of the kind that the test runs on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'restored.sqlite3'}"
        return
    server = test_database_url().rsplit("/", 1)[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        drop = sql.SQL("DROP DATABASE IF EXISTS restored WITH (FORCE)")
        admin.execute(drop)
        admin.execute("CREATE DATABASE restored")
        yield f"{server}/restored"
        admin.execute(drop)


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    """A folder of public files that belongs to this test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_restored_office_has_the_same_records_files_and_certificates(
    folders: Path, empty_database: str
) -> None:
    world = make_world()
    certificate = issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)
    render_and_store(certificate, AT)
    certificate.refresh_from_db()
    assert certificate.file_id
    (folders / "media" / "图片").mkdir(parents=True)
    (folders / "media" / "图片" / "照片 一.jpg").write_bytes(os.urandom(3_000_000))
    made = make_backup(folders / "archives", at=NOW, passphrase=PASSPHRASE)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert Heartbeat.objects.get(kind=HeartbeatKind.BACKUP).at == NOW
    content = made.path.read_bytes()
    assert "王桂花".encode() not in content
    assert not any(key.encode() in content for key in (*settings.FIELD_KEYS, *settings.LOOKUP_KEYS))

    passphrase = folders / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    new = folders / "new"
    env = embedded_environment(new) | {
        "DATABASE_URL": empty_database,
        "SECRET_KEY": "another " * 10,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "LOOKUP_KEYS": ",".join(settings.LOOKUP_KEYS),
    }
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(made.path), str(passphrase), certificate.token],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    look = json.loads(done.stdout.split("LOOK")[1])
    assert (look["valid"], look["guarded"]) == (True, True)
    assert look["files"] == {str(one.pk): one.sha256 for one in StoredFile.objects.all()}
    assert look["audit"] == sorted(AuditEntry.objects.values_list("digest", flat=True))
    assert digests(new / "media") == digests(folders / "media")
    private = digests(Path(settings.PRIVATE_ROOT))
    assert certificate.file.content.name in private
    assert digests(new / "private") == private

    # This installation is in use: nothing of it may be touched.
    before = digests(folders / "media")
    with pytest.raises(BackupError, match=r"in use|at work"):
        restore_backup(made.path, at=NOW, passphrase=PASSPHRASE)
    assert digests(folders / "media") == before


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# Archives that are refused ----------------------------------------------------


@pytest.fixture
def archive(db: None, folders: Path, settings: Any) -> Path:
    """A plain archive of an empty office with one private file."""
    if connection.vendor != "sqlite":
        pytest.skip("what is in an archive is the same on both")
    settings.PRIVATE_ROOT = folders / "private"
    settings.PRIVATE_ROOT.mkdir()
    (folders / "private" / "kept.pdf").write_bytes(b"%PDF kept")
    return make_backup(folders / "archive.tar", at=NOW).path


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if a restore goes further than reading."""

    def too_far(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the restore touched something")

    monkeypatch.setattr("cms.operations.backup.restoring.database_tool", too_far)


@pytest.mark.parametrize("where", [0.1, 0.5, 0.999])
def test_a_changed_byte_or_a_missing_end_is_refused(archive: Path, untouched: None, where: float) -> None:
    content = bytearray(archive.read_bytes())
    names = content.find(b"%PDF kept")
    place = names if where == 0.5 else int(names * where)
    content[place] ^= 1
    archive.write_bytes(content if where != 0.999 else content[: names + 512])
    with pytest.raises(BackupError, match=r"differ|damaged|manifest|no backup"):
        restore_backup(archive, at=NOW)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "private/../../evil", "elsewhere/evil", "public"])
def test_a_name_that_leads_elsewhere_is_refused(archive: Path, untouched: None, name: str) -> None:
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(BackupError, match="outside of its folders"):
        restore_backup(archive, at=NOW)


def test_a_link_in_an_archive_is_refused(archive: Path, untouched: None) -> None:
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo("private/link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(BackupError, match="no backup of ours has"):
        restore_backup(archive, at=NOW)


def test_what_does_not_fit_is_refused_with_the_reason(archive: Path, untouched: None, settings: Any) -> None:
    from cms.operations.backup import restoring

    manifest = read_archive(archive, "")
    for changes, said in (
        ({"vendor": "postgresql"}, "made on postgresql"),
        ({"migrations": [*manifest.migrations, "cms.9999_later"]}, "newer version"),
    ):
        with pytest.raises(BackupError, match=said):
            restoring._refuse_unfit(replace(manifest, **changes), without_keys=False)
    with pytest.raises(BackupError, match="form 2"):
        Manifest.from_bytes(replace(manifest, format=2).to_bytes())
    settings.FIELD_KEYS = ["another"]
    with pytest.raises(BackupError, match=f"FIELD_KEYS {manifest.keys['FIELD_KEYS'][0]}"):
        restore_backup(archive, at=NOW)


def test_the_last_archives_are_kept_and_a_failed_one_leaves_nothing(
    db: None, folders: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_ROOT = folders / "private"
    if connection.vendor != "sqlite":
        pytest.skip("rotation does not know the database")
    place = folders / "archives"
    place.mkdir()
    (place / "caravan-notes.txt").write_text("mine")
    made = [make_backup(place, at=NOW + dt.timedelta(days=day), keep=2) for day in range(3)]
    assert [one.name for one in made[-1].removed] == ["caravan-20260314T090000Z.tar"]
    assert len(list(place.iterdir())) == 3

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cms.operations.backup.making._add_files", full)
    with pytest.raises(BackupError, match="No space left"):
        make_backup(place, at=timezone.now(), keep=1)
    assert len(list(place.iterdir())) == 3


def test_a_sealed_stream_opens_only_whole_and_with_its_passphrase() -> None:
    plain = os.urandom(2_500_000)
    sealed = io.BytesIO()
    writer = SealingWriter(sealed, PASSPHRASE)
    for start in range(0, len(plain), 70_001):
        writer.write(plain[start : start + 70_001])
    writer.close()
    content = sealed.getvalue()
    reader = SealedReader(io.BytesIO(content), PASSPHRASE)
    assert b"".join(iter(lambda: reader.read(9_999), b"")) == plain
    chunk = 1024 * 1024 + 16
    head = len(content) - (2 * chunk + (len(plain) - 2 * 1024 * 1024) + 16)
    swapped = content[:head] + content[head + chunk : head + 2 * chunk] + content[head : head + chunk]
    for bad, passphrase in (
        (content, "another"),
        (content[: head + 2 * chunk], PASSPHRASE),  # cut off between two chunks
        (content[:-1], PASSPHRASE),
        (swapped + content[head + 2 * chunk :], PASSPHRASE),
    ):
        with pytest.raises(BackupError, match="damaged or cut off"):
            SealedReader(io.BytesIO(bad), passphrase).read()


def test_the_commands_ask_and_refuse_in_words(archive: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", "--from", str(archive), "--replace")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", "--from", str(archive.with_name("none.tar")))
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", "--to", str(archive))
    call_command("backup", "--to", str(archive.with_name("two.tar")))
    said = capsys.readouterr().out
    assert "keys are NOT in it" in said
    assert "Not sealed" in said
    assert (
        Entry("private/kept.pdf", 9, hashlib.sha256(b"%PDF kept").hexdigest())
        in read_archive(archive, "").entries
    )
