"""Codes that prove who signs in, and the table of the shared cache."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import CodePurpose
from cms.ids import uuid7
from cms.models.people import Person


class SignInCode(models.Model):
    """A short code for one use: sent to a phone or address, or handed over on paper.

    Only the keyed digest is kept. A code asked for with an unknown phone has no ``user``: it fails like a
    wrong one, so that nobody learns which phones are known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(_("用途"), max_length=20, choices=CodePurpose)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        on_delete=models.CASCADE,
        null=True,
        related_name="sign_in_codes",
    )
    # Whom a code for binding would bind; empty when what was typed fits nobody: it fails like a wrong one.
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    code_digest = models.CharField(max_length=64, db_index=True)
    made_at = models.DateTimeField(_("时间"))
    expires_at = models.DateTimeField(_("有效期至"), db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(_("使用时间"), null=True)

    class Meta:
        verbose_name = _("登录码")
        verbose_name_plural = _("登录码")


class CacheRow(models.Model):
    """One entry of the cache ``shared`` without Redis; the columns are those of Django's database cache."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cms_cache"
