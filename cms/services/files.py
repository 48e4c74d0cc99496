"""Keep and read private files."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import SENSITIVE_FILES, FileKind
from cms.errors import DomainError
from cms.ids import uuid7
from cms.models import Organisation, StoredFile, User


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

    Call it outside a transaction that holds locks: the store may be a network away.
    """
    sensitive = kind in SENSITIVE_FILES
    file = StoredFile(
        id=uuid7(),
        kind=kind,
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        is_encrypted=sensitive,
        created_by=by,
        organisation=organisation,
        created_at=at,
        expires_at=expires_at,
    )
    payload = crypto.encrypt(content) if sensitive else content
    file.content.save(f"{file.id}.bin", ContentFile(payload), save=False)
    file.save(force_insert=True)
    return file


def read_file(file: StoredFile) -> bytes:
    """Return the plain bytes.

    Raises ``DomainError`` ``file_expired`` when they were kept for their time only, ``file_damaged`` when
    they are not those stored.
    """
    if not file.content:
        raise DomainError("file_expired", _("文件的保存期过了，内容已经删除。请重新上传。"))
    with file.content.open("rb") as stream:
        payload = stream.read()
    content = crypto.decrypt(payload) if file.is_encrypted else payload
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DomainError("file_damaged", _("文件与登记的不一致，请联系管理员。"))
    return content


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
            audit.record("file.expire", file, by=None, at=at, sha256=file.sha256)
    return len(gone)


def discard_file(file: StoredFile) -> None:
    """Remove a file that nothing points at, such as the loser's of a race."""
    file.content.delete(save=False)
    file.delete()
