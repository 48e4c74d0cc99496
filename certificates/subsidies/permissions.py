"""Who may submit, review, approve and export."""

from __future__ import annotations

from certificates.subsidies.models import Claim
from cms.models import Organisation, User
from cms.roles import Role

_READ = frozenset({"view_claim", "view_subsidyscheme"})
_OFFICE = _READ | {"view_claimbatch"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM_ADMIN: _OFFICE,
    Role.ORG_ADMIN: _READ,
    Role.PLANNER: _READ,
    Role.SUBSIDY_OFFICER: _OFFICE,
    Role.APPROVER: _OFFICE,
    Role.AUDITOR: _OFFICE,
}


def can_submit(user: User, organisation: Organisation) -> bool:
    """Office staff of the organisation."""
    return organisation.pk in user.scope().organisations(Role.ORG_ADMIN, Role.PLANNER)


def can_review(user: User, claim: Claim) -> bool:
    """The region's subsidy officer or approver."""
    return user.scope().covers(claim.region_code, Role.SUBSIDY_OFFICER, Role.APPROVER)


def can_approve(user: User, claim: Claim) -> bool:
    """The region's approver."""
    return user.scope().covers(claim.region_code, Role.APPROVER)


def can_export(user: User, region_code: str) -> bool:
    """The region's subsidy officer."""
    return user.scope().covers(region_code, Role.SUBSIDY_OFFICER)
