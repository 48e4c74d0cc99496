"""What this app registers with the apps below: roles, panels, menu entries. Imported once from ready()."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cms.backoffice.panels import learner_panels, places, public_panels
from cms.navigation import MenuEntry, public_menu
from cms.roles import BACKOFFICE_ROLES, Role, role_permissions
from cms.ui import register_state_colours
from courses import (  # noqa: F401  registered by import
    audit_words,
    exports,
    histories,
    import_kinds,
    merging,
    my_data,
)
from courses.enums import RecordState
from courses.panels import CurrentRecordsPanel, MenuPanel, course_panels

_VIEW_CATALOGUE = frozenset(
    {"view_course", "view_courseversion", "view_menu", "view_menuversion", "view_occupation"}
)
_VIEW_RECORDS = frozenset({"view_trainingrecord", "view_externalcertificate"})
_EXPORT = frozenset({"export_trainingrecord"})
_EDIT_CATALOGUE = frozenset(
    {
        "add_course",
        "change_course",
        "add_courseversion",
        "change_courseversion",
        "add_occupation",
        "change_occupation",
    }
)

role_permissions.register(
    "courses",
    {
        **dict.fromkeys(BACKOFFICE_ROLES, _VIEW_CATALOGUE | _VIEW_RECORDS),
        Role.SYSTEM_ADMIN: _VIEW_CATALOGUE
        | _VIEW_RECORDS
        | _EDIT_CATALOGUE
        | _EXPORT
        | {"add_externalcertificate"},
        Role.ORG_ADMIN: _VIEW_CATALOGUE | _VIEW_RECORDS | _EXPORT | {"add_externalcertificate"},
        Role.PLANNER: _VIEW_CATALOGUE | _VIEW_RECORDS | _EXPORT | {"add_externalcertificate"},
        Role.SUBSIDY_OFFICER: _VIEW_CATALOGUE | _VIEW_RECORDS | _EXPORT | {"add_externalcertificate"},
        Role.AUDITOR: _VIEW_CATALOGUE | _VIEW_RECORDS | _EXPORT,
    },
)

register_state_colours(
    RecordState,
    {RecordState.OPEN: "info", RecordState.COMPLETED: "good", RecordState.NOT_COMPLETED: "neutral"},
)

places.register("course", course_panels)
public_panels.register("course_menu", MenuPanel())
learner_panels.register("current_records", CurrentRecordsPanel())

public_menu.register(
    "courses",
    MenuEntry(_("课程菜单"), path="/courses/", order=10, icon="book", line=_("看看有哪些课，怎么学")),
)
