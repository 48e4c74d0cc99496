"""机构、任职、行政区划 in the back office."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column

from cms.backoffice import licences
from cms.backoffice.licences import StandingColumn, may_keep_licences, shown_standing, with_licences
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.waiting import with_licences_ending
from cms.backoffice.widgets import DayInput
from cms.enums import OrganisationKindCode
from cms.errors import DomainError
from cms.models import Membership, Organisation, Region, User
from cms.regions import heirs_of, names_down_to
from cms.roles import Role
from cms.services.licences import standing_of
from cms.services.memberships import end_role
from cms.services.organisations import appoint, change_organisation, create_organisation, roles_to_give


class OrganisationForm(WagtailAdminModelForm):
    """An organisation's facts; the code is fixed once given."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("机构类型"),
        choices=OrganisationKindCode.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Organisation
        fields = ["name", "short_code", "uscc", "region_code", "contact_name", "contact_phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["short_code"].disabled = True
            self.fields["kinds"].initial = list(self.instance.kinds.values_list("kind", flat=True))

    def facts(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: value or "" for name, value in self.cleaned_data.items()}


def create_with(*, form: OrganisationForm, by: User, at: Any) -> Organisation:
    """Hand the form's facts to the service."""
    return create_organisation(**form.facts(), by=by, at=at)


def change_with(*, form: OrganisationForm, by: User, at: Any) -> Organisation:
    """Hand the form's facts to the service."""
    return change_organisation(form.instance, **form.facts(), by=by, at=at)


class OrganisationIndexView(ScopedIndexView):
    """Organisations with the name of their region, their kinds and licences: three queries more, for all rows."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Join the region by its code; the organisation keeps the code of the time."""
        name = Region.objects.filter(code=OuterRef("region_code")).values("name")[:1]
        rows: QuerySet[Any] = super().get_base_queryset().annotate(region_name=Subquery(name))
        return with_licences(rows).prefetch_related("kinds").order_by("name")


class OrganisationInspectView(ScopedInspectView):
    """One organisation with its place and its licences, corrected ones included."""

    template_name = "cms/organisations/detail.html"
    page_title = gettext_lazy("机构")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add kinds, place and licences."""
        organisation, today = self.object, timezone.localdate()
        rows = list(organisation.licences.select_related("recorded_by").order_by("-valid_from", "-pk"))
        organisation.current_licences = [row for row in rows if row.superseded_at is None]
        return {
            **super().get_context_data(**kwargs),
            "kinds": [row.get_kind_display() for row in organisation.kinds.all()],
            "place": names_down_to(organisation.region_code),
            "heirs": heirs_of(organisation.region_code, today),
            "standing": shown_standing(organisation, today),
            "licences": [(row, standing_of([row], today)) for row in rows],
            "may_keep": may_keep_licences(self.request.user, organisation),
        }


class _KindsColumn(Column):
    def get_value(self, instance: Organisation) -> str:
        """Return the kinds in words, from the prefetched rows."""
        return "、".join(kind.get_kind_display() for kind in instance.kinds.all())


class OrganisationFilterSet(WagtailFilterSet):
    """Those whose licence lapses."""

    licence = ChoiceFilter(
        label=gettext_lazy("许可或备案"),
        choices=[("ending", gettext_lazy("快到期或过期"))],
        method="filter_licence",
    )

    class Meta:
        model = Organisation
        fields = ["licence"]

    def filter_licence(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """Keep those whose licences lapsed or end soon."""
        return with_licences_ending(queryset, timezone.localdate())


class OrganisationViewSet(ScopedModelViewSet):
    """机构."""

    model = Organisation
    name = "organisations"
    filterset_class = OrganisationFilterSet
    icon = "home"
    menu_label = gettext_lazy("机构")
    index_view_class = OrganisationIndexView
    inspect_view_class = OrganisationInspectView
    inspect_template_name = "cms/organisations/detail.html"
    create_with = create_with
    change_with = change_with
    list_display = [
        "name",
        "short_code",
        _KindsColumn("kinds", label=gettext_lazy("类型")),
        Column("region_name", label=gettext_lazy("地区")),
        StandingColumn("standing", label=gettext_lazy("许可或备案")),
    ]
    search_fields = ["search_key"]
    inspect_view_fields = [
        "name",
        "short_code",
        "uscc",
        "region_code",
        "contact_name",
        "contact_phone",
        "created_at",
    ]

    def get_form_class(self, for_update: bool = False) -> type[OrganisationForm]:
        """Return the form with the kinds."""
        return OrganisationForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the licences."""
        return [*super().get_urlpatterns(), *licences.urls()]


class MembershipForm(WagtailAdminModelForm):
    """Appoint somebody: the account by its name, the regions by their codes."""

    account = forms.CharField(
        label=gettext_lazy("账号"), help_text=gettext_lazy("登录名、手机号或邮箱，要写全。")
    )
    region_codes = forms.CharField(
        label=gettext_lazy("管辖地区代码"),
        required=False,
        help_text=gettext_lazy("补贴专员、审批人、巡查员、审计员要填，几个代码用空格隔开。"),
    )

    class Meta:
        model = Membership
        fields = ["organisation", "role", "valid_from", "valid_until"]
        widgets = {"valid_from": DayInput, "valid_until": DayInput}

    field_order = ["account", "organisation", "role", "region_codes", "valid_from", "valid_until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by = self.for_user
        if not by.scope().everything:
            own = by.scope().organisations(Role.ORG_ADMIN)
            self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=own)
        roles = [(role.value, role.label) for role in roles_to_give(by)]
        self.fields["role"].choices = [("", "---------"), *roles]  # nobody gets the first role by accident

    def clean_account(self) -> User:
        """Return the account of this exact name."""
        name = self.cleaned_data["account"].strip()
        user = User.objects.filter(Q(username=name) | Q(phone=name) | Q(email__iexact=name)).first()
        if user is None:
            raise forms.ValidationError(_("没有这个账号，请再看看。"))
        return user

    def clean_region_codes(self) -> list[Region]:
        """Return the regions of the codes."""
        codes = [code for code in re.split(r"[\s,，、;；]+", self.cleaned_data["region_codes"]) if code]
        found = {region.code: region for region in Region.objects.filter(code__in=codes)}
        missing = [code for code in codes if code not in found]
        if missing:
            raise forms.ValidationError(_("没有这些行政区划代码：%s") % "、".join(missing))
        return [found[code] for code in codes]


class MembershipEndForm(WagtailAdminModelForm):
    """A membership is not changed, it ends; another role is another membership."""

    class Meta:
        model = Membership
        fields = ["valid_until"]
        widgets = {"valid_until": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_until"].required = True


_FORM_FIELDS = {"regions": "region_codes"}


def appoint_with(*, form: MembershipForm, by: User, at: Any) -> Membership:
    """Hand the form to the service."""
    data = form.cleaned_data
    try:
        return appoint(
            data["account"],
            Role(data["role"]),
            data["organisation"],
            by=by,
            at=at,
            regions=data["region_codes"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )
    except DomainError as error:
        error.field = _FORM_FIELDS.get(error.field or "", error.field)
        raise


def end_with(*, form: MembershipEndForm, by: User, at: Any) -> Membership:
    """End the membership; one sees others' but ends only what one administers."""
    membership = form.instance
    if not by.scope().everything and membership.organisation_id not in by.scope().organisations(
        Role.ORG_ADMIN
    ):
        raise DomainError("not_administrator", _("您不是这个机构的管理员。"))
    return end_role(membership, on=form.cleaned_data["valid_until"], by=by, at=at)


class MembershipViewSet(ScopedModelViewSet):
    """任职: who holds which role where."""

    model = Membership
    name = "memberships"
    icon = "user"
    menu_label = gettext_lazy("任职")
    create_with = appoint_with
    change_with = end_with
    list_select_related = ("user", "organisation")
    list_display = [
        "user",
        Column("get_role_display", label=gettext_lazy("角色")),
        "organisation",
        "valid_from",
        "valid_until",
    ]
    list_filter = {"role": ["exact"], "valid_until": ["gte", "lte"]}
    inspect_view_fields = ["user", "role", "organisation", "regions", "valid_from", "valid_until"]

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the form to appoint, or the one to end."""
        return MembershipEndForm if for_update else MembershipForm
