"""Words of rosters and what they mean: official ones are taken, everyday ones get a suggestion."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import IntegerChoices, TextChoices
from django.utils import translation

from cms.enums import Education, PersonGroup, Sex

# GB/T 3304, written with 族 as identity cards do in rosters.
_ETHNIC_GROUPS = """
汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇
柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京
塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺
"""
ETHNIC_GROUPS = frozenset(f"{name}族" for name in _ETHNIC_GROUPS.split())

_SEX = {"女性": Sex.FEMALE, "男性": Sex.MALE}
_EDUCATION = {
    "大专学历": Education.JUNIOR_COLLEGE,
    "专科": Education.JUNIOR_COLLEGE,
    "大学专科": Education.JUNIOR_COLLEGE,
    "大学本科": Education.BACHELOR,
    "大学": Education.BACHELOR,
    "硕士研究生": Education.MASTER,
    "硕士": Education.MASTER,
    "博士研究生": Education.MASTER,
    "中职": Education.SECONDARY_VOCATIONAL,
    "技校": Education.SECONDARY_VOCATIONAL,
    "职高": Education.SECONDARY_VOCATIONAL,
    "普通高中": Education.SENIOR,
    "初级中学": Education.JUNIOR,
}
# 离校未就业高校毕业生 is the longer official name of the same category (domain rows 20 to 23).
_GROUPS = {
    "离校未就业高校毕业生": PersonGroup.COLLEGE_GRADUATE,
    "农村转移劳动力": PersonGroup.RURAL_TRANSFER,
    "农村转移劳动者": PersonGroup.RURAL_TRANSFER,
    "城镇登记失业人员": PersonGroup.REGISTERED_UNEMPLOYED,
    "脱贫劳动力": PersonGroup.OUT_OF_POVERTY,
}
# Everyday words have no legal meaning: the clerk decides, we only suggest.
_EVERYDAY_GROUPS = {
    "农民工": PersonGroup.RURAL_TRANSFER,
    "打工": PersonGroup.RURAL_TRANSFER,
    "失业": PersonGroup.REGISTERED_UNEMPLOYED,
    "下岗": PersonGroup.REGISTERED_UNEMPLOYED,
    "下岗职工": PersonGroup.REGISTERED_UNEMPLOYED,
    "贫困户": PersonGroup.OUT_OF_POVERTY,
    "建档立卡": PersonGroup.OUT_OF_POVERTY,
    "大学生": PersonGroup.COLLEGE_GRADUATE,
    "毕业生": PersonGroup.COLLEGE_GRADUATE,
    "退休": PersonGroup.COMMUNITY_RETIRED,
    "退休人员": PersonGroup.COMMUNITY_RETIRED,
    "在职": PersonGroup.IN_POST,
    "宝妈": PersonGroup.CAREER_BREAK_WOMEN,
}


@cache
def chinese_labels(choices: type[TextChoices] | type[IntegerChoices]) -> dict[str, Any]:
    """Return Chinese label to value; files are Chinese whatever language the reader has chosen.

    Kept for good: a roster asks for every cell.
    """
    with translation.override("zh-hans"):
        return {str(label): value for value, label in choices.choices}


@cache
def sex_words() -> dict[str, str]:
    """Return what a roster may write for the sex."""
    return {**chinese_labels(Sex), **_SEX}


@cache
def education_words() -> dict[str, str]:
    """Return what a roster may write for the education."""
    return {**chinese_labels(Education), **_EDUCATION}


@cache
def group_words() -> dict[str, str]:
    """Return what a roster may write for a person category."""
    return {**chinese_labels(PersonGroup), **_GROUPS}


def suggest_group(word: str) -> str:
    """Return the official word for an everyday one, or an empty string."""
    group = _EVERYDAY_GROUPS.get(word)
    if group is None:
        return ""
    return next(label for label, value in chinese_labels(PersonGroup).items() if value == group)
