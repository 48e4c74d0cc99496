"""Forms of issuing."""

from __future__ import annotations

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from certificates.issuing.enums import ReissueReason, RevocationReason

EXAMPLE = "XH-PX-2026-000417"


def _where_printed() -> SafeString:
    return format_html('{} <span class="nowrap">{}</span>', _("印在证书右上角，像"), EXAMPLE)


class VerifyForm(forms.Form):
    """Number and name as printed; both must match."""

    number = forms.CharField(label=_("证书编号"), max_length=40, help_text=lazy(_where_printed, SafeString)())
    name = forms.CharField(label=_("持证人姓名"), max_length=50, help_text=_("和证书上写的一样"))


class RevokeForm(forms.Form):
    """Why a certificate is taken back."""

    reason = forms.ChoiceField(
        label=_("撤销原因"), choices=RevocationReason.choices, help_text=_("查验的人看得到。")
    )
    note = forms.CharField(
        label=_("撤销说明"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("只有机构内部看得到。选“其他原因”时要写。"),
    )


class ReissueForm(forms.Form):
    """Why a certificate is printed anew; ``seen`` is the printing that the page showed."""

    reason = forms.ChoiceField(label=_("补发原因"), choices=ReissueReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("补发说明"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("比如谁来申请、交了什么材料。只有机构内部看得到。"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
