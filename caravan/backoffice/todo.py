"""Classes and filings that wait for somebody."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caravan.enums import ClassState
from caravan.models import ClassFiling, TrainingClass
from cms.backoffice.todo import Todo
from cms.models import User
from cms.roles import Role

_PLANNERS = (Role.PLANNER, Role.ORG_ADMIN)


def _classes(state: ClassState) -> str:
    return f"{reverse('classes:index')}?state={state}"


def filings_to_answer(user: User) -> Todo | None:
    """Filings of the officer's regions that have no answer."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    # A class that was cancelled in between asks for no answer.
    count = (
        ClassFiling.objects.visible_to(user)
        .filter(decision="", training_class__state=ClassState.SUBMITTED)
        .count()
    )
    return Todo(_("待答复的开班备案"), _("看材料，准予备案或者退回修改"), count, reverse("filings:index"))


def classes_returned(user: User) -> Todo | None:
    """Classes the office sent back."""
    if not user.live_roles() & set(_PLANNERS):
        return None
    count = TrainingClass.objects.visible_to(user).filter(state=ClassState.RETURNED).count()
    return Todo(_("被退回的班"), _("照退回意见改好，再报一次"), count, _classes(ClassState.RETURNED))


def classes_to_close(user: User) -> Todo | None:
    """Classes that have been taught and examined."""
    if not user.live_roles() & set(_PLANNERS):
        return None
    rows = TrainingClass.objects.visible_to(user).filter(
        state=ClassState.ASSESSING, ends_on__lte=timezone.localdate()
    )
    return Todo(_("待结业的班"), _("成绩齐了就可以结业"), rows.count(), _classes(ClassState.ASSESSING))
