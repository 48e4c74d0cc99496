"""What officers write beside money: short, never empty where it is asked for, and without anybody's number."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from cms.errors import DomainError
from cms.reasons import says_enough

# As long as a document or bank number, in groups as cards have it or without: what is written here is told to
# people and kept for good.
_LONG_NUMBER = re.compile(r"\d(?: ?\d){13,}")
_LEAST, _LONGEST = 2, 120


def short_words(text: str) -> str:
    """Return ``text`` without the space around it, as long as the row takes."""
    return text.strip()[:_LONGEST]


def needed_words(text: str, words: str, *, code: str, field: str) -> str:
    """Return ``text`` as it is kept; refuses ``code`` with ``words`` where it says nothing, ``reason_has_number``."""
    if not says_enough(text, _LEAST):
        raise DomainError(code, words, field=field)
    return optional_words(text, field=field)


def optional_words(text: str, *, field: str) -> str:
    """Return ``text`` as it is kept; refuses ``reason_has_number``."""
    if _LONG_NUMBER.search(text):
        raise DomainError(
            "reason_has_number", _("这里写的会长期留存，请不要写证件号码和银行账号。"), field=field
        )
    return short_words(text)
