"""What is indexed and asked for: no dictionary, the same on every database.

A run of Han (or any other unspaced) characters becomes its single characters and its pairs, so that
月嫂 is found inside 高级月嫂护理培训. Each character is written as ``u`` and six hex digits: to the
tokenizers of SQLite and PostgreSQL these are plain ASCII words, so a character younger than the
library, or beyond the basic plane, is found like any other. Everything else is lower case without
accents; signs only separate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise

_LONGEST_PINYIN = 4  # syllables typed together, as in jiazhengfuwu
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003fffd]+")
_PLAIN_HAN = re.compile(r"[\u4e00-\u9fa5]+")


def begins_with_han(text: str) -> bool:
    """Say whether the first character is a Han character."""
    return _HAN.match(text) is not None


def index_words(text: str) -> list[str]:
    """Return the words under which ``text`` is stored."""
    words = []
    for run, is_unspaced in _runs(text):
        words += [_coded(char) for char in run] + _pairs(run) if is_unspaced else [_latin(run)]
    return words


def query_words(text: str) -> list[str]:
    """Return the words that ``text``, typed by a visitor, asks for; each at most once."""
    words: list[str] = []
    for run, is_unspaced in _runs(text):
        words += (_pairs(run) or [_coded(run)]) if is_unspaced else [_latin(run)]
    return list(dict.fromkeys(words))


def pinyin_words(text: str) -> list[str]:
    """Return the pinyin of every piece of one to four Han characters, joined and without tones."""
    from pypinyin import Style, lazy_pinyin  # its dictionaries take a third of a second to read

    words: list[str] = []
    for run in _HAN.findall(text):
        syllables = lazy_pinyin(run, style=Style.NORMAL, errors="ignore")
        for size in range(1, _LONGEST_PINYIN + 1):
            words += ["".join(syllables[at : at + size]) for at in range(len(syllables) - size + 1)]
    return list(dict.fromkeys(words))


def joined_word(text: str) -> str:
    """Return ``text`` as one word, without blanks and signs.

    >>> joined_word("阿依古丽·买买提 "), joined_word("Anna O'Neil")
    ('阿依古丽买买提', 'annaoneil')
    """
    return "".join(run if is_unspaced else _latin(run) for run, is_unspaced in _runs(text))


def latin_words(text: str) -> list[str]:
    """Return the words of ``text`` that are written with spaces between them."""
    return [_latin(run) for run, is_unspaced in _runs(text) if not is_unspaced]


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of ``text`` with whether they are written without spaces."""
    if _PLAIN_HAN.fullmatch(text):
        yield text, True  # nearly every name: one run, nothing to fold
        return
    plain = unicodedata.normalize("NFKC", text).lower()
    for kind, characters in groupby(plain, _kind):
        if kind is not None:
            yield "".join(characters), kind


def _kind(char: str) -> bool | None:
    category = unicodedata.category(char)
    # Cn: a character younger than this Python is far more likely a rare Han character than a sign.
    if category in {"Lo", "Cn", "Co"}:
        return True
    return False if category[0] in "LMN" else None


def _coded(char: str) -> str:
    return f"u{ord(char):06x}"


def _pairs(run: str) -> list[str]:
    return [_coded(one) + _coded(two) for one, two in pairwise(run)]


def _latin(run: str) -> str:
    bare = (char for char in unicodedata.normalize("NFD", run) if not unicodedata.combining(char))
    return "".join(char if char.isascii() else _coded(char) for char in bare)
