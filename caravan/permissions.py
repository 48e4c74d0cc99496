"""What each role may do with the caravan's models; rows are narrowed by ``visible_to`` and ``caravan.duties``."""

from __future__ import annotations

from typing import Any

from caravan.duties import has_duty, leads_class, runs_office_of
from caravan.enums import PLANNABLE, ClassState, SessionState, StaffRole
from caravan.models import ClassFiling, Session, TrainingClass
from caravan.services.filing import DECIDING_ROLES
from cms.models import Organisation, User
from cms.roles import Role

_RULES = ("enrolmentrule", "attendancerule", "dayhoursrule")
_READ = frozenset({"view_tour", "view_stop", "view_venue", "view_trainingclass", "view_classfiling"}) | {
    f"view_{model}" for model in _RULES
}
_PLAN = _READ | {
    f"{verb}_{model}"
    for verb in ("view", "add", "change")
    for model in ("tour", "stop", "venue", "vehicle", "kit", "trainerprofile", "trainingclass")
}
_DECIDE = _READ | {"change_classfiling"}

_EXPORT = frozenset({"export_trainingclass", "export_enrolment"})

ROLE_PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM_ADMIN: _PLAN | _EXPORT | {f"add_{model}" for model in _RULES},
    Role.ORG_ADMIN: _PLAN | _EXPORT,
    Role.PLANNER: _PLAN | _EXPORT,
    Role.SUBSIDY_OFFICER: _DECIDE | _EXPORT,
    Role.APPROVER: _DECIDE,
    Role.AUDITOR: _READ | _EXPORT,
}

PLANNING_ROLES = (Role.ORG_ADMIN, Role.PLANNER)
# Whose pages of the field, the rolls among them, open.
FIELD_ROLES = (Role.TRAINER, Role.CLASS_TEACHER, Role.PLANNER, Role.ORG_ADMIN)


def planning_organisations(user: User) -> list[Organisation]:
    """Return the organisations for which ``user`` may plan, by name (one query)."""
    rows = Organisation.objects.order_by("name")
    scope = user.scope()
    return list(rows if scope.everything else rows.filter(pk__in=scope.organisations(*PLANNING_ROLES)))


def can_plan_class(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` may change the plan of the class now."""
    return training_class.state in PLANNABLE and runs_office_of(user, training_class)


def can_answer_filing(user: User, filing: ClassFiling) -> bool:
    """Say whether ``user`` may accept or return the filing: the region's officer, never the submitter."""
    return (
        not filing.decision
        and filing.training_class.state == ClassState.SUBMITTED
        and filing.submitted_by_id != user.pk
        and user.scope().covers(filing.training_class.region_code, *DECIDING_ROLES)
    )


DESK_ROLES = (Role.TRAINER, Role.CLASS_TEACHER, Role.ASSESSOR)


def works_at_desk(user: Any) -> bool:
    """Say whether the trainer's desk is for ``user``: no query for anonymous visitors."""
    return bool(user.is_authenticated) and bool(user.live_roles() & set(DESK_ROLES))


def coordinates(user: Any) -> bool:
    """Say whether the community's desk is for ``user``: no query for anonymous visitors."""
    return bool(user.is_authenticated) and Role.COORDINATOR in user.live_roles()


def can_schedule(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` may add sessions now: a trainer of the class, its class teacher, the office."""
    return training_class.state in PLANNABLE and (
        leads_class(user, training_class) or has_duty(user, training_class, StaffRole.TRAINER)
    )


def can_move_session(user: User, session: Session, training_class: TrainingClass) -> bool:
    """Say whether ``user`` may move the session now: who teaches it, or who leads the class."""
    return (
        session.state == SessionState.PLANNED
        and training_class.state in PLANNABLE
        and (session.trainer.user_id == user.pk or leads_class(user, training_class))
    )
