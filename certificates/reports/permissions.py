"""Who opens the reports; whose figures they hold is a matter of scope."""

from __future__ import annotations

from cms.roles import Role

REPORT_ROLES = (Role.ORG_ADMIN, Role.PLANNER, Role.SUBSIDY_OFFICER, Role.APPROVER, Role.AUDITOR)
