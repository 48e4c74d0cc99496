"""Links to private files: for one account, until a moment, each use on record."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.crypto import lookup_digest, lookup_digests
from cms.errors import DomainError
from cms.models import FileLink, StoredFile, User
from cms.registry import Registry
from cms.services.files import stream_file

# File kind -> may this user still have this file? Without one: who sees the row.
file_doors: Registry[Callable[[User, StoredFile], bool]] = Registry("file_doors")


def make_link(file: StoredFile, *, for_user: User, at: dt.datetime) -> str:
    """Return the code of a new link for ``for_user``, good for ``FILE_LINK_HOURS``; the caller has checked why."""
    code = secrets.token_urlsafe(24)
    FileLink.objects.create(
        file=file,
        code_digest=lookup_digest("file-link", code),
        for_user=for_user,
        made_at=at,
        expires_at=at + dt.timedelta(hours=settings.FILE_LINK_HOURS),
    )
    return code


def open_link(code: str, *, by: User, at: dt.datetime) -> tuple[StoredFile, Iterator[bytes]]:
    """Return the file of ``code`` with its bytes part by part, and put it on record.

    Raises ``FileLink.DoesNotExist`` for an unknown code, another account, or one whose rights ended
    since: all look absent. ``DomainError`` ``link_expired`` tells its owner to ask again; and the
    refusals of ``stream_file``.
    """
    digests = lookup_digests("file-link", code).values()
    link = FileLink.objects.select_related("file").get(code_digest__in=digests, for_user=by)
    if not _may_have(by, link.file):
        raise FileLink.DoesNotExist
    if link.expires_at <= at:
        raise DomainError("link_expired", _("这个下载链接已经过期。请回到原来的页面重新下载。"))
    content = stream_file(link.file)
    with transaction.atomic():
        audit.record("file.download", link.file, by=by, at=at, sha256=link.file.sha256, link=str(link.pk))
    return link.file, content


def _may_have(user: User, file: StoredFile) -> bool:
    if file.kind in file_doors:
        return file_doors.get(file.kind)(user, file)
    return StoredFile.objects.visible_to(user).filter(pk=file.pk).exists()


def forget_links(at: dt.datetime) -> int:
    """Remove links that ended a week ago: until then their owner is told why. Return how many."""
    return FileLink.objects.filter(expires_at__lt=at - dt.timedelta(days=7)).delete()[0]
