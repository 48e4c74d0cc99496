"""Unified social credit codes (统一社会信用代码, GB 32100): what is wrong with one, and what to do about it."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from cms.errors import DomainError

LENGTH = 18
# GB 32100 leaves these out because they are read as digits or as one another.
_READ_AS = {"I": "1", "O": "0", "Z": "2", "S": "5", "V": "U"}
_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")


def normalise_uscc(text: str) -> str:
    """Return the code without blanks and hyphens, in half-width capitals.

    >>> normalise_uscc("５２990101-MA0DEM03x f")
    '52990101MA0DEM03XF'
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "-－–")


def check_uscc(text: str) -> str:
    """Return the normalised code; refuse what cannot be one, on the field ``uscc``.

    ``uscc_length`` (not 18 signs), ``uscc_signs`` (a letter the standard leaves out, or other signs),
    ``uscc_region`` (signs 3 to 8 are digits), ``uscc_wrong`` (the check character). The check character is
    never offered as a remedy: any of the other seventeen may be the wrong one.
    """
    from stdnum.cn import uscc  # a MiB that only who types a code in needs

    code = normalise_uscc(text)
    if len(code) != LENGTH:
        raise _refusal("uscc_length", _length_message(len(code)))
    if wrong := [sign for sign in code if sign not in _ALPHABET]:
        raise _refusal("uscc_signs", _signs_message(wrong))
    if not code[:8].isdigit():
        raise _refusal("uscc_region", _("前 8 位都是数字（登记机关、类别、地区），请核对。"))
    if not uscc.is_valid(code):
        raise _refusal("uscc_wrong", _("统一社会信用代码的校验位对不上，有一位写错了，请照证书逐位核对。"))
    return code


def _length_message(count: int) -> str:
    if count == 15:
        return _("15 位的是旧的工商注册号，请填营业执照上 18 位的统一社会信用代码。")
    if count == 9:
        return _("9 位的是旧的组织机构代码，请填登记证书上 18 位的统一社会信用代码。")
    return _("统一社会信用代码是 18 位，这里是 %(count)s 位。") % {"count": count}


def _signs_message(wrong: list[str]) -> str:
    sign = wrong[0]
    if like := _READ_AS.get(sign):
        return _("统一社会信用代码里没有字母 %(sign)s，是不是 %(like)s？") % {"sign": sign, "like": like}
    return _("统一社会信用代码里不能有“%(sign)s”，只有数字和大写字母。") % {"sign": sign}


def _refusal(code: str, message: str) -> DomainError:
    return DomainError(code, message, field="uscc")
