"""Forms of the office about a class."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from caravan.enums import StaffRole, StopState
from caravan.models import Room, Stop, TrainerProfile, TrainingClass, Venue
from caravan.permissions import planning_organisations
from caravan.services.states import FILED_STATES
from cms.backoffice.widgets import DayInput, MomentInput
from cms.models import Organisation, User
from cms.roles import Role
from courses.listing import current_menus
from courses.models import Course, MenuVersion

# Which role an account needs in the organisation for a duty in the class.
_ROLES_FOR = {
    StaffRole.CLASS_TEACHER: (Role.CLASS_TEACHER, Role.PLANNER, Role.ORG_ADMIN),
    StaffRole.TRAINER: (Role.TRAINER,),
    StaffRole.ASSESSOR: (Role.ASSESSOR,),
    StaffRole.INVIGILATOR: (Role.CLASS_TEACHER, Role.PLANNER, Role.TRAINER),
}


class OpenClassForm(WagtailAdminModelForm):
    """A new class: the menu is chosen already, here are its picks, the place and the days."""

    menu_version = forms.ModelChoiceField(queryset=MenuVersion.objects.all(), widget=forms.HiddenInput)
    courses = forms.ModelMultipleChoiceField(
        label=gettext_lazy("选课"), queryset=Course.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = TrainingClass
        fields = ["organisation", "title", "venue", "stop", "capacity", "starts_on", "ends_on", "enrol_until"]
        widgets = {"starts_on": DayInput, "ends_on": DayInput, "enrol_until": MomentInput}

    field_order = [
        "menu_version", "courses", "organisation", "title", "stop", "venue", "starts_on", "ends_on", "enrol_until",
        "capacity",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [organisation.pk for organisation in planning_organisations(self.for_user)]
        self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=own)
        self.fields["organisation"].empty_label = None
        self.fields["venue"].queryset = Venue.objects.visible_to(self.for_user)
        today = timezone.localdate()
        stops = Stop.objects.filter(organisation_id__in=own, state=StopState.PLANNED, ends_on__gte=today)
        self.fields["stop"].queryset = stops.select_related("venue")
        self.menu = self._menu()
        if self.menu is not None:
            self.fields["courses"].queryset = Course.objects.filter(
                menu_items__section__version=self.menu
            ).distinct()
            self.fields["courses"].initial = self._obligatory(self.menu)

    def _menu(self) -> MenuVersion | None:
        wanted = str(self.data.get("menu_version") or self.initial.get("menu_version") or "")
        return next((one for one in current_menus(timezone.localdate()) if str(one.pk) == wanted), None)

    @staticmethod
    def _obligatory(menu: MenuVersion) -> list[int]:
        """Return the courses that leave no choice: their section takes all it offers."""
        return [
            item.course_id
            for section in menu.sections.all()
            for item in section.items.all()
            if section.min_picks >= len(section.items.all())
        ]

    def facts(self) -> dict[str, Any]:
        """Return what ``open_class`` takes; the picks stay in the menu's order."""
        data = dict(self.cleaned_data)
        picked = {course.pk for course in data["courses"]}
        menu = data["menu_version"]
        items = [
            item
            for section in menu.sections.order_by("order")
            for item in section.items.select_related("course")
        ]
        data["courses"] = [item.course for item in items if item.course_id in picked]
        data["region_code"] = data["venue"].region_code
        return data


class ChangeClassForm(WagtailAdminModelForm):
    """Words, days and seats of a class; a filed one with the reason of the change."""

    reason = forms.CharField(
        label=gettext_lazy("变更原因"), max_length=200, required=False,
        help_text=gettext_lazy("班级已经备案，改安排要写原因，会和改动一起留下。"),
    )  # fmt: skip

    class Meta:
        model = TrainingClass
        fields = ["title", "capacity", "starts_on", "ends_on", "enrol_until"]
        widgets = {"starts_on": DayInput, "ends_on": DayInput, "enrol_until": MomentInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.state not in FILED_STATES:
            del self.fields["reason"]


class StaffForm(forms.Form):
    """Somebody's duty in the class."""

    role = forms.ChoiceField(label=gettext_lazy("职责"), choices=StaffRole.choices)
    user = forms.ModelChoiceField(label=gettext_lazy("人员"), queryset=User.objects.none())

    def __init__(self, *args: Any, training_class: TrainingClass, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = {role for group in _ROLES_FOR.values() for role in group}
        members = User.objects.filter(
            memberships__in=training_class.organisation.memberships.live(on).filter(role__in=roles)
        )
        self.fields["user"].queryset = members.distinct().order_by("display_name")  # type: ignore[attr-defined]  # a choice of rows


class PlanForm(forms.Form):
    """Make the timetable from the hours."""

    trainer = forms.ModelChoiceField(
        label=gettext_lazy("讲师"), queryset=TrainerProfile.objects.none(), empty_label=None
    )
    room = forms.ModelChoiceField(label=gettext_lazy("教室"), queryset=Room.objects.none(), empty_label=None)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("星期几上课"),
        coerce=int,
        initial=list(range(7)),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (number, label)
            for number, label in enumerate(
                gettext_lazy(name) for name in ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
            )
        ],
    )
    reason = forms.CharField(label=gettext_lazy("变更原因"), max_length=200, required=False)

    def __init__(self, *args: Any, training_class: TrainingClass, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hosts = {
            training_class.organisation_id,
            *training_class.hosts.values_list("organisation_id", flat=True),
        }
        self.fields["trainer"].queryset = TrainerProfile.objects.filter(organisation_id__in=hosts)  # type: ignore[attr-defined]  # a choice of rows
        rooms = (
            Room.objects.filter(venue=training_class.venue_id).select_related("venue").order_by("-capacity")
        )
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]  # see above
        if training_class.state in FILED_STATES:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200)
