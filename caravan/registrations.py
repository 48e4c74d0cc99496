"""What this app registers with the apps below: roles, panels, job kinds. Imported once from ready()."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from caravan import (  # noqa: F401  each registers by import
    assessing,
    audit_words,
    coming,
    exports,
    merging,
    message_kinds,
    my_data,
)
from caravan.backoffice import histories, todo  # noqa: F401  registered by import
from caravan.backoffice.class_panels import class_panels
from caravan.enums import ClassState, FilingDecision, SessionState, StopState
from caravan.models import Stop, TrainingClass
from caravan.panels import NextClasses, NextStops, next_class_starts
from caravan.permissions import ROLE_PERMISSIONS, coordinates, works_at_desk
from cms.backoffice.panels import places, public_panels
from cms.backoffice.todo import todos
from cms.navigation import MenuEntry, public_menu, work_menu
from cms.roles import role_permissions
from cms.services.successions import region_contents, rows_in_region
from cms.ui import register_state_colours
from courses.panels import course_panels, next_starts

role_permissions.register("caravan", ROLE_PERMISSIONS)

register_state_colours(
    ClassState,
    {
        ClassState.SUBMITTED: "info",
        ClassState.RETURNED: "bad",
        ClassState.FILED: "info",
        ClassState.RUNNING: "info",
        ClassState.ASSESSING: "warn",
        ClassState.CLOSED: "good",
        ClassState.CANCELLED: "bad",
    },
)
register_state_colours(SessionState, {SessionState.PLANNED: "info", SessionState.HELD: "good"})
register_state_colours(StopState, {StopState.PLANNED: "info", StopState.CANCELLED: "bad"})
register_state_colours(FilingDecision, {FilingDecision.ACCEPTED: "good", FilingDecision.RETURNED: "bad"})

places.register("class", class_panels)
public_panels.register("next_stops", NextStops())
course_panels.register("next_classes", NextClasses())
next_starts.register("caravan", next_class_starts)

public_menu.register(
    "stops",
    MenuEntry(
        _("大篷车去哪儿"), path="/stops/", order=15, icon="location", line=_("看哪天到您附近，还有没有名额")
    ),
)
public_menu.register(
    "schedule",
    MenuEntry(_("课表"), path="/schedule/", order=20, icon="calendar", line=_("这两周哪天在哪儿上课")),
)
public_menu.register(
    "teach",
    MenuEntry(
        _("讲师工作台"), url_name="caravan:teach", order=40, icon="notebook", line=_("排课、改时间、看我的班"),
        is_shown=works_at_desk,
    ),
)  # fmt: skip
public_menu.register(
    "community",
    MenuEntry(
        _("社区工作台"), url_name="caravan:community", order=45, icon="people",
        line=_("给我帮忙的人开凭条"), is_shown=coordinates,
    ),
)  # fmt: skip
work_menu.register(
    "teach",
    MenuEntry(_("我的课"), url_name="caravan:teach", order=10, icon="calendar", is_shown=works_at_desk),
)
work_menu.register(
    "teach_classes",
    MenuEntry(_("我的班"), url_name="caravan:teach_classes", order=20, icon="people", is_shown=works_at_desk),
)

region_contents.register("classes", rows_in_region(TrainingClass))
region_contents.register("stops", rows_in_region(Stop))

todos.register("filings", todo.filings_to_answer)
todos.register("classes_draft", todo.drafts_to_submit)
todos.register("classes_returned", todo.classes_returned)
todos.register("classes_to_start", todo.classes_to_start)
todos.register("classes_to_close", todo.classes_to_close)
