"""Who taught a class may not assess its people (design §9): told to the app that keeps the scores."""

from __future__ import annotations

from django.utils.translation import gettext as _

from caravan.enums import SessionKind, SessionState, StaffRole
from caravan.models import ClassStaff, Session
from cms.models import User
from courses.assessors import conflicts
from courses.models import TrainingRecord

_PREFIX = "class:"


def taught_this_class(user: User, record: TrainingRecord) -> str | None:
    """Return why ``user`` may not score ``record``: taught the class it comes from, or is its trainer."""
    if not record.source.startswith(_PREFIX):
        return None
    return taught_class_no(user, record.source.removeprefix(_PREFIX))


def taught_class_no(user: User, class_no: str) -> str | None:
    """Return why ``user`` may not assess the class, or ``None`` (at most two queries).

    Holding the assessment itself is no teaching.
    """
    sessions = Session.objects.filter(training_class__class_no=class_no, trainer__user=user)
    duties = ClassStaff.objects.filter(training_class__class_no=class_no, user=user, role=StaffRole.TRAINER)
    taught = sessions.exclude(state=SessionState.CANCELLED).exclude(kind=SessionKind.ASSESSMENT)
    if taught.exists() or duties.exists():
        return _("您给这个班上过课，成绩要由别的考评员登记。")
    return None


conflicts.register("taught_this_class", taught_this_class)
