"""Occupations and levels as rosters write them: official words are taken, everyday ones get a suggestion."""

from __future__ import annotations

from django.utils import timezone

from cms.importing.vocabulary import chinese_labels
from cms.querysets import live_on
from courses.enums import SkillLevel
from courses.models import Occupation, WorkType

# The work types of the national standards; what the installation's own catalogue names comes on top.
_STANDARD = (
    "家政服务员", "家政服务员（家务服务员）", "家政服务员（母婴护理员）", "家政服务员（家庭照护员）",
    "育婴员", "养老护理员",
)  # fmt: skip
# Everyday words are several occupations or none: the clerk decides, we only suggest.
EVERYDAY_OCCUPATIONS = {
    "月嫂": "家政服务员（母婴护理员）",
    "催乳师": "家政服务员（母婴护理员）",
    "母婴护理": "家政服务员（母婴护理员）",
    "保姆": "家政服务员（家务服务员）",
    "钟点工": "家政服务员（家务服务员）",
    "保洁": "家政服务员（家务服务员）",
    "家政": "家政服务员",
    "护工": "家政服务员（家庭照护员）",
    "育儿嫂": "育婴员",
    "育婴师": "育婴员",
    "养老护理": "养老护理员",
}


def occupation_words() -> dict[str, str]:
    """Return what a roster may write for the occupation to the official word: two queries."""
    names = dict.fromkeys(_STANDARD)
    today = timezone.localdate()
    names |= dict.fromkeys(Occupation.objects.filter(live_on(today)).values_list("name", flat=True))
    types = WorkType.objects.filter(
        live_on(today, start="occupation__valid_from", end="occupation__valid_until")
    )
    names |= dict.fromkeys(
        f"{occupation}（{name}）" for occupation, name in types.values_list("occupation__name", "name")
    )
    # Half-width brackets are the same word.
    return {
        spelling: name for name in names for spelling in (name, name.replace("（", "(").replace("）", ")"))
    }


def level_words() -> dict[str, str]:
    """Return what a roster may write for the level to the printed word: 5级, 五级 and 初级工 are one."""
    words: dict[str, str] = {}
    for label, value in chinese_labels(SkillLevel).items():
        numeral, _, title = label.partition("/")
        spellings = {
            label,
            numeral,
            title,
            f"{value}级",
            f"{value}",
            f"{label.replace('/', '')}",
            f"{numeral}（{title}）",
        }
        words |= dict.fromkeys(spellings, label)
    # 初级, 中级, 高级 are what certificates until 2015 said.
    return words | {"初级": "五级/初级工", "中级": "四级/中级工", "高级": "三级/高级工"}
