"""Latin spelling of names, so that an officer finds 王桂花 by ``wangguihua`` or ``wgh``."""

from __future__ import annotations

# Characters that sound otherwise as a surname (rules of GB/T 28039 name the surname reading).
_SURNAMES = {
    "单": "shan", "解": "xie", "仇": "qiu", "任": "ren", "曾": "zeng", "查": "zha", "区": "ou", "朴": "piao",
    "翟": "zhai", "盖": "ge", "乐": "yue", "华": "hua", "覃": "qin", "纪": "ji", "缪": "miao", "冼": "xian",
    "员": "yun", "尉": "yu", "万": "wan", "牟": "mu", "种": "chong", "繁": "po", "秘": "bi", "折": "she",
    "召": "shao", "晁": "chao", "瞿": "qu", "隗": "wei", "郇": "xun", "洗": "xian", "过": "guo", "哈": "ha",
    "宁": "ning", "俞": "yu", "郗": "xi", "燕": "yan", "应": "ying", "盛": "sheng", "长": "zhang",
}  # fmt: skip
_COMPOUND = {"单于": ["chan", "yu"], "尉迟": ["yu", "chi"], "万俟": ["mo", "qi"], "长孙": ["zhang", "sun"]}


def spell_name(name: str) -> str:
    """Return the full spelling and the initials, lower case, e.g. ``wangguihua wgh``; at most 200 characters."""
    syllables = [syllable.lower() for syllable in _syllables(name) if syllable.strip(" ·.-'’")]
    full = "".join("".join(c for c in syllable if c.isalnum()) for syllable in syllables)
    initials = "".join(syllable[0] for syllable in syllables)
    return f"{full[:149]} {initials[:50]}".strip()


def _syllables(name: str) -> list[str]:
    from pypinyin import lazy_pinyin  # its dictionaries take a third of a second that few commands need

    compound = _COMPOUND.get(name[:2])
    if compound:
        return compound + lazy_pinyin(name[2:])
    surname = _SURNAMES.get(name[:1])
    return [surname, *lazy_pinyin(name[1:])] if surname else lazy_pinyin(name)
