"""Vocabularies of what is taught; values come from the glossary."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrainingType(models.TextChoices):
    """Kinds of training (domain row 22 and the catalogue)."""

    PRE_JOB = "pre_job", _("岗前")
    UPSKILL = "upskill", _("提升")
    RESKILL = "reskill", _("转岗")
    STARTUP = "startup", _("创业")
    REFRESHER = "refresher", _("回炉")
    GENERAL = "general", _("通识")
    SPECIAL = "special", _("专项")
    MANAGEMENT = "management", _("管理")
    LECTURE = "lecture", _("讲座")


class SkillLevel(models.IntegerChoices):
    """职业技能等级, printed as 五级/初级工."""

    FIVE = 5, _("五级/初级工")
    FOUR = 4, _("四级/中级工")
    THREE = 3, _("三级/高级工")
    TWO = 2, _("二级/技师")
    ONE = 1, _("一级/高级技师")


class CertificateKind(models.TextChoices):
    """What this installation may issue; never 职业技能等级证书 (domain §2.4)."""

    TRAINING = "training", _("培训合格证书")
    COMPLETION = "completion", _("结业证书")
    REFRESHER = "refresher", _("回炉培训证明")
    HOURS = "hours", _("学时证明")


class ExternalKind(models.TextChoices):
    """Certificates others issued (requirement 25)."""

    SKILL_LEVEL = "skill_level", _("职业技能等级证书")
    QUALIFICATION = "qualification", _("职业资格证书")
    SPECIAL_ABILITY = "special_ability", _("专项职业能力证书")
    ONE_PLUS_X = "one_plus_x", _("1+X 证书")


class HourKind(models.TextChoices):
    """Kinds of 学时; the three parts of every course's hours (domain row 1)."""

    THEORY = "theory", _("理论")
    PRACTICE = "practice", _("实操")
    COMMUNITY = "community", _("社区场景实训")


class Component(models.TextChoices):
    """What a training record is made of."""

    THEORY_HOURS = "theory_hours", _("理论学时")
    PRACTICE_HOURS = "practice_hours", _("实操学时")
    COMMUNITY_HOURS = "community_hours", _("社区场景实训学时")
    THEORY_SCORE = "theory_score", _("理论成绩")
    PRACTICE_SCORE = "practice_score", _("技能成绩")

    @classmethod
    def hours_of(cls, kind: HourKind) -> Component:
        """Return the component that holds hours of ``kind``."""
        return cls(f"{kind}_hours")


SCORES = frozenset({Component.THEORY_SCORE, Component.PRACTICE_SCORE})


class RecordState(models.TextChoices):
    """Life of a training record."""

    OPEN = "open", _("学习中")
    COMPLETED = "completed", _("已合格")
    NOT_COMPLETED = "not_completed", _("未合格")


RECORD_MOVES: dict[str, frozenset[str]] = {
    RecordState.OPEN: frozenset({RecordState.COMPLETED, RecordState.NOT_COMPLETED}),
    RecordState.COMPLETED: frozenset(),
    RecordState.NOT_COMPLETED: frozenset(),
}
