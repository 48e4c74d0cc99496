"""Keys that sign what this installation says."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.enums import SigningKeyState, SigningKeyStore
from cms.models.organisations import Organisation
from cms.querysets import AdminOnlyQuerySet


class SigningKey(models.Model):
    """An EC P-256 key of an organisation, or of the installation itself where there is none.

    A row is never removed: what was signed stays verifiable after the key is retired.
    """

    kid = models.CharField(_("密钥编号"), max_length=43, unique=True)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("签发机构"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signing_keys",
    )
    public_jwk = models.JSONField(_("公钥"))
    store = models.CharField(_("私钥存放"), max_length=12, choices=SigningKeyStore.choices)
    private_token = models.TextField(blank=True, editable=False)
    state = models.CharField(
        _("状态"), max_length=10, choices=SigningKeyState.choices, default=SigningKeyState.MADE
    )
    made_at = models.DateTimeField(_("生成时间"))
    valid_from = models.DateTimeField(_("启用时间"), null=True, blank=True)
    valid_until = models.DateTimeField(_("停用时间"), null=True, blank=True)
    distrusted_from = models.DateTimeField(_("从此不可信"), null=True, blank=True)

    objects = AdminOnlyQuerySet["SigningKey"].as_manager()

    class Meta:
        verbose_name = _("签名密钥")
        verbose_name_plural = _("签名密钥")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state="active"), name="cms_key_active_organisation"
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="active", organisation__isnull=True),
                name="cms_key_active_installation",
            ),
        ]

    def __str__(self) -> str:
        return self.kid[:8]

    @property
    def audit_label(self) -> str:
        """Name the key in the audit log."""
        return self.kid[:8]
