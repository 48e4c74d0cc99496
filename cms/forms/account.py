"""Forms of signing in, signing up and slips. They ask; the services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.enums import AccountRelation, IdType
from cms.errors import Refusals
from cms.forms.refusals import RefusalForm
from cms.services.accounts import check_sign_up


def _password(label: Any, autocomplete: str, **kwargs: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=128, widget=widget, **kwargs)


def _phone(**kwargs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})
    return forms.CharField(
        label=_("手机号"),
        max_length=30,
        widget=widget,
        error_messages={"required": _("请填手机号。")},
        **kwargs,
    )


_NEW_PASSWORD_HINT = _("至少 8 位，不要全是数字。写下来放好。")


class SignInForm(forms.Form):
    """Name and password."""

    name = forms.CharField(
        label=_("手机号"),
        help_text=_("也可以填邮箱或用户名。"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": _("请填手机号。")},
    )
    password = _password(_("密码"), "current-password", error_messages={"required": _("请填密码。")})


class SignUpForm(RefusalForm):
    """What a trainee tells on the phone."""

    legal_name = forms.CharField(
        label=_("姓名"),
        help_text=_("和身份证上一样。名字里有点的，照样填，例如 古丽·买买提。"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("请填姓名，和身份证上一样。")},
    )
    id_type = forms.ChoiceField(label=_("证件类型"), choices=IdType, initial=IdType.CITIZEN_ID)
    number = forms.CharField(
        label=_("证件号码"),
        help_text=_("身份证号 18 位，最后一位可能是 X。"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "input-id", "autocapitalize": "characters"}
        ),
        error_messages={"required": _("请填证件号码。")},
    )
    phone = _phone(help_text=_("以后用它登录，也用来通知上课。"))
    password = _password(
        _("设一个密码"),
        "new-password",
        help_text=_NEW_PASSWORD_HINT,
        error_messages={"required": _("请设一个密码。")},
    )
    consent = forms.BooleanField(
        label=_("我同意为报名、签到和发证使用这些信息。"),
        error_messages={"required": _("请勾选“我同意”，不然我们不能收您的信息。")},
    )

    def clean(self) -> dict[str, Any]:
        """Name every fault at once, also when the box for consent is empty."""
        data = super().clean() or self.cleaned_data
        names = ("phone", "password", "legal_name", "id_type", "number")
        try:
            check_sign_up(**{name: data.get(name, "") for name in names}, on=timezone.localdate())
        except Refusals as refusals:
            for refusal in refusals.refusals:
                if refusal.field not in self.errors:
                    self.add_error(refusal.field, str(refusal.message))
        return data


class SlipCodeForm(RefusalForm):
    """The code of a one-time slip."""

    code = forms.CharField(
        label=_("凭条上的 8 位码"),
        help_text=_("字母和数字，大小写、横线都不要紧。"),
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "input-id"}
        ),
        error_messages={"required": _("请填凭条上的码。")},
    )


class SlipAccountForm(RefusalForm):
    """A new account for the slip's person."""

    phone = _phone(help_text=_("以后用它登录。"))
    password = _password(
        _("设一个密码"),
        "new-password",
        help_text=_NEW_PASSWORD_HINT,
        error_messages={"required": _("请设一个密码。")},
    )


class SlipRelationForm(RefusalForm):
    """Whose slip it is, for an account that exists."""

    relation = forms.ChoiceField(
        label=_("凭条是谁的？"),
        choices=[(AccountRelation.SELF, _("我本人的")), (AccountRelation.FAMILY, _("我家里人的"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
