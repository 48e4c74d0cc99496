"""Forms of signing in, signing up and slips. They ask; the services judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cms.enums import AccountRelation, IdType
from cms.errors import Refusals
from cms.forms.refusals import RefusalForm
from cms.models import User
from cms.phones import mask_phone
from cms.services.accounts import check_sign_up


def password_field(label: Any, autocomplete: str, **kwargs: Any) -> forms.CharField:
    """Return a field for a password; blanks in it are part of it."""
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


NEW_PASSWORD_HINT = _("至少 8 位，不要全是数字。写下来放好。")


class SignInForm(forms.Form):
    """Name and password."""

    name = forms.CharField(
        label=_("手机号"),
        help_text=_("也可以填邮箱或用户名。"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": _("请填手机号。")},
    )
    password = password_field(_("密码"), "current-password", error_messages={"required": _("请填密码。")})


class UnlockForm(RefusalForm):
    """The password of who uses a shared phone."""

    password = password_field(_("密码"), "current-password", error_messages={"required": _("请填密码。")})


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
    password = password_field(
        _("设一个密码"),
        "new-password",
        help_text=NEW_PASSWORD_HINT,
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


NEW_ACCOUNT = "new"


class SlipAccountForm(RefusalForm):
    """A password for an account that the slip's person has, or a new account."""

    account = forms.ChoiceField(
        label=_("您已经有账号"), widget=forms.RadioSelect, error_messages={"required": _("请选一项。")}
    )
    phone = _phone(help_text=_("以后用它登录。"), required=False)
    password = password_field(
        _("设一个密码"),
        "new-password",
        help_text=NEW_PASSWORD_HINT,
        error_messages={"required": _("请设一个密码。")},
    )

    def __init__(self, *args: Any, accounts: Sequence[User] = (), **kwargs: Any) -> None:
        """``accounts`` are those whose password the slip may set."""
        super().__init__(*args, **kwargs)
        if not accounts:
            del self.fields["account"]
            self.fields["phone"].required = True
            return
        choice = self.fields["account"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101  declared above
        known = [(str(user.pk), _account_words(user)) for user in accounts]
        choice.choices = [*known, (NEW_ACCOUNT, gettext("不用它，另开一个账号"))]

    def clean(self) -> dict[str, Any]:
        """Ask for a phone where a new account is wanted."""
        data = super().clean() or self.cleaned_data
        if data.get("account") == NEW_ACCOUNT and not data.get("phone"):
            self.add_error("phone", gettext("开新账号要填手机号。"))
        return data


def _account_words(user: User) -> str:
    name = mask_phone(user.phone) if user.phone else user.username
    return gettext("给账号 %(name)s 重设密码") % {"name": name}


class BindForm(RefusalForm):
    """What the register may hold: name, document and the phone on record; none of it is confirmed."""

    legal_name = forms.CharField(
        label=_("姓名"), max_length=100, error_messages={"required": _("请填姓名，和身份证上一样。")}
    )
    id_type = forms.ChoiceField(label=_("证件类型"), choices=IdType, initial=IdType.CITIZEN_ID)
    number = forms.CharField(
        label=_("证件号码"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "input-id", "autocapitalize": "characters"}
        ),
        error_messages={"required": _("请填证件号码。")},
    )
    phone = _phone(help_text=_("报名表或花名册上留的那个。"))


class SlipRelationForm(RefusalForm):
    """Whose slip it is, for an account that exists."""

    relation = forms.ChoiceField(
        label=_("凭条是谁的？"),
        choices=[(AccountRelation.SELF, _("我本人的")), (AccountRelation.FAMILY, _("我家里人的"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
