"""Who may issue, reissue and revoke, and what each role sees of certificates in the back office."""

from __future__ import annotations

from caravan.duties import OFFICE_ROLES, runs_office_of
from caravan.models import TrainingClass
from certificates.issuing.models import Certificate
from cms.models import User
from cms.roles import Role

_SEE = frozenset({"view_certificate"})
_OFFICE = _SEE | {"view_certificatedesign"}

_EXPORT = frozenset({"export_certificate"})

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM_ADMIN: _OFFICE | _EXPORT,
    Role.ORG_ADMIN: _OFFICE | _EXPORT,
    Role.PLANNER: _OFFICE | _EXPORT,
    Role.SUBSIDY_OFFICER: _SEE | _EXPORT,
    Role.APPROVER: _SEE,
    Role.AUDITOR: _SEE | _EXPORT,
}


def can_issue(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` works in the office of the class's organiser."""
    return runs_office_of(user, training_class)


def runs_issuer(user: User, certificate: Certificate) -> bool:
    """Say whether ``user`` works in the issuer's office, or administers the system."""
    scope = user.scope()
    return scope.everything or certificate.organisation_id in scope.organisations(*OFFICE_ROLES)
