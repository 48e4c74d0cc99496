"""Keep and read private files."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import SENSITIVE_FILES, FileKind
from cms.errors import DomainError
from cms.ids import uuid7
from cms.models import ImportRow, Organisation, StoredFile, User

# Nobody holds a finished file in hand for so long.
STRAY_AFTER = dt.timedelta(hours=1)
STRAYS_AT_ONCE = 200
_PART = 1024 * 1024


def store_file(
    content: bytes,
    *,
    kind: FileKind,
    name: str,
    content_type: str,
    by: User | None,
    at: dt.datetime,
    organisation: Organisation | None = None,
    expires_at: dt.datetime | None = None,
) -> StoredFile:
    """Write ``content`` to the private store and return its row; sensitive kinds are encrypted there.

    Without ``expires_at`` the bytes are kept as ``FILE_KEEP_DAYS`` says of the kind, else for ever.

    Call it outside a transaction that holds locks: the store may be a network away.
    """
    file = _new_file(kind, name, content_type, by, at, organisation, expires_at)
    file.size, file.sha256 = len(content), hashlib.sha256(content).hexdigest()
    payload = crypto.encrypt(content) if file.is_encrypted else content
    file.content.save(f"{file.id}.bin", ContentFile(payload), save=False)
    file.save(force_insert=True)
    return file


def store_path(
    path: Path,
    *,
    kind: FileKind,
    name: str,
    content_type: str,
    by: User | None,
    at: dt.datetime,
    organisation: Organisation | None = None,
    expires_at: dt.datetime | None = None,
) -> StoredFile:
    """Write the content of the file at ``path`` to the private store as ``store_file`` does, in constant memory.

    A sensitive kind is encrypted in parts of a mebibyte, a token a line.
    """
    file = _new_file(kind, name, content_type, by, at, organisation, expires_at)
    digest = hashlib.sha256()
    with path.open("rb") as source, tempfile.TemporaryFile() as target:
        while part := source.read(_PART):
            digest.update(part)
            file.size += len(part)
            target.write(crypto.encrypt(part) + b"\n" if file.is_encrypted else part)
        file.sha256 = digest.hexdigest()
        target.seek(0)
        file.content.save(f"{file.id}.bin", File(target), save=False)
    file.save(force_insert=True)
    return file


def _new_file(
    kind: FileKind,
    name: str,
    content_type: str,
    by: User | None,
    at: dt.datetime,
    organisation: Organisation | None,
    expires_at: dt.datetime | None,
) -> StoredFile:
    sensitive = kind in SENSITIVE_FILES
    return StoredFile(
        id=uuid7(),
        kind=kind,
        name=name,
        content_type=content_type,
        size=0,
        is_encrypted=sensitive,
        key_id=crypto.field_key_id() if sensitive else "",
        created_by=by,
        organisation=organisation,
        created_at=at,
        expires_at=expires_at or _kept_until(kind, at),
    )


def _kept_until(kind: FileKind, at: dt.datetime) -> dt.datetime | None:
    days = settings.FILE_KEEP_DAYS.get(kind)
    return None if days is None else at + dt.timedelta(days=days)


def read_file(file: StoredFile) -> bytes:
    """Return the plain bytes.

    Raises ``DomainError`` ``file_expired`` when they were kept for their time only, ``file_locked`` when
    no key of ``FIELD_KEYS`` opens them, ``file_damaged`` when they are not those stored.
    """
    return b"".join(_checked(file))


def stream_file(file: StoredFile) -> Iterator[bytes]:
    """Return the plain bytes part by part, in constant memory: read once to be checked, and once more.

    Refuses as ``read_file`` does, before the first part.
    """
    for _part in _checked(file):
        pass
    return _parts(file)


def _checked(file: StoredFile) -> Iterator[bytes]:
    """Yield the parts and refuse, at the latest after the last, what is not the file that was stored."""
    if not file.content:
        raise DomainError("file_expired", _("文件的保存期过了，内容已经删除。请重新上传。"))
    digest = hashlib.sha256()
    try:
        for part in _parts(file):
            digest.update(part)
            yield part
    except ValueError as error:
        raise DomainError("file_locked", _("文件用现有的密钥打不开，请联系管理员。")) from error
    if digest.hexdigest() != file.sha256:
        raise DomainError("file_damaged", _("文件与登记的不一致，请联系管理员。"))


def _parts(file: StoredFile) -> Iterator[bytes]:
    """Yield the plain bytes part by part; raise ``ValueError`` when no key opens one."""
    with file.content.open("rb") as stream:
        if not file.is_encrypted:
            while part := stream.read(_PART):
                yield part
            return
        for line in iter(stream.readline, b""):
            yield crypto.decrypt(line.rstrip(b"\n"))


def expire_files(at: dt.datetime) -> int:
    """Remove the bytes of every file whose time is over; its row stays and says what there was.

    Each file is a transaction of its own; safe to run twice. Return how many went.
    """
    due = StoredFile.objects.filter(expires_at__lte=at).exclude(content="")
    gone = list(due)
    for file in gone:
        # The bytes first: a crash in between leaves a row that the next run finds again.
        file.content.delete(save=False)
        with transaction.atomic():
            StoredFile.objects.filter(pk=file.pk).update(content="")
            # What the dry run kept of wrong cells came out of the file and goes with it.
            ImportRow.objects.filter(upload__file=file).exclude(errors_token="").update(errors_token="")
            audit.record("file.expire", file, by=None, at=at, sha256=file.sha256)
    return len(gone)


def renew_file(file: StoredFile) -> None:
    """Encrypt the bytes with the newest key under a new name; the old ones go after the commit.

    A crash in between leaves bytes that no row names: ``discard_nameless_bytes`` removes them.
    Raises ``ValueError`` when no key opens them.
    """
    old, storage = str(file.content.name), file.content.storage
    with tempfile.TemporaryFile() as target:
        for number, part in enumerate(_parts(file)):
            target.write((b"\n" if number else b"") + crypto.encrypt(part))
        target.seek(0)
        new = storage.save(old, File(target))
    changed = StoredFile.objects.filter(pk=file.pk, content=old).update(
        content=new, key_id=crypto.field_key_id()
    )
    # Whoever was faster keeps theirs.
    transaction.on_commit(lambda: storage.delete(old if changed else new))


def discard_strays(at: dt.datetime) -> int:
    """Remove files that a killed process stored and attached to nothing; return how many."""
    # By the moment in the key (UUIDv7): ``created_at`` is an argument and may tell of an earlier day.
    before = uuid.UUID(int=int((at - STRAY_AFTER).timestamp() * 1000) << 80)
    unused = {f"{relation.name}__isnull": True for relation in StoredFile._meta.related_objects}
    strays = list(StoredFile.objects.filter(pk__lt=before, **unused)[:STRAYS_AT_ONCE])
    for file in strays:
        discard_file(file)
    return len(strays)


def discard_nameless_bytes(at: dt.datetime) -> int:
    """Remove bytes in the private store that no row names, once they are old; return how many."""
    storage = storages["private"]
    gone = 0
    for folder in _folders(storage):
        names = {f"{folder}/{name}" for name in storage.listdir(folder)[1]}
        known = set(
            StoredFile.objects.filter(content__startswith=f"{folder}/").values_list("content", flat=True)
        )
        for name in names - known:
            if storage.get_modified_time(name) < at - STRAY_AFTER:
                storage.delete(name)
                gone += 1
    return gone


def _folders(storage: Storage) -> list[str]:
    """Return the month folders that ``StoredFile.content`` writes to."""
    if not storage.exists(""):
        return []
    years = [year for year in storage.listdir("")[0] if year.isdigit()]
    return [f"{year}/{month}" for year in years for month in storage.listdir(year)[0] if month.isdigit()]


def discard_file(file: StoredFile) -> None:
    """Remove a file that nothing points at, such as the loser's of a race."""
    file.content.delete(save=False)
    file.delete()
