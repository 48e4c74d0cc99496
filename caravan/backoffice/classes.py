"""班级 in the back office: the list, opening and changing one, and the class's own page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_filters import DateFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column

from caravan.backoffice import class_actions
from caravan.backoffice.actions import legal_actions
from caravan.backoffice.columns import DayColumn, StateColumn
from caravan.duties import runs_office_of
from caravan.enums import ClassState
from caravan.forms.planning import ChangeClassForm, OpenClassForm, StaffForm
from caravan.models import TrainingClass
from caravan.permissions import can_plan_class, planning_organisations
from caravan.rules import day_hours_rule
from caravan.services.filing import hours_by_course, missing_for_filing
from caravan.services.planning import change_class, open_class
from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedEditView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.backoffice.widgets import DayInput
from cms.models import User
from courses.listing import current_menus
from courses.menu_words import section_rule
from courses.models import MenuSection


class ClassIndexView(ScopedIndexView):
    """Classes with their seats: the same few queries for any number."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Count seats in the listing's own query."""
        rows: Any = super().get_base_queryset()
        found: QuerySet[Any] = rows.with_seats()
        return found


class ClassFilterSet(WagtailFilterSet):
    """By state and by the first day."""

    starts_from = DateFilter(
        label=gettext_lazy("开班不早于"), field_name="starts_on", lookup_expr="gte", widget=DayInput
    )
    starts_until = DateFilter(
        label=gettext_lazy("开班不晚于"), field_name="starts_on", lookup_expr="lte", widget=DayInput
    )

    class Meta:
        model = TrainingClass
        fields = ["state"]


class _SeatsColumn(Column):
    def get_value(self, instance: Any) -> str:
        """Return seats taken of all, and who waits."""
        words = f"{instance.seats_taken} / {instance.capacity}"
        return (
            words + _("，候补 %(n)s") % {"n": instance.people_waiting} if instance.people_waiting else words
        )


class OpenClassView(ScopedCreateView):
    """Step one: the menu. Step two: its picks, the place, the days."""

    page_title = gettext_lazy("开新班")
    submit_button_label = gettext_lazy("建立班级")

    def get_initial(self) -> dict[str, Any]:
        """Keep the menu of step one."""
        return {**super().get_initial(), "menu_version": self.request.GET.get("menu", "")}

    def get_template_names(self) -> list[str]:
        """Ask for the menu first."""
        if self.request.method == "GET" and self._menu_missing():
            return ["caravan/admin/pick_menu.html"]
        return ["caravan/admin/open_class.html"]

    def _menu_missing(self) -> bool:
        return self.request.GET.get("menu", "") not in {
            str(one.pk) for one in current_menus(timezone.localdate())
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the menus to pick from and the one picked."""
        form = kwargs.get("form") or self.get_form()
        context: dict[str, Any] = super().get_context_data(**{**kwargs, "form": form})
        return {
            **context,
            "menus": current_menus(timezone.localdate()),
            "menu": form.menu,
            "sections": [_section_words(one) for one in form.menu.sections.all()] if form.menu else [],
        }

    def get_success_url(self) -> str:
        """Go on with the new class."""
        from django.urls import reverse

        return reverse("classes:inspect", args=[self.object.pk])


class ChangeClassView(ScopedEditView):
    """Change a class that is one's own and can still be planned."""

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 403 for a class that others plan, or that is past changing."""
        found: Any = super().get_object(*args, **kwargs)
        if not can_plan_class(self.request.user, found):
            raise PermissionDenied
        return found


class ClassInspectView(ScopedInspectView):
    """The class's own page: facts, hours, sessions, staff, filings, seats, and the legal buttons."""

    template_name = "caravan/admin/class.html"
    page_title = pgettext_lazy("menu", "班级")

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Read the class with its seats and neighbours."""
        found = super().get_object(*args, **kwargs)
        rows = TrainingClass.objects.with_seats().select_related(
            "organisation", "venue", "stop__tour", "menu_version__menu"
        )
        return rows.get(pk=found.pk)

    def get_edit_url(self) -> str | None:
        """Offer the form only where it opens."""
        url: str | None = super().get_edit_url()
        return url if can_plan_class(self.request.user, self.object) else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Read what the panels show: a fixed number of queries."""
        user, training_class = self.request.user, self.object
        plans = can_plan_class(user, training_class)
        on = timezone.localdate()
        draft = training_class.state in {ClassState.DRAFT, ClassState.RETURNED}
        filings = list(training_class.filings.select_related("submitted_by", "decided_by"))
        return {
            **super().get_context_data(**kwargs),
            "training_class": training_class,
            "hours": hours_by_course(training_class),
            "sessions": list(training_class.sessions.select_related("room", "trainer").order_by("starts_at")),
            "staff": list(training_class.staff.select_related("user").order_by("role")),
            "hosts": list(training_class.hosts.select_related("organisation")),
            "filings": filings,
            "returned": filings[0] if filings and training_class.state == ClassState.RETURNED else None,
            "gaps": missing_for_filing(training_class, on=on) if draft else [],
            "actions": legal_actions(user, training_class),
            "may_plan": plans,
            "staff_form": StaffForm(training_class=training_class, on=on) if plans else None,
            "day_rule": day_hours_rule(training_class.region_code, training_class.starts_on),
            "seats_left": max(0, training_class.capacity - training_class.seats_taken),
            "is_office": runs_office_of(user, training_class),
        }


def _section_words(section: MenuSection) -> str:
    """Return what a part of the menu asks for and offers."""
    items = list(section.items.all())
    rule = section_rule(section.min_picks, section.max_picks, len(items))
    courses = _("、").join(str(item.course) for item in items)
    return _("%(title)s：%(rule)s（%(courses)s）") % {"title": section, "rule": rule, "courses": courses}


def open_with(*, form: OpenClassForm, by: User, at: dt.datetime) -> TrainingClass:
    """Hand the form's facts to the service; only for an organisation one plans for."""
    facts = form.facts()
    if facts["organisation"] not in planning_organisations(by):
        raise PermissionDenied
    return open_class(**facts, by=by, at=at)


def change_with(*, form: ChangeClassForm, by: User, at: dt.datetime) -> TrainingClass:
    """Hand the form's facts to the service."""
    return change_class(form.instance, **form.cleaned_data, by=by, at=at)


class ClassViewSet(ScopedModelViewSet):
    """班级."""

    model = TrainingClass
    name = "classes"
    icon = "group"
    menu_label = pgettext_lazy("menu", "班级")
    index_view_class = ClassIndexView
    add_view_class = OpenClassView
    edit_view_class = ChangeClassView
    inspect_view_class = ClassInspectView
    inspect_template_name = "caravan/admin/class.html"
    create_with = open_with
    change_with = change_with
    list_select_related = ("venue",)
    list_display = [
        "title",
        Column("class_no", label=gettext_lazy("班号"), sort_key="class_no"),
        StateColumn("state", label=gettext_lazy("状态"), sort_key="state"),
        DayColumn("starts_on", label=pgettext_lazy("date", "开班"), sort_key="starts_on"),
        DayColumn("ends_on", label=pgettext_lazy("date", "结业")),
        "venue",
        _SeatsColumn("seats", label=pgettext_lazy("count", "报名")),
    ]
    filterset_class = ClassFilterSet
    search_fields = ["title", "class_no"]

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Lead from the list to the class's page, not to the form."""
        return {**super().get_index_view_kwargs(**kwargs), "edit_url_name": None}

    def get_form_class(self, for_update: bool = False) -> type[Any]:
        """Return the form for a new class, or for a change."""
        return ChangeClassForm if for_update else OpenClassForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what is done to one class."""
        one = "inspect/<int:pk>/"
        return [
            *super().get_urlpatterns(),
            path(f"{one}act/<slug:key>/", class_actions.act, name="act"),
            path(f"{one}staff/", class_actions.add_staff, name="staff"),
            path(f"{one}staff/<int:staff_pk>/remove/", class_actions.drop_staff, name="drop_staff"),
            path(f"{one}plan/", class_actions.plan, name="plan"),
            path(f"{one}sessions/new/", class_actions.new_session, name="new_session"),
            path(f"{one}sessions/<int:session_pk>/", class_actions.change_session, name="session"),
            path(f"{one}sessions/<int:session_pk>/cancel/", class_actions.drop_session, name="drop_session"),
        ]
