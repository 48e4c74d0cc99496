"""Forms of the refresher."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.due_list import WORST_FIRST
from certificates.refreshers.models import RefresherRule
from cms.enums import RegionLevel
from cms.models import Organisation, Region


class DateField(forms.DateField):
    """A day as phones and desks offer it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        kwargs.setdefault("error_messages", {"invalid": _("日期要写成 年-月-日，例如 2026-06-03。")})
        super().__init__(**kwargs)


class DueListForm(forms.Form):
    """Which day, which state, whose workers, where."""

    on = DateField(label=_("哪一天"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), *((state.value, state.label) for state in WORST_FIRST)],
    )
    employer = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("用人单位"), required=False, empty_label=_("全部")
    )
    region = forms.ModelChoiceField(
        Region.objects.none(), label=_("地区"), required=False, empty_label=_("全部"), to_field_name="code"
    )

    def __init__(self, *args: Any, employers: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["employer"].queryset = employers  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]  # a ModelChoiceField


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no argument at run time
    """A new rule for a region."""

    region = forms.ModelChoiceField(
        Region.objects.filter(level__lte=RegionLevel.COUNTY),
        label=_("地区"),
        help_text=_("内层地区的规定优先。"),
    )
    interval_months = forms.IntegerField(label=_("几个月回炉一次"), min_value=1, max_value=240)
    valid_from = DateField(label=_("启用日期"))
    valid_until = DateField(label=_("停用日期"), required=False, help_text=_("长期有效就留空。"))

    class Meta:
        model = RefresherRule
        fields = [
            "region",
            "interval_months",
            "window_days",
            "grace_days",
            "early",
            "upskill_counts",
            "document",
            "valid_from",
            "valid_until",
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start on its field; overlaps are the service's word."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("valid_from"), cleaned.get("valid_until")
        if start and end and end < start:
            self.add_error("valid_until", _("停用日期不能早于启用日期。"))
        return cleaned
