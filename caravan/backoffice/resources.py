"""大篷车 in the back office: tours, stops, venues with rooms, vehicles, kits, trainers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column

from caravan.backoffice.columns import DayColumn, StateColumn
from caravan.backoffice.tours import TourIndexView, TourInspectView
from caravan.models import Kit, Stop, Tour, TrainerProfile, Vehicle, Venue
from caravan.permissions import PLANNING_ROLES
from caravan.services.planning import add_stop, create_tour
from caravan.services.resources import save_kit, save_trainer, save_vehicle, save_venue
from cms.backoffice.viewsets import (
    ScopedEditView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.backoffice.widgets import DayInput
from cms.models import Organisation, User
from cms.roles import Role


def plans_for(user: User, organisation_id: int) -> bool:
    """Say whether ``user`` plans for that organisation."""
    scope = user.scope()
    return scope.everything or organisation_id in scope.organisations(*PLANNING_ROLES)


class OwnEditView(ScopedEditView):
    """Others' shared things are seen, not changed: 403."""

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Ask whether the visible row is one's own organisation's."""
        found: Any = super().get_object(*args, **kwargs)
        if not plans_for(self.request.user, found.organisation_id):
            raise PermissionDenied
        return found


class OwnIndexView(ScopedIndexView):
    """Visible rows; a button to change only on one's own."""

    def get_edit_url(self, instance: Any) -> str | None:
        """Others' shared things lead to the page that shows them."""
        url: str | None = super().get_edit_url(instance)
        return url if plans_for(self.request.user, instance.organisation_id) else None


class OwnInspectView(ScopedInspectView):
    """One row; a button to change only on one's own."""

    def get_edit_url(self) -> str | None:
        """Return no address for others' shared things."""
        url: str | None = super().get_edit_url()
        return url if plans_for(self.request.user, self.object.organisation_id) else None


class OwnedForm(WagtailAdminModelForm):
    """A form whose organisation is one of those somebody plans for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("organisation")
        if field is not None:
            rows = Organisation.objects.order_by("name")
            scope = self.for_user.scope()
            if not scope.everything:
                rows = rows.filter(pk__in=scope.organisations(*PLANNING_ROLES))
            field.queryset = rows
            field.empty_label = None


class RoomLines(forms.CharField):
    """One room a line: name and seats."""

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> list[tuple[str, int]]:
        """Return (name, seats) for each line; name the line that cannot be read."""
        found = []
        for number, line in enumerate((super().clean(value) or "").splitlines(), start=1):
            name, _space, seats = line.strip().rpartition(" ")
            if not line.strip():
                continue
            if not name.strip() or not seats.isdecimal() or not 1 <= int(seats) <= 2000:
                raise forms.ValidationError(
                    _("第 %(number)s 行“%(line)s”看不懂，请写成“教室名 人数”。")
                    % {"number": number, "line": line}
                )
            found.append((name.strip(), int(seats)))
        return found


class VenueForm(OwnedForm):
    """A venue and its rooms."""

    rooms = RoomLines(
        label=gettext_lazy("教室"), help_text=gettext_lazy("一行一间：教室名、空格、能坐多少人。")
    )

    class Meta:
        model = Venue
        fields = ["organisation", "name", "venue_type", "region_code", "address", "directions", "is_shared"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            rooms = self.instance.rooms.order_by("name")
            self.fields["rooms"].initial = "\n".join(f"{room.name} {room.capacity}" for room in rooms)


def keep_venue(*, form: VenueForm, by: User, at: dt.datetime) -> Venue:
    """Hand the form's facts to the service."""
    return save_venue(form.save(commit=False), form.cleaned_data["rooms"], by=by, at=at)


class VenueIndexView(OwnIndexView):
    """Venues with the number of their rooms."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Count rooms in the listing's own query."""
        rows: QuerySet[Any] = super().get_base_queryset().annotate(room_count=Count("rooms"))
        return rows


class VenueViewSet(ScopedModelViewSet):
    """场地."""

    model = Venue
    name = "venues"
    icon = "site"
    index_view_class = VenueIndexView
    inspect_view_class = OwnInspectView
    edit_view_class = OwnEditView
    create_with = keep_venue
    change_with = keep_venue
    list_select_related = ("organisation",)
    list_display = [
        "name",
        Column("get_venue_type_display", label=gettext_lazy("类型")),
        "organisation",
        Column("room_count", label=gettext_lazy("教室数")),
        "address",
    ]
    list_filter = ["venue_type", "is_shared"]
    search_fields = ["name", "address"]
    inspect_view_fields = [
        "name",
        "venue_type",
        "organisation",
        "region_code",
        "address",
        "directions",
        "rooms",
    ]

    def get_form_class(self, for_update: bool = False) -> type[VenueForm]:
        """Return the form with the rooms."""
        return VenueForm


class VehicleForm(OwnedForm):
    """A caravan."""

    class Meta:
        model = Vehicle
        fields = ["organisation", "name", "plate"]


def keep_vehicle(*, form: VehicleForm, by: User, at: dt.datetime) -> Vehicle:
    """Hand the form's facts to the service."""
    return save_vehicle(form.save(commit=False), by=by, at=at)


class VehicleViewSet(ScopedModelViewSet):
    """车辆."""

    model = Vehicle
    name = "vehicles"
    icon = "resubmit"
    edit_view_class = OwnEditView
    create_with = keep_vehicle
    change_with = keep_vehicle
    list_select_related = ("organisation",)
    list_display = ["name", "plate", "organisation"]
    search_fields = ["name", "plate"]
    inspect_view_fields = ["name", "plate", "organisation"]
    ordering = ["name"]

    def get_form_class(self, for_update: bool = False) -> type[VehicleForm]:
        """Return the form."""
        return VehicleForm


class KitForm(OwnedForm):
    """A kit."""

    class Meta:
        model = Kit
        fields = ["organisation", "name", "contents"]


def keep_kit(*, form: KitForm, by: User, at: dt.datetime) -> Kit:
    """Hand the form's facts to the service."""
    return save_kit(form.save(commit=False), by=by, at=at)


class KitViewSet(ScopedModelViewSet):
    """教具箱."""

    model = Kit
    name = "kits"
    icon = "folder-open-inverse"
    edit_view_class = OwnEditView
    create_with = keep_kit
    change_with = keep_kit
    list_select_related = ("organisation",)
    list_display = ["name", "organisation"]
    search_fields = ["name"]
    inspect_view_fields = ["name", "contents", "organisation"]
    ordering = ["name"]

    def get_form_class(self, for_update: bool = False) -> type[KitForm]:
        """Return the form."""
        return KitForm


class TrainerForm(OwnedForm):
    """Who teaches: the account must hold a trainer's role in the organisation."""

    class Meta:
        model = TrainerProfile
        fields = ["organisation", "user", "name", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = self.fields["organisation"].queryset
        members = User.objects.filter(
            memberships__organisation__in=organisations, memberships__role=Role.TRAINER
        )
        self.fields["user"].queryset = members.distinct().order_by("display_name")
        if self.instance.pk:
            self.fields["user"].disabled = True


def keep_trainer(*, form: TrainerForm, by: User, at: dt.datetime) -> TrainerProfile:
    """Hand the form's facts to the service."""
    return save_trainer(form.save(commit=False), by=by, at=at)


class TrainerViewSet(ScopedModelViewSet):
    """讲师."""

    model = TrainerProfile
    name = "trainers"
    icon = "user"
    edit_view_class = OwnEditView
    create_with = keep_trainer
    change_with = keep_trainer
    list_select_related = ("organisation",)
    list_display = ["name", "title", "organisation"]
    search_fields = ["name", "title"]
    inspect_view_fields = ["name", "title", "organisation"]

    def get_form_class(self, for_update: bool = False) -> type[TrainerForm]:
        """Return the form."""
        return TrainerForm


class TourForm(OwnedForm):
    """A round trip."""

    class Meta:
        model = Tour
        fields = ["organisation", "title", "vehicle", "starts_on", "ends_on"]
        widgets = {"starts_on": DayInput, "ends_on": DayInput}


def plan_tour(*, form: TourForm, by: User, at: dt.datetime) -> Tour:
    """Hand the form's facts to the service."""
    return create_tour(**form.cleaned_data, by=by, at=at)


class TourViewSet(ScopedModelViewSet):
    """巡回."""

    model = Tour
    name = "tours"
    icon = "resubmit"
    index_view_class = TourIndexView
    inspect_view_class = TourInspectView
    create_with = plan_tour
    list_select_related = ("organisation", "vehicle")
    list_display = [
        "title",
        DayColumn("starts_on", label=gettext_lazy("出发日期"), sort_key="starts_on"),
        DayColumn("ends_on", label=gettext_lazy("返回日期")),
        "vehicle",
        Column("stop_count", label=gettext_lazy("站数")),
    ]
    search_fields = ["title"]
    inspect_view_fields = ["title", "organisation", "vehicle", "starts_on", "ends_on", "stops"]

    def get_form_class(self, for_update: bool = False) -> type[TourForm]:
        """Return the form."""
        return TourForm


class StopForm(WagtailAdminModelForm):
    """The next stop of a tour."""

    kits = forms.ModelMultipleChoiceField(
        label=gettext_lazy("教具箱"),
        queryset=Kit.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Stop
        fields = [
            "tour", "venue", "starts_on", "ends_on", "contact_name", "contact_phone", "expected_people", "audience",
            "notes",
        ]  # fmt: skip
        widgets = {"starts_on": DayInput, "ends_on": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["venue"].queryset = Venue.objects.visible_to(self.for_user)


def plan_stop(*, form: StopForm, by: User, at: dt.datetime) -> Stop:
    """Hand the form's facts to the service; a tour of others is not planned on."""
    facts = dict(form.cleaned_data)
    tour = facts.pop("tour")
    if not plans_for(by, tour.organisation_id):
        raise PermissionDenied
    return add_stop(tour, **facts, by=by, at=at)


class StopViewSet(ScopedModelViewSet):
    """站点."""

    model = Stop
    name = "stops"
    icon = "site"
    create_with = plan_stop
    list_select_related = ("tour", "venue")
    list_display = [
        "venue",
        "tour",
        DayColumn("starts_on", label=gettext_lazy("开始日期"), sort_key="starts_on"),
        DayColumn("ends_on", label=gettext_lazy("结束日期")),
        Column("expected_people", label=gettext_lazy("预计人数")),
        StateColumn("state", label=gettext_lazy("状态")),
    ]
    list_filter = ["state"]
    search_fields = ["venue__name", "tour__title"]
    inspect_view_fields = [
        "tour", "order", "venue", "starts_on", "ends_on", "contact_name", "contact_phone", "expected_people",
        "audience", "notes", "state",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[StopForm]:
        """Return the form."""
        return StopForm
