"""Roles are declared in code; each app says what a role may do with its models.

``sync_roles`` writes one group a role, so that Wagtail shows the same rights; a person holds a role
only through a live ``Membership`` (see ``cms.auth.RoleBackend``), never through ``user.groups``.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.registry import Registry


class Role(models.TextChoices):
    """What somebody does for an organisation (design: roles)."""

    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    ORG_ADMIN = "org_admin", _("机构管理员")
    PLANNER = "planner", _("教务")
    CLASS_TEACHER = "class_teacher", _("班主任")
    TRAINER = "trainer", _("讲师")
    ASSESSOR = "assessor", _("考评员")
    INSPECTOR = "inspector", _("巡查员")
    SUBSIDY_OFFICER = "subsidy_officer", _("补贴专员")
    APPROVER = "approver", _("审批人")
    AUDITOR = "auditor", _("审计员")
    COORDINATOR = "coordinator", _("社区协调员")
    EDITOR = "editor", _("网站编辑")


# Roles that see facts by the region written on the fact.
REGION_ROLES = frozenset({Role.INSPECTOR, Role.SUBSIDY_OFFICER, Role.APPROVER, Role.AUDITOR})
# Roles that see what their organisation hosts, employs for or pays for.
ORGANISATION_ROLES = frozenset({Role.ORG_ADMIN, Role.PLANNER, Role.CLASS_TEACHER})
# Roles that work in the back office at /admin/; trainers and coordinators use the plain pages.
BACKOFFICE_ROLES = frozenset(
    {
        Role.SYSTEM_ADMIN,
        Role.ORG_ADMIN,
        Role.PLANNER,
        Role.SUBSIDY_OFFICER,
        Role.APPROVER,
        Role.AUDITOR,
        Role.EDITOR,
    }
)
# Roles of the whole installation, not of one organisation: only the system administrator gives them.
SITE_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.EDITOR})

# Rights over pages: the editor writes and submits, the system administrator publishes and approves.
PAGE_RIGHTS: dict[Role, frozenset[str]] = {
    Role.EDITOR: frozenset({"add_page", "change_page"}),
    Role.SYSTEM_ADMIN: frozenset(
        {"add_page", "change_page", "publish_page", "bulk_delete_page", "lock_page", "unlock_page"}
    ),
}
# Rights over pictures and documents of the site.
COLLECTION_RIGHTS = frozenset(
    f"{verb}_{model}" for model in ("image", "document") for verb in ("add", "change", "choose")
)


def group_name(role: Role) -> str:
    """Return the name of the group that carries a role's rights; it never has members."""
    return f"role:{role}"


# "app_label" -> role -> codenames. Filled by each app's ready(); an unknown codename fails sync_roles.
role_permissions: Registry[dict[Role, frozenset[str]]] = Registry("role_permissions")
