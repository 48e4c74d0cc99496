"""What each role sees of the refresher in the back office, and who keeps its rules."""

from __future__ import annotations

from cms.models import User
from cms.roles import Role

_SEE = frozenset({"view_refresherrule"})
_EXPORT = frozenset({"export_refresher"})

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM_ADMIN: _SEE | _EXPORT | {"add_refresherrule"},
    Role.ORG_ADMIN: _SEE | _EXPORT,
    Role.PLANNER: _SEE | _EXPORT,
    Role.SUBSIDY_OFFICER: _SEE | _EXPORT,
    Role.APPROVER: _SEE,
    Role.AUDITOR: _SEE | _EXPORT,
}
# Who asks when workers are due; whose workers they see is a matter of scope.
DUE_LIST_ROLES = (
    Role.ORG_ADMIN,
    Role.PLANNER,
    Role.SUBSIDY_OFFICER,
    Role.APPROVER,
    Role.AUDITOR,
    Role.INSPECTOR,
)


def can_keep_rules(user: User) -> bool:
    """Say whether ``user`` administers the system."""
    return user.scope().everything
