"""Make a backup: the database first, then the files that it names, then the manifest; read it back; rotate."""

from __future__ import annotations

import datetime as dt
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from cms.enums import HeartbeatKind
from cms.operations import heartbeats
from cms.operations.backup.archive import (
    DATABASES,
    PRIVATE,
    PUBLIC,
    ArchiveWriter,
    read_archive,
    write_archive,
)
from cms.operations.backup.databases import database_tool
from cms.operations.backup.errors import BackupError
from cms.operations.backup.manifest import Manifest, key_ids
from cms.operations.version import version

_PREFIX = "caravan-"
_SUFFIXES = (".tar", ".tar.sealed")


@dataclass(frozen=True)
class MadeBackup:
    """The finished archive and what it holds; ``removed`` are older ones that rotation took away."""

    path: Path
    manifest: Manifest
    removed: tuple[Path, ...]


def make_backup(to: Path, *, at: dt.datetime, passphrase: str = "", keep: int = 0) -> MadeBackup:
    """Write an archive into the folder or to the file ``to``, read it back, and note when it was made.

    ``keep`` (with a folder): that many archives stay, the newest first. Raise ``BackupError``; then no
    archive under its final name exists and none was removed.
    """
    target = _target(to, at, sealed=bool(passphrase))
    if keep and target == to:
        raise BackupError("--keep needs a folder in --to.")
    if target.exists():
        raise BackupError(f"{target} exists already.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        try:
            _write(partial, at, passphrase)
            manifest = read_archive(partial, passphrase)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"The archive cannot be written: {error.strerror or error}.") from error
    heartbeats.note(HeartbeatKind.BACKUP, "backup", at)
    return MadeBackup(target, manifest, tuple(_rotate(target, keep)) if keep else ())


def _target(to: Path, at: dt.datetime, *, sealed: bool) -> Path:
    if to.name.endswith(_SUFFIXES) and not to.is_dir():
        return to
    return to / f"{_PREFIX}{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}{_SUFFIXES[sealed]}"


def _write(path: Path, at: dt.datetime, passphrase: str) -> None:
    # The copy of the database is as secret as the archive: same folder, for this user alone.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".caravan-backup-") as scratch:
        copy = Path(scratch) / DATABASES[connection.vendor]
        tables = database_tool(connection.vendor, connection.settings_dict).dump(copy)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with write_archive(file, passphrase) as archive:
                archive.add(copy.name, copy)
                _add_files(archive)
                archive.add_manifest(_manifest(archive, tables, at))
            file.flush()
            os.fsync(file.fileno())


def _add_files(archive: ArchiveWriter) -> None:
    for name, root in ((PUBLIC, settings.MEDIA_ROOT), (PRIVATE, settings.PRIVATE_ROOT)):
        for path in stored_files(Path(root)):
            archive.add(f"{name}/{path.relative_to(root).as_posix()}", path)


def stored_files(root: Path) -> Iterator[Path]:
    """Yield the files below ``root`` in order; what begins with a dot is nobody's upload."""
    if not root.is_dir():
        return
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from stored_files(path)
        elif path.is_file():
            yield path


def _manifest(archive: ArchiveWriter, tables: dict[str, int], at: dt.datetime) -> Manifest:
    applied = MigrationRecorder(connection).applied_migrations()
    return Manifest(
        made_at=at.isoformat(timespec="seconds"),
        versions={
            "caravan": version(),
            "python": platform.python_version(),
            "django": package_version("django"),
            "wagtail": package_version("wagtail"),
            connection.vendor: ".".join(str(part) for part in connection.get_database_version()),
        },
        vendor=connection.vendor,
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        tables=tables,
        entries=archive.entries,
        keys={"FIELD_KEYS": key_ids(settings.FIELD_KEYS), "LOOKUP_KEYS": key_ids(settings.LOOKUP_KEYS)},
    )


def _rotate(newest: Path, keep: int) -> Iterator[Path]:
    archives = sorted(
        (path for path in newest.parent.glob(f"{_PREFIX}*") if path.name.endswith(_SUFFIXES)),
        key=lambda path: path.name,
        reverse=True,
    )
    for path in archives[keep:]:
        path.unlink()
        yield path
