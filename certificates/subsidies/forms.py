"""Forms of the subsidy desk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caravan.models import TrainingClass
from certificates.subsidies.models import SubsidyScheme
from cms.models import Region
from cms.regional import lies_in


class NewClaimsForm(forms.Form):
    """Which scheme, for whom."""

    scheme = forms.ModelChoiceField(SubsidyScheme.objects.exclude(certificate_kind=""), label=_("补贴政策"))
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

    scheme = forms.ModelChoiceField(SubsidyScheme.objects.all(), label=_("补贴政策"))
    region = forms.ModelChoiceField(Region.objects.none(), label=_("地区"))

    def __init__(self, *args: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]  # a ModelChoiceField


class ExportForm(forms.Form):
    """Which columns, and why."""

    profile = forms.ChoiceField(label=_("表式"))
    reason = forms.CharField(
        label=_("导出事由"), max_length=120, error_messages={"required": _("请写明导出事由，会记入日志。")}
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
