"""Who holds which role, for which organisation, where and until when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.organisations import Organisation
from cms.models.regions import Region
from cms.querysets import MembershipQuerySet
from cms.roles import Role


class Membership(models.Model):
    """A role held by a user for an organisation; region roles name their regions."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("账号"), on_delete=models.PROTECT, related_name="memberships"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(_("角色"), max_length=30, choices=Role)
    regions = models.ManyToManyField(
        Region, verbose_name=_("管辖地区"), blank=True, related_name="memberships"
    )
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = MembershipQuerySet["Membership"].as_manager()

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role", "valid_from"], name="cms_membership_once"
            ),
            # An auditor's grant always ends (design §9).
            models.CheckConstraint(
                condition=~models.Q(role=Role.AUDITOR) | models.Q(valid_until__isnull=False),
                name="cms_membership_auditor_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"
