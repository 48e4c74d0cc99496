"""Who may do what to a class by duty: trainer, class teacher, assessor, the organiser's office."""

from __future__ import annotations

from caravan.enums import StaffRole
from caravan.models import ClassStaff, Session, TrainingClass
from cms.models import User
from cms.roles import Role

OFFICE_ROLES = (Role.ORG_ADMIN, Role.PLANNER)


def runs_office_of(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` plans for the organiser of the class."""
    scope = user.scope()
    return scope.everything or training_class.organisation_id in scope.organisations(*OFFICE_ROLES)


def has_duty(user: User, training_class: TrainingClass, *roles: StaffRole) -> bool:
    """Say whether ``user`` holds one of ``roles`` in the class (one query)."""
    return ClassStaff.objects.filter(training_class=training_class, user=user, role__in=roles).exists()


def leads_class(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` is the class teacher or works in the organiser's office: may run and close it."""
    return runs_office_of(user, training_class) or has_duty(user, training_class, StaffRole.CLASS_TEACHER)


def teaches(user: User, session: Session) -> bool:
    """Say whether ``user`` is the trainer of the session: may take its roll."""
    return session.trainer.user_id == user.pk


def may_correct_roll(user: User, session: Session) -> bool:
    """Say whether ``user`` may correct the roll, or mark with a reason in the trainer's place."""
    return teaches(user, session) or leads_class(user, session.training_class)


def may_enter_results(user: User, training_class: TrainingClass) -> bool:
    """Say whether ``user`` is an assessor of the class; who taught it is refused by ``caravan.assessing``."""
    return has_duty(user, training_class, StaffRole.ASSESSOR)
