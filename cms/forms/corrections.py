"""Forms that correct who somebody is on paper, and that decide about a correction."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.backoffice.widgets import DayInput
from cms.enums import IdType, Sex
from cms.forms.people import AboutPersonForm
from cms.forms.refusals import RefusalForm
from cms.models import Organisation


class CorrectionForm(AboutPersonForm):
    """What the document says now; what stays the same is left empty."""

    organisation = forms.ModelChoiceField(label=_("提出机构"), queryset=Organisation.objects.none())
    legal_name = forms.CharField(label=_("姓名"), max_length=100, required=False)
    name_until = forms.DateField(
        label=_("旧姓名用到哪天"), required=False, widget=DayInput, help_text=_("不知道就空着，记到今天。")
    )
    id_type = forms.ChoiceField(
        label=_("证件类型"),
        choices=[("", "—"), *IdType.choices],
        required=False,
        help_text=_("换证或更正号码才选。"),
    )
    number = forms.CharField(
        label=_("证件号码"),
        max_length=40,
        required=False,
        help_text=_("号码没变、只换了有效期，就空着。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    valid_from = forms.DateField(label=_("有效期起"), required=False, widget=DayInput)
    valid_until = forms.DateField(label=_("有效期止"), required=False, widget=DayInput)
    sex = forms.ChoiceField(label=_("性别"), choices=[("", "—"), *Sex.choices], required=False)
    birth_date = forms.DateField(label=_("出生日期"), required=False, widget=DayInput)
    reason = forms.CharField(
        label=_("理由"), max_length=200, help_text=_("例如：本人带新户口本来改名。不要写号码。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["legal_name"].help_text = _("现在登记的是“%(name)s”，没变就空着。") % {
            "name": self.person.legal_name
        }


class DecisionForm(RefusalForm):
    """Yes or no, and why not."""

    note = forms.CharField(
        label=_("审核意见"), max_length=200, required=False, help_text=_("不同意要写明理由。")
    )
