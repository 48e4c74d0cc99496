"""Forms of codes, the second factor and passwords. They ask; the services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.enums import AccountRelation
from cms.forms.account import NEW_PASSWORD_HINT, password_field
from cms.forms.refusals import RefusalForm
from cms.services.codes import mails_are_sent, texts_are_sent


def _code_field(label: Any, **kwargs: Any) -> forms.CharField:
    widget = forms.TextInput(
        attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input-id"}
    )
    return forms.CharField(
        label=label, max_length=30, widget=widget, error_messages={"required": _("请填码。")}, **kwargs
    )


class CodePhoneForm(RefusalForm):
    """Where to text a code for signing in."""

    target = forms.CharField(
        label=_("手机号"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": _("请填手机号。")},
    )


class ForgottenForm(RefusalForm):
    """Where to send a code for a new password: what is asked for is what can be sent."""

    target = forms.CharField(max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        if texts_are_sent() and mails_are_sent():
            field.label, missing = _("手机号或邮箱"), _("请填手机号或邮箱。")
        elif texts_are_sent():
            field.label, missing = _("手机号"), _("请填手机号。")
        else:
            field.label, missing = _("邮箱"), _("请填邮箱。")
        field.error_messages["required"] = missing
        field.widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}


class SentCodeForm(RefusalForm):
    """The code that was sent."""

    code = _code_field(_("6 位码"))


class BindCodeForm(SentCodeForm):
    """The code that went to the phone on record, and whose it is."""

    relation = forms.ChoiceField(
        label=_("这个人是谁？"),
        choices=[(AccountRelation.SELF, _("我本人")), (AccountRelation.FAMILY, _("我家里人"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )


class NewPasswordForm(RefusalForm):
    """A new password, after another proof."""

    password = password_field(
        _("设一个新密码"),
        "new-password",
        help_text=NEW_PASSWORD_HINT,
        error_messages={"required": _("请设一个密码。")},
    )


class SentCodePasswordForm(NewPasswordForm):
    """The code that was sent, and a new password."""

    code = _code_field(_("6 位码"))
    field_order = ["code", "password"]


class ChangePasswordForm(RefusalForm):
    """The password of today and the one from now on."""

    old = password_field(
        _("现在的密码"), "current-password", error_messages={"required": _("请填现在的密码。")}
    )
    password = password_field(
        _("新密码"),
        "new-password",
        help_text=NEW_PASSWORD_HINT,
        error_messages={"required": _("请填新密码。")},
    )


class FactorForm(RefusalForm):
    """A code of the authenticator app, or one from the paper."""

    code = _code_field(_("验证码"), help_text=_("手机上现在显示的 6 位数；也可以填纸上的 8 位备用码。"))


class NewFactorForm(RefusalForm):
    """The first code of a new authenticator app."""

    code = _code_field(_("手机上显示的 6 位数"))
