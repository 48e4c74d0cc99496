"""Forms about what is kept about somebody. They ask; the services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.enums import DataField, RevealReason
from cms.forms.account import password_field
from cms.forms.people import AboutPersonForm
from cms.forms.refusals import RefusalForm


class RevealForm(AboutPersonForm):
    """Why somebody wants to see a number in clear."""

    reason = forms.ChoiceField(label=_("为什么要看"), choices=RevealReason, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("具体是什么事"),
        max_length=200,
        help_text=_("本人在“我的数据”里看得到您的单位、角色、日期和这里写的话。不要写号码。"),
    )


class ExportForm(RefusalForm):
    """Masked, or in clear after the password."""

    masked, clear = "masked", "clear"
    numbers = forms.ChoiceField(
        label=_("证件号码"),
        choices=[(masked, _("遮住，只留头尾")), (clear, _("要完整的号码"))],
        initial=masked,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    password = password_field(
        _("登录密码"),
        "current-password",
        required=False,
        help_text=_("要完整的号码才填。"),
    )

    def __init__(self, *args: Any, may_see_clear: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_see_clear:
            del self.fields["numbers"], self.fields["password"]


class CorrectionForm(RefusalForm):
    """What is wrong, and what it should be."""

    field = forms.ChoiceField(
        label=_("哪一项不对"), choices=DataField, error_messages={"required": _("请选一项。")}
    )
    wanted = forms.CharField(
        label=_("应当是什么"), max_length=200, error_messages={"required": _("请写应当是什么。")}
    )
    note = forms.CharField(
        label=_("说明"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("比如哪天改的名、什么证件上写着。"),
    )


class DeletionForm(RefusalForm):
    """A word why, and that what follows was understood."""

    note = forms.CharField(
        label=_("为什么想删"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    understood = forms.BooleanField(
        label=_("我知道删了就找不回来，账号也会关掉。"),
        error_messages={"required": _("请先看清楚，再打勾。")},
    )


class AnswerForm(RefusalForm):
    """What an officer answers, in words that the person reads."""

    words = forms.CharField(
        label=_("答复"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写给本人看的话：办了什么，或者为什么不办。不要写号码。"),
        error_messages={"required": _("请写一句答复，本人要看。")},
    )
