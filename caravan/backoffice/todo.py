"""Classes and filings that wait for somebody."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caravan.enums import ClassState
from caravan.models import ClassFiling, TrainingClass
from cms.backoffice.todo import Todo
from cms.models import User
from cms.roles import Role

_PLANNERS = (Role.PLANNER, Role.ORG_ADMIN)


# A filing wants some days in the office before the first lesson.
_FILING_DAYS = 14


def _classes(state: ClassState, **filters: object) -> str:
    return f"{reverse('classes:index')}?{urlencode({'state': state, **filters})}"


def drafts_to_submit(user: User) -> Todo | None:
    """Classes that begin soon and were not submitted."""
    if not user.live_roles() & set(_PLANNERS):
        return None
    last = timezone.localdate() + dt.timedelta(days=_FILING_DAYS)
    rows = TrainingClass.objects.visible_to(user).filter(state=ClassState.DRAFT, starts_on__lte=last)
    return Todo(
        _("快开班还没报备的班"),
        _("两周内开班，赶紧报备"),
        rows.count(),
        _classes(ClassState.DRAFT, starts_until=last),
    )


def classes_to_start(user: User) -> Todo | None:
    """Classes on file whose first day has come."""
    if not user.live_roles() & set(_PLANNERS):
        return None
    today = timezone.localdate()
    rows = TrainingClass.objects.visible_to(user).filter(state=ClassState.FILED, starts_on__lte=today)
    return Todo(
        _("到日子该开班的班"),
        _("准予备案了，开班日期到了"),
        rows.count(),
        _classes(ClassState.FILED, starts_until=today),
    )


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
