"""The archive itself: a tar that is written and read in one stream, plain or sealed, manifest last."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from cms.operations.backup import manifest as manifests
from cms.operations.backup.errors import BackupError
from cms.operations.backup.manifest import Entry, Manifest
from cms.operations.backup.sealing import MAGIC, SealedReader, SealingWriter

PUBLIC, PRIVATE = "public", "private"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
_BLOCK = 1024 * 1024
_MANIFEST_LIMIT = 512 * 1024 * 1024

# Takes a member's name and bytes while it is read; the bytes need not be read to their end.
Receive = Callable[[str, IO[bytes]], None]


class _Hashing:
    """Reads another file and remembers the digest and length of what went through."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        self.size += len(data)
        return data

    def digest(self) -> str:
        return self._digest.hexdigest()

    def exhaust(self) -> str:
        while self.read(_BLOCK):
            pass
        return self._digest.hexdigest()


class ArchiveWriter:
    """Adds files to an archive and keeps the entries of its manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.entries: list[Entry] = []

    def add(self, name: str, path: Path) -> bool:
        """Add the file at ``path``; return ``False`` if it is gone: files expire while a backup runs."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            info = tarfile.TarInfo(name)
            info.size = file.seek(0, io.SEEK_END)
            info.mtime = int(path.stat().st_mtime)
            info.mode = 0o600
            file.seek(0)
            hashing = _Hashing(file)
            self._tar.addfile(info, cast("IO[bytes]", hashing))
        self.entries.append(Entry(name, info.size, hashing.digest()))
        return True

    def add_manifest(self, manifest: Manifest) -> None:
        """Close the list."""
        data = manifest.to_bytes()
        info = tarfile.TarInfo(manifests.NAME)
        info.size, info.mode = len(data), 0o600
        self._tar.addfile(info, io.BytesIO(data))


@contextmanager
def write_archive(file: IO[bytes], passphrase: str) -> Iterator[ArchiveWriter]:
    """Yield a writer into ``file``; sealed if there is a passphrase."""
    sealing = SealingWriter(file, passphrase) if passphrase else None
    target = cast("IO[bytes]", sealing) if sealing else file
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        yield ArchiveWriter(tar)
    if sealing:
        sealing.close()


def is_sealed(path: Path) -> bool:
    """Say whether the archive needs a passphrase."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_archive(path: Path, passphrase: str, receive: Receive | None = None) -> Manifest:
    """Read the whole archive, compare it with its manifest, and return that.

    ``receive`` sees each file as it passes. Raise ``BackupError`` when anything is damaged, missing or added.
    """
    try:
        with path.open("rb") as file:
            source: Any = _opened(file, path, passphrase)
            manifest, found = _read_members(source, receive)
            while source.read(_BLOCK):  # the end of a sealed archive proves that nothing is cut off
                pass
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path.name} is damaged or is no backup: {error}.") from error
    if manifest is None:
        raise BackupError(f"{path.name} has no manifest: it is cut off, or no backup of ours.")
    _compare(manifest, found)
    return manifest


def _opened(file: IO[bytes], path: Path, passphrase: str) -> Any:
    if not is_sealed(path):
        return file
    if not passphrase:
        raise BackupError(f"{path.name} is sealed: give its passphrase with --passphrase-file.")
    return SealedReader(file, passphrase)


def _read_members(source: Any, receive: Receive | None) -> tuple[Manifest | None, dict[str, Entry]]:
    found: dict[str, Entry] = {}
    manifest = None
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or manifest is not None or member.name in found:
                raise BackupError(f"The archive holds something that no backup of ours has: {member.name!r}.")
            if member.name == manifests.NAME:
                if member.size > _MANIFEST_LIMIT:
                    raise BackupError("The manifest of the archive cannot be read.")
                manifest = Manifest.from_bytes(content.read())
                continue
            _refuse_strange_name(member.name)
            hashing = _Hashing(content)
            if receive is not None:
                receive(member.name, cast("IO[bytes]", hashing))
            found[member.name] = Entry(member.name, member.size, hashing.exhaust())
    return manifest, found


def _refuse_strange_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    known = name in DATABASES.values() or (len(parts) > 1 and parts[0] in {PUBLIC, PRIVATE})
    if not known or ".." in parts or "\\" in name or "\0" in name or name != "/".join(parts):
        raise BackupError(f"The archive names a file outside of its folders: {name!r}.")


def _compare(manifest: Manifest, found: dict[str, Entry]) -> None:
    promised = {entry.name: entry for entry in manifest.entries}
    wrong = [name for name in promised.keys() | found.keys() if promised.get(name) != found.get(name)]
    if wrong:
        shown = ", ".join(sorted(wrong)[:5])
        raise BackupError(f"{len(wrong)} files differ from the manifest: {shown}.")
    if DATABASES.get(manifest.vendor) not in found:
        raise BackupError("The archive holds no database.")
