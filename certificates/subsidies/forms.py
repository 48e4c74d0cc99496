"""Forms of the subsidy desk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from caravan.models import TrainingClass
from certificates.subsidies.models import SubsidyScheme
from cms.models import Region
from cms.regional import lies_in
from cms.services.exports import SHORTEST_REASON
from cms.ui import dates


class SchemeField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Schemes told apart: the same name may stand for several funds, places and years."""

    def label_from_instance(self, scheme: SubsidyScheme) -> str:
        """Return ``技能提升补贴（失业保险基金，星河县，2025年1月1日起）``."""
        since, until = dates.full_date(scheme.valid_from), dates.full_date(scheme.valid_until)
        return _("%(name)s（%(fund)s，%(place)s，%(span)s）") % {
            "name": scheme.name,
            "fund": scheme.get_fund_display(),
            "place": self._places.get(scheme.region_code, scheme.region_code),
            "span": f"{since}—{until}" if until else _("%(day)s起") % {"day": since},
        }

    @cached_property
    def _places(self) -> dict[str, str]:
        codes = SubsidyScheme.objects.values("region_code")
        return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


class NewClaimsForm(forms.Form):
    """Which scheme, for whom."""

    scheme = SchemeField(SubsidyScheme.objects.exclude(certificate_kind=""), label=_("补贴政策"))
    training_class = forms.ModelChoiceField(TrainingClass.objects.none(), label=_("班级"))

    def __init__(self, *args: Any, classes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["training_class"].queryset = classes  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean(self) -> dict[str, Any]:
        """Refuse another region's scheme, on its field."""
        cleaned = super().clean() or self.cleaned_data
        scheme, training_class = cleaned.get("scheme"), cleaned.get("training_class")
        if (
            scheme
            and training_class
            and not lies_in(training_class.region_code, scheme.region_code, timezone.localdate())
        ):
            self.add_error("scheme", _("这项政策不适用于这个班所在的地区。"))
        return cleaned


class ApprovalForm(forms.Form):
    """The approver's word."""

    amount = forms.DecimalField(
        label=_("核定金额（元）"), min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    note = forms.CharField(label=_("审批意见"), required=False, max_length=200)


class NoteForm(forms.Form):
    """A reason."""

    note = forms.CharField(
        label=_("原因"), max_length=200, error_messages={"required": _("请写明原因，申报机构看得到。")}
    )


class BatchForm(forms.Form):
    """Which scheme and region."""

    scheme = SchemeField(SubsidyScheme.objects.all(), label=_("补贴政策"))
    region = forms.ModelChoiceField(Region.objects.none(), label=_("地区"))

    def __init__(self, *args: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]  # a ModelChoiceField


class ExportForm(forms.Form):
    """Which columns, and why."""

    profile = forms.ChoiceField(label=_("表式"))
    reason = forms.CharField(
        label=_("导出事由"),
        min_length=SHORTEST_REASON,
        max_length=120,
        error_messages={
            "required": _("请写明导出事由，至少 4 个字。"),
            "min_length": _("请写明导出事由，至少 4 个字。"),
        },
    )

    def __init__(self, *args: Any, profiles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"].choices = profiles  # type: ignore[attr-defined]  # a ChoiceField


class InsuranceForm(forms.Form):
    """What the insurance office said."""

    insured_months = forms.IntegerField(label=_("累计缴费月数"), min_value=0, max_value=720)
    checked_on = forms.DateField(
        label=_("核查日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    source = forms.CharField(label=_("来源"), max_length=100, help_text=_("例如：失业保险经办系统联网查询"))
