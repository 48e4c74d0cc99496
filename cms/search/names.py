"""Names found by any part of them, by their spelling and by its initials, the same on every database.

A row keeps one text of words, its search key: the name as one word, and the spelling and its initials from
each syllable on. 秀英, xiuying, ying and xy all find 王秀英, with or without blanks; wang finds nobody
called 黄广. A part of a word is asked for with LIKE, which both databases answer alike as everything is
lower case: what a run of characters holds in its middle no index of theirs finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet

from cms.search.words import joined_word, latin_words

# Letters of a spelling that are kept and asked for; a longer query is cut alike.
_MOST_LETTERS = 40
KEY = "search_key"


def search_key(spelled: Iterable[tuple[str, Sequence[str]]], codes: Iterable[str] = ()) -> str:
    """Return the key of names with their syllables, and of codes that are found by their beginning.

    >>> search_key([("王秀英", ["wang", "xiu", "ying"])])
    ' 王秀英 wangxiuying xiuying ying wxy xy'
    """
    words: list[str] = []
    for name, syllables in spelled:
        initials = "".join(syllable[:1] for syllable in syllables)
        words += [joined_word(name), *latin_words(name)]
        words += ["".join(syllables[at:])[:_MOST_LETTERS] for at in range(len(syllables))]
        words += [initials[at : at + _MOST_LETTERS] for at in range(len(initials) - 1)]
    words += [joined_word(code) for code in codes]
    return "".join(f" {word}" for word in dict.fromkeys(words) if word)


def found_by(rows: QuerySet[Any], typed: str, fields: Sequence[str]) -> QuerySet[Any]:
    """Return the rows of which each typed word is in one of ``fields``; a field ``…search_key`` is a search key.

    Of signs alone nothing can be found.
    """
    words = typed.split()
    asked = [_in_one_of(fields, word) for word in words if joined_word(word)]
    if words and not asked:
        return rows.none()
    return rows.filter(reduce(and_, asked)) if asked else rows


def _in_one_of(fields: Sequence[str], word: str) -> Q:
    return reduce(
        or_, (_in_key(field, word) if field.endswith(KEY) else _in_text(field, word) for field in fields)
    )


def _in_key(field: str, word: str) -> Q:
    plain = joined_word(word)
    if not plain.isascii():
        return Q(**{f"{field}__contains": plain})
    # Letters count from a syllable or a word on; what a sign parts, as in O'Neil, are several words.
    parts = [f" {part[:_MOST_LETTERS]}" for part in latin_words(word)]
    return reduce(and_, (Q(**{f"{field}__contains": part}) for part in parts))


def _in_text(field: str, word: str) -> Q:
    return Q(**{f"{field}__icontains": word.replace("\x00", "")})
