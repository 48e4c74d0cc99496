"""What a course says about itself in words; pure, from a version that is loaded already."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from cms.ui.figures import hours
from courses.completion import facts_of
from courses.enums import CertificateKind, HourKind, TrainingType
from courses.models import CourseVersion

_ICONS = Path(__file__).resolve().parent / "data" / "icons.json"
_BY_TYPE = {
    TrainingType.REFRESHER: "refresh",
    TrainingType.MANAGEMENT: "shop",
    TrainingType.STARTUP: "shop",
    TrainingType.GENERAL: "book",
}
_BY_WORK = {
    "家务服务员": "broom",
    "母婴护理员": "baby",
    "育婴员": "baby",
    "家庭照护员": "heart",
    "养老护理员": "heart",
}


def hour_parts(version: CourseVersion) -> list[str]:
    """Return ``理论 24``, ``实操 48``, ``社区 8``: kinds without hours are left out."""
    short = {HourKind.THEORY: _("理论"), HourKind.PRACTICE: _("实操"), HourKind.COMMUNITY: _("社区")}
    # A no-break space keeps a figure beside its word.
    return [
        f"{short[kind]}\u00a0{hours(version.hours_of(kind))}" for kind in HourKind if version.hours_of(kind)
    ]


def hours_line(version: CourseVersion) -> str:
    """``理论 24，实操 48，社区 8``."""
    return _("，").join(hour_parts(version))


def audience_of(version: CourseVersion) -> list[str]:
    """Return the groups the course is meant for, one each."""
    return [part.strip() for part in re.split(r"[；;]", version.audience) if part.strip()]


def pass_rule(version: CourseVersion) -> list[str]:
    """Return how a course is passed, one rule a sentence."""
    words = {
        "percent": version.min_attendance_percent,
        "hours": hours(facts_of(version).needed_hours),
    }
    rules = [_("出勤不少于 %(percent)s%%（%(hours)s 学时）") % words]
    if version.theory_pass_score is not None:
        rules.append(_("理论考试 %(score)s 分以上") % {"score": version.theory_pass_score})
    if version.practice_pass_score is not None:
        text = _("实操考核 %(score)s 分以上，由考评员打分，不是您的老师")
        rules.append(text % {"score": version.practice_pass_score})
    if len(rules) == 1:
        rules.append(_("不考试"))
    return rules


def certificate_line(version: CourseVersion) -> str:
    """Return what one gets at the end."""
    label = CertificateKind(version.certificate_kind).label
    if version.theory_pass_score is None and version.practice_pass_score is None:
        return _("学完发%(certificate)s。") % {"certificate": label}
    return _("学完、考核合格，发%(certificate)s。") % {"certificate": label}


def certificate_note(version: CourseVersion) -> str:
    """Return what that certificate is not; a state skill certificate comes from others (domain §2.4)."""
    label = CertificateKind(version.certificate_kind).label
    return _("%(certificate)s证明您学过，不是职业技能等级证书。") % {"certificate": label}


def icon_of(version: CourseVersion) -> str:
    """Return the drawing that stands for the course."""
    chosen = _icons().get(version.course.code)
    if chosen:
        return chosen
    work = version.work_type.name if version.work_type else version.occupation.name
    return _BY_TYPE.get(TrainingType(version.training_type)) or _BY_WORK.get(work, "notebook")


@cache
def _icons() -> dict[str, str]:
    icons: dict[str, str] = json.loads(_ICONS.read_text(encoding="utf-8"))
    return icons
