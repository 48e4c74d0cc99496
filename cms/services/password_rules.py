"""What a new password has to be, in our own sentences."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cms.errors import DomainError


def password_faults(password: str) -> list[DomainError]:
    """Return what is wrong with a new password: ``password_weak``, or nothing."""
    try:
        validate_password(password)
    except ValidationError as error:
        return [DomainError("password_weak", _words(error), field="password")]
    return []


def _words(error: ValidationError) -> str:
    """Return our own sentences: Django's own are not all in Chinese."""
    words = {
        "password_too_short": _("密码太短，至少 8 位。"),
        "password_too_common": _("这个密码很多人用，容易被猜到，请换一个。"),
        "password_entirely_numeric": _("密码不能全是数字，请加一个字母。"),
    }
    return "".join(words.get(str(one.code), "".join(one.messages)) for one in error.error_list)
