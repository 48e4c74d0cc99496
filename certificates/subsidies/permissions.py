"""Who may submit, review, approve, export, record payments and see money come back."""

from __future__ import annotations

from certificates.subsidies.models import Claim
from cms.models import Organisation, User
from cms.roles import Role

_READ = frozenset({"view_claim", "view_subsidyscheme"})
_OFFICE = _READ | {"view_claimbatch"}

_EXPORT = frozenset({"export_claim"})

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM_ADMIN: _OFFICE | _EXPORT,
    Role.ORG_ADMIN: _READ | _EXPORT,
    Role.PLANNER: _READ,
    Role.SUBSIDY_OFFICER: _OFFICE | _EXPORT,
    Role.APPROVER: _OFFICE | _EXPORT,
    Role.AUDITOR: _OFFICE | _EXPORT,
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


def can_record_payments(user: User, region_code: str) -> bool:
    """The region's subsidy officer; of these, who neither handed the claim in nor decided it."""
    return user.scope().covers(region_code, Role.SUBSIDY_OFFICER)


def can_recover(user: User, claim: Claim) -> bool:
    """The region's approver opens a recovery and writes off; the officer keeps the rest of its ledger."""
    return can_approve(user, claim)


def can_keep_ledger(user: User, claim: Claim) -> bool:
    """The region's subsidy officer: notices and money that came back."""
    return can_record_payments(user, claim.region_code)
