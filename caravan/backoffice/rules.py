"""Rules of a place and time in the back office: everybody in the office reads them, the administrator adds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column

from caravan.backoffice.columns import DayColumn
from caravan.models import AttendanceRule, DayHoursRule, EnrolmentRule
from caravan.services.rules import save_rule
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.enums import RegionLevel
from cms.models import Region, User
from cms.scope import NATION

_DAYS = {"valid_from": DayInput, "valid_until": DayInput}


def region_name(code: str, name: str | None) -> str:
    """Return a rule's place in words."""
    return _("全国") if code == NATION else name or code


class RuleForm(WagtailAdminModelForm):
    """A new rule; the region is chosen by name, none is the whole country."""

    region = forms.ModelChoiceField(
        Region.objects.filter(level__lte=RegionLevel.COUNTY),
        label=gettext_lazy("地区"),
        required=False,
        empty_label=gettext_lazy("全国"),
        help_text=gettext_lazy("内层地区的规定优先。"),
    )
    field_order = ["region"]

    def place(self) -> Any:
        """Return the unsaved rule with its region."""
        rule = self.save(commit=False)
        region = self.cleaned_data["region"]
        rule.region_code = region.code if region else NATION
        return rule


class EnrolmentRuleForm(RuleForm):
    """How young, how long."""

    class Meta:
        model = EnrolmentRule
        fields = ["youngest_age", "offer_hours", "document", "valid_from", "valid_until"]
        widgets = _DAYS


class AttendanceRuleForm(RuleForm):
    """What a mark is worth, and when it is taken."""

    class Meta:
        model = AttendanceRule
        fields = [
            "late_percent", "left_early_percent", "roll_opens_minutes", "reason_after_hours", "document",
            "valid_from", "valid_until",
        ]  # fmt: skip
        widgets = _DAYS


class DayHoursRuleForm(RuleForm):
    """How many 学时 a day, how long one is."""

    class Meta:
        model = DayHoursRule
        fields = ["max_hours_a_day", "minutes_an_hour", "document", "valid_from", "valid_until"]
        widgets = _DAYS


def keep_rule(*, form: RuleForm, by: User, at: dt.datetime) -> Any:
    """Hand the form's rule to the service."""
    return save_rule(form.place(), by=by, at=at)


class RegionColumn(Column):
    """The place by name."""

    def get_value(self, instance: Any) -> str:
        """Return the joined name."""
        return region_name(instance.region_code, instance.region_name)


class RuleIndexView(ScopedIndexView):
    """Rules with the names of their regions."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Join the region by its code in the listing's own query."""
        name = Region.objects.filter(code=OuterRef("region_code")).values("name")[:1]
        rows: QuerySet[Any] = super().get_base_queryset().annotate(region_name=Subquery(name))
        return rows


class RuleInspectView(ScopedInspectView):
    """One rule."""

    def get_field_display_value(self, field_name: str, field: Any) -> Any:
        """Say the place by name."""
        if field_name != "region_code":
            return super().get_field_display_value(field_name, field)
        code = self.object.region_code
        return region_name(code, Region.objects.filter(code=code).values_list("name", flat=True).first())


_VALIDITY = [
    DayColumn("valid_from", label=gettext_lazy("起"), sort_key="valid_from"),
    DayColumn("valid_until", label=gettext_lazy("止")),
    "document",
]


class EnrolmentRuleViewSet(ScopedModelViewSet):
    """报名规定."""

    model = EnrolmentRule
    name = "enrolment_rules"
    url_prefix = "enrolment-rules"
    icon = "doc-full"
    create_with = keep_rule
    index_view_class = RuleIndexView
    inspect_view_class = RuleInspectView
    list_display = [
        RegionColumn("region_code", label=gettext_lazy("地区"), sort_key="region_code"),
        Column("youngest_age", label=gettext_lazy("开班那天至少几岁"), classname="num"),
        Column("offer_hours", label=gettext_lazy("候补名额保留几小时"), classname="num"),
        *_VALIDITY,
    ]
    inspect_view_fields = [
        "region_code", "youngest_age", "offer_hours", "document", "valid_from", "valid_until",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[RuleForm]:
        """Return the form."""
        return EnrolmentRuleForm


class AttendanceRuleViewSet(ScopedModelViewSet):
    """考勤规定."""

    model = AttendanceRule
    name = "attendance_rules"
    url_prefix = "attendance-rules"
    icon = "doc-full"
    create_with = keep_rule
    index_view_class = RuleIndexView
    inspect_view_class = RuleInspectView
    list_display = [
        RegionColumn("region_code", label=gettext_lazy("地区"), sort_key="region_code"),
        Column("late_percent", label=gettext_lazy("迟到计学时（%）"), classname="num"),
        Column("left_early_percent", label=gettext_lazy("早退计学时（%）"), classname="num"),
        Column("roll_opens_minutes", label=gettext_lazy("开课前多少分钟可以点名"), classname="num"),
        *_VALIDITY,
    ]
    inspect_view_fields = [
        "region_code", "late_percent", "left_early_percent", "roll_opens_minutes", "reason_after_hours",
        "document", "valid_from", "valid_until",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[RuleForm]:
        """Return the form."""
        return AttendanceRuleForm


class DayHoursRuleViewSet(ScopedModelViewSet):
    """每日学时规定."""

    model = DayHoursRule
    name = "day_hours_rules"
    url_prefix = "day-hours-rules"
    icon = "doc-full"
    create_with = keep_rule
    index_view_class = RuleIndexView
    inspect_view_class = RuleInspectView
    list_display = [
        RegionColumn("region_code", label=gettext_lazy("地区"), sort_key="region_code"),
        Column("max_hours_a_day", label=gettext_lazy("每天最多学时"), classname="num"),
        Column("minutes_an_hour", label=gettext_lazy("每学时分钟数"), classname="num"),
        *_VALIDITY,
    ]
    inspect_view_fields = [
        "region_code", "max_hours_a_day", "minutes_an_hour", "document", "valid_from", "valid_until",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[RuleForm]:
        """Return the form."""
        return DayHoursRuleForm
