"""Why a message did not go out, in words; the gateway's own code is shown as it is."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

REASONS: dict[str, str | Promise] = {
    "no_account": gettext_lazy("没有账号，网站上看不到"),
    "no_address": gettext_lazy("没有登记手机号或邮箱"),
    "no_gateway": gettext_lazy("没有开通"),
    "opted_out": gettext_lazy("本人选了不收"),
    "not_due": gettext_lazy("发的时候已经用不着了"),
    "withdrawn": gettext_lazy("没发之前就作废了"),
    "interrupted": gettext_lazy("发到一半中断了"),
    "no_answer": gettext_lazy("网关没有回话"),
    "not_reached": gettext_lazy("网关连不上"),
    "not_set_up": gettext_lazy("网关没有设好，请找系统管理员"),
    "bad_address": gettext_lazy("地址写得不对"),
    "fault": gettext_lazy("系统出错，请找系统管理员"),
}
_GAVE_UP = "gave_up "


def words_of_reason(reason: str) -> str:
    """Return the reason in the reader's language; a code that is not ours comes from the gateway."""
    if reason.startswith(_GAVE_UP):
        return _("试了几次都不行：%(why)s") % {"why": words_of_reason(reason.removeprefix(_GAVE_UP))}
    if reason in REASONS:
        return str(REASONS[reason])
    return _("网关说：%(code)s") % {"code": reason} if reason else ""
