"""Latin spelling of names, so that an officer finds 王桂花 by ``wangguihua`` or ``wgh``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from cms.search.names import search_key
from cms.search.words import begins_with_han

# Characters that sound otherwise as a surname (rules of GB/T 28039 name the surname reading).
_SURNAMES = {
    "单": "shan", "解": "xie", "仇": "qiu", "任": "ren", "曾": "zeng", "查": "zha", "区": "ou", "朴": "piao",
    "翟": "zhai", "盖": "ge", "乐": "yue", "华": "hua", "覃": "qin", "纪": "ji", "缪": "miao", "冼": "xian",
    "员": "yun", "尉": "yu", "万": "wan", "牟": "mu", "种": "chong", "繁": "po", "秘": "bi", "折": "she",
    "召": "shao", "晁": "chao", "瞿": "qu", "隗": "wei", "郇": "xun", "洗": "xian", "过": "guo", "哈": "ha",
    "宁": "ning", "俞": "yu", "郗": "xi", "燕": "yan", "应": "ying", "盛": "sheng", "长": "zhang",
}  # fmt: skip
_COMPOUND = {"单于": ["chan", "yu"], "尉迟": ["yu", "chi"], "万俟": ["mo", "qi"], "长孙": ["zhang", "sun"]}


class SpelledName(NamedTuple):
    """A person's name as lists sort and find it: what ``name_pinyin`` and ``search_key`` hold."""

    name_pinyin: str
    search_key: str


def spell_name(name: str, former: Iterable[str] = ()) -> SpelledName:
    """Return the full spelling with the initials, lower case, e.g. ``wangguihua wgh``; at most 200 characters.

    The search key finds the person by ``former`` names too.
    """
    syllables = _of_person(name)
    spelled = [(name, syllables), *((old, _of_person(old)) for old in former)]
    initials = "".join(syllable[0] for syllable in syllables)
    return SpelledName(f"{''.join(syllables)[:149]} {initials[:50]}".strip(), search_key(spelled))


def organisation_key(name: str, *codes: str) -> str:
    """Return the search key of an organisation: by its name and its spelling, and by its codes' beginning."""
    return search_key([(name, _read(name))], codes)


def _of_person(name: str) -> list[str]:
    compound = _COMPOUND.get(name[:2])
    if compound:
        return [*compound, *_read(name[2:])]
    if not begins_with_han(name):
        return list(_read(name))
    # A surname makes no word with what follows it: 王 and 朝阳, not 王朝 and 阳.
    surname = _SURNAMES.get(name[:1])
    return [*((surname,) if surname else _read(name[:1])), *_read(name[1:])]


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[str, ...]:
    """Return the syllables in lower case without signs; of what is no Han character its letters and digits.

    Kept, because few surnames and given names make up most of a register.
    """
    from pypinyin import lazy_pinyin  # its dictionaries take a third of a second that few commands need

    bare = ("".join(char for char in syllable if char.isalnum()).lower() for syllable in lazy_pinyin(text))
    return tuple(syllable for syllable in bare if syllable)
