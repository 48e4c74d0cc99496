"""Who approves what editors submit."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask

from cms.roles import group_name


class RoleApprovalTask(AbstractGroupApprovalTask):
    """Approval by who holds a role now: Wagtail's own task asks ``user.groups``, which nobody here is in."""

    class Meta:
        verbose_name = _("按角色审核")
        verbose_name_plural = _("按角色审核")

    def _user_in_groups(self, user: Any) -> bool:
        held = {group_name(role) for role in user.live_roles()}
        return bool(self.groups.filter(name__in=held).exists())

    @classmethod
    def get_description(cls) -> Any:
        """Say who approves; shown where workflows are set up."""
        return _("由有这个角色的人审核")
