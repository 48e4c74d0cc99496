"""Telephone numbers as people write them."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from cms.errors import DomainError

# Figures of ASCII alone: nobody dials those of other scripts, and one number would be several.
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
# Area code, number, extension; an 8 in front as some village switchboards have it is part of the number.
_LANDLINE = re.compile(r"0\d{2,3}\d{7,8}", re.ASCII)


def normalise_phone(text: object) -> str:
    """Return digits only, without blanks, dashes and the country code; whole numbers of a sheet too."""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    written = "" if text is None else str(text)
    if _MOBILE.fullmatch(written):
        return written  # as nearly everybody writes it: nothing to leave out
    # Address books put invisible marks of direction around a number that is copied from them.
    seen = (c for c in written if unicodedata.category(c) != "Cf")
    plain = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in seen)
    digits = re.sub(r"[\s\-‐–—().]", "", plain)
    return re.sub(r"^(\+|00)86(?=[01])|^86(?=1[3-9][0-9]{9}$)", "", digits)


def check_phone(phone: str, *, mobile: bool = False) -> None:
    """Raise ``DomainError`` ``phone_wrong`` unless a normalised ``phone`` is a mobile or fixed number.

    ``mobile`` asks for a mobile number: an account signs in with it.
    """
    if _MOBILE.fullmatch(phone) or (not mobile and _LANDLINE.fullmatch(phone)):
        return
    if phone.isdigit() and phone.startswith("1") and len(phone) != 11:
        message = _("手机号是 11 位，您填了 %(length)s 位，请再数一数。") % {"length": len(phone)}
    else:
        message = _("电话号码不对，请填 11 位手机号。")
    raise DomainError("phone_wrong", message, field="phone")


def mask_phone(phone: str) -> str:
    """Return a phone so that its owner knows it and nobody else learns it.

    >>> mask_phone("13900000417")
    '139****0417'
    """
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
