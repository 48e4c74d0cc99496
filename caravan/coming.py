"""What who-came registers with the apps below: colours of its states, the trainee's panels, menu entries."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from caravan.backoffice.class_panels import class_panels
from caravan.backoffice.enrolments import EnrolmentsPanel
from caravan.enums import EnrolmentState, Mark
from caravan.learner_panels import Awaiting, MyClasses, NextClass
from cms.backoffice.panels import learner_panels
from cms.models import User
from cms.navigation import MenuEntry, Visitor, public_menu, work_menu
from cms.roles import Role
from cms.ui import register_state_colours


def takes_rolls(user: Visitor) -> bool:
    """Say whether the field page is for this visitor."""
    return isinstance(user, User) and user.has_role(Role.TRAINER, Role.CLASS_TEACHER)


register_state_colours(
    EnrolmentState,
    {
        EnrolmentState.REQUESTED: "info",
        EnrolmentState.WAITING: "warn",
        EnrolmentState.OFFERED: "warn",
        EnrolmentState.ENROLLED: "info",
        EnrolmentState.REJECTED: "bad",
        EnrolmentState.NO_SHOW: "bad",
        EnrolmentState.COMPLETED: "good",
        EnrolmentState.NOT_COMPLETED: "bad",
    },
)
register_state_colours(
    Mark,
    {
        Mark.PRESENT: "good",
        Mark.LATE: "warn",
        Mark.LEFT_EARLY: "warn",
        Mark.LEAVE: "info",
        Mark.ABSENT: "bad",
    },
)

for panel in (Awaiting(), NextClass(), MyClasses()):
    learner_panels.register(panel.name, panel)

class_panels.register("enrolments", EnrolmentsPanel())

_field = MenuEntry(
    _("点名"),
    url_name="caravan:field",
    order=5,
    icon="check",
    line=_("今天的课，一个一个点"),
    is_shown=takes_rolls,
)
public_menu.register("field", _field)
work_menu.register("field", _field)
