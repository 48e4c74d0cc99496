"""Restore a backup: everything is checked before anything is touched, and compared again afterwards."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from cms.operations.backup.archive import DATABASES, PRIVATE, PUBLIC, read_archive
from cms.operations.backup.databases import USED_TABLES, DatabaseTool, database_tool
from cms.operations.backup.errors import BackupError
from cms.operations.backup.manifest import Manifest, key_ids

Tell = Callable[[str], None]


@dataclass(frozen=True)
class _Folders:
    """One root of files, and the folder inside it where the new ones wait until all are there."""

    root: Path
    staged: Path
    kept: Path

    @classmethod
    def of(cls, root: Path, stamp: str) -> _Folders:
        return cls(root, root / f".restoring-{stamp}", root / f".before-restore-{stamp}")

    def visible(self) -> list[Path]:
        """What is in use: the folders of this and earlier restores begin with a dot."""
        return (
            [one for one in self.root.iterdir() if not one.name.startswith(".")] if self.root.exists() else []
        )


def restore_backup(
    archive: Path,
    *,
    at: dt.datetime,
    passphrase: str = "",
    replace: bool = False,
    without_keys: bool = False,
    tell: Tell = lambda text: None,
) -> Manifest:
    """Put the archive's database and files in place; return its manifest.

    ``replace`` allows for an installation that is in use: its files (and the SQLite file) are kept beside
    the new ones. ``without_keys`` restores although the keys that read it are not here. Raise
    ``BackupError`` before anything is touched when the archive is damaged or does not fit.
    """
    if not archive.is_file():
        raise BackupError(f"There is no file {archive}.")
    tell("Checking the archive …")
    manifest = read_archive(archive, passphrase)
    _refuse_unfit(manifest, without_keys=without_keys)
    config, vendor = dict(connection.settings_dict), connection.vendor
    connections.close_all()
    tool = database_tool(vendor, config)
    stamp = f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    folders = {
        PUBLIC: _Folders.of(Path(settings.MEDIA_ROOT), stamp),
        PRIVATE: _Folders.of(Path(settings.PRIVATE_ROOT), stamp),
    }
    _refuse_used(tool, folders, replace=replace)
    with ExitStack() as scope:
        for one in folders.values():
            one.staged.mkdir(parents=True, mode=0o700)
            scope.callback(shutil.rmtree, one.staged, ignore_errors=True)
        tell("Unpacking …")
        copy = _unpack(archive, passphrase, folders)
        tool.check(copy)
        tell("Loading the database …")
        tool.load(copy, f".before-restore-{stamp}")
        tell("Putting the files in place …")
        for one in folders.values():
            _put_in_place(one)
    tell("Comparing with the manifest …")
    _compare(manifest, tool, folders)
    return manifest


def _refuse_unfit(manifest: Manifest, *, without_keys: bool) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupError(
            f"The archive was made on {manifest.vendor}, DATABASE_URL names {connection.vendor}: "
            "restore it on its own kind of database."
        )
    unknown = sorted(set(manifest.migrations) - _known_migrations())
    if unknown:
        raise BackupError(
            f"The archive comes from a newer version ({manifest.versions.get('caravan')}); "
            f"this one does not know {', '.join(unknown[:3])}. Install that version first."
        )
    if not without_keys and (missing := missing_keys(manifest)):
        raise BackupError(
            f"Keys that read this archive are not set here: {', '.join(missing)}. Put them into FIELD_KEYS and "
            "LOOKUP_KEYS, or restore with --without-keys: numbers and sealed files then stay unreadable."
        )


def _known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    replaced = {key for squashed in loader.replacements.values() for key in squashed.replaces}
    return {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}


def missing_keys(manifest: Manifest) -> list[str]:
    """Name the keys of the archive that these settings lack; the look-up key in use must be the same."""
    here = {"FIELD_KEYS": key_ids(settings.FIELD_KEYS), "LOOKUP_KEYS": key_ids(settings.LOOKUP_KEYS)}
    return [
        f"{name} {one}" for name, ids in manifest.keys.items() for one in ids if one not in here.get(name, [])
    ]


def _refuse_used(tool: DatabaseTool, folders: dict[str, _Folders], *, replace: bool) -> None:
    if users := tool.users():
        raise BackupError(f"Somebody is at work here ({users}). Stop web server, worker and scheduler first.")
    tables = tool.tables()
    if tables and USED_TABLES[0] not in tables:
        raise BackupError(
            "The database holds other tables than ours. Give the restore a database of its own."
        )
    if replace:
        return
    if any(tables.get(name) for name in USED_TABLES):
        raise BackupError("The database is in use. Restore into an empty one, or say --replace.")
    if any(one.visible() for one in folders.values()):
        raise BackupError(
            "MEDIA_ROOT or PRIVATE_ROOT holds files. Restore into empty folders, or say --replace."
        )


def _unpack(archive: Path, passphrase: str, folders: dict[str, _Folders]) -> Path:
    """Unpack beside the places where things belong, so that renaming is all that is left to do."""
    database = folders[PRIVATE].staged / ".database"
    database.mkdir(mode=0o700)

    def receive(name: str, content: IO[bytes]) -> None:
        head, _slash, rest = name.partition("/")
        target = folders[head].staged / rest if rest else database / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(content, file)
        target.chmod(0o644 if head == PUBLIC else 0o600)

    manifest = read_archive(archive, passphrase, receive)
    return database / DATABASES[manifest.vendor]


def _put_in_place(folders: _Folders) -> None:
    old = folders.visible()
    if old:
        folders.kept.mkdir(mode=0o700)
        for one in old:
            one.rename(folders.kept / one.name)
    for one in folders.staged.iterdir():
        if not one.name.startswith("."):
            one.rename(folders.root / one.name)


def _compare(manifest: Manifest, tool: DatabaseTool, folders: dict[str, _Folders]) -> None:
    """What is on disk now against what the manifest promises; a difference here is a fault of the machine."""
    tables = tool.tables()
    wrong = [name for name, rows in manifest.tables.items() if tables.get(name) != rows]
    for entry in manifest.entries:
        head, _slash, rest = entry.name.partition("/")
        if rest and _digest(folders[head].root / rest) != entry.sha256:
            wrong.append(entry.name)
    if wrong:
        raise BackupError(f"After the restore these differ from the manifest: {', '.join(wrong[:5])}.")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
