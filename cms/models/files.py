"""Private files with owner, hash and expiry."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import FileKind
from cms.ids import uuid7
from cms.models.organisations import Organisation
from cms.querysets import OwnedQuerySet


def private_storage() -> object:
    """Return the private store; a function, so that migrations do not freeze a path."""
    return storages["private"]


class StoredFile(models.Model):
    """Bytes kept for ever or until ``expires_at``; ``sha256`` is of the plain content."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("类型"), max_length=20, choices=FileKind)
    name = models.CharField(_("文件名"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(max_length=64, db_index=True)
    is_encrypted = models.BooleanField(default=False)
    # Which of FIELD_KEYS encrypted the bytes, so that rotation need not open every file to ask.
    key_id = models.CharField(max_length=8, blank=True, db_index=True)
    content = models.FileField(storage=private_storage, upload_to="%Y/%m", max_length=200)  # type: ignore[arg-type]  # a callable is documented
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="stored_files"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="stored_files"
    )
    created_at = models.DateTimeField(_("保存时间"))
    expires_at = models.DateTimeField(_("到期时间"), null=True, blank=True)

    objects = OwnedQuerySet["StoredFile"].as_manager()

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")

    def __str__(self) -> str:
        return self.name


class FileLink(models.Model):
    """An address under which one account may fetch one private file until a moment; only a digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="links")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    for_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="file_links", verbose_name=_("给谁")
    )
    made_at = models.DateTimeField(_("开出时间"))
    expires_at = models.DateTimeField(_("有效期至"), db_index=True)

    class Meta:
        verbose_name = _("下载链接")
        verbose_name_plural = _("下载链接")

    def __str__(self) -> str:
        return f"{self.file} {self.expires_at:%Y-%m-%d %H:%M}"
