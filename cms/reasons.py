"""Reasons that people type: whether one says anything at all."""

from __future__ import annotations

import unicodedata


def says_enough(text: str, least: int) -> bool:
    """Return whether ``text`` has ``least`` letters or figures; dots, blanks and what nobody sees say nothing.

    >>> says_enough("发证", 2), says_enough("\u200b\u200b…。", 2)
    (True, False)
    """
    return sum(unicodedata.category(character)[0] in "LN" for character in text) >= least
