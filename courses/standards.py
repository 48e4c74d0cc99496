"""What a course version says, before it is stored: the same checks for a form, a file and a copy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cms.errors import DomainError
from cms.ui.figures import hours
from courses.enums import CertificateKind, TrainingType
from courses.models import CourseVersion, Occupation, WorkType

_STEP = Decimal("0.5")


@dataclass(frozen=True)
class CourseStandard:
    """The content of a version; hours are 学时 in steps of 0.5, scores 0 to 100 or ``None`` for no test."""

    title: str
    training_type: TrainingType
    occupation: Occupation
    work_type: WorkType | None
    skill_level: int | None
    total_hours: Decimal
    theory_hours: Decimal
    practice_hours: Decimal
    community_hours: Decimal
    audience: str
    theory_pass_score: int | None
    practice_pass_score: int | None
    certificate_kind: CertificateKind
    counts_as_refresher: bool
    min_attendance_percent: int = 80

    def values(self) -> dict[str, object]:
        """Return the fields of a ``CourseVersion`` with their values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def refusals(self) -> list[DomainError]:
        """Return every reason against storing this; ``field`` names the field it belongs to.

        Codes: ``hours_step``, ``hours_do_not_add_up``, ``hours_missing``, ``work_type_elsewhere``.
        """
        reasons = [
            DomainError("hours_step", _("学时填 0 或 0.5 的倍数。"), field=name)
            for name in ("theory_hours", "practice_hours", "community_hours")
            if getattr(self, name) < 0 or getattr(self, name) % _STEP
        ]
        parts = self.theory_hours + self.practice_hours + self.community_hours
        if parts != self.total_hours:
            words = {"total": hours(self.total_hours), "parts": hours(parts)}
            text = _("总学时 %(total)s，理论、实操、社区场景实训加起来是 %(parts)s，对不上。") % words
            reasons.append(DomainError("hours_do_not_add_up", text, field="total_hours"))
        if self.total_hours <= 0:
            reasons.append(DomainError("hours_missing", _("总学时要大于 0。"), field="total_hours"))
        if self.work_type is not None and self.work_type.occupation_id != self.occupation.pk:
            words = {"work_type": self.work_type.name, "occupation": self.occupation.name}
            text = _("“%(work_type)s”不是“%(occupation)s”的工种。") % words
            reasons.append(DomainError("work_type_elsewhere", text, field="work_type"))
        return reasons


def standard_of(version: CourseVersion) -> CourseStandard:
    """Return what ``version`` says; the start of a new version."""
    return CourseStandard(**{name: getattr(version, name) for name in CourseStandard.__dataclass_fields__})


def differences(old: CourseStandard, new: CourseStandard) -> dict[str, tuple[str, str]]:
    """Return the fields that differ with both values as text, for the audit log and the screen."""
    before, after = old.values(), new.values()
    return {name: (str(before[name]), str(after[name])) for name in before if before[name] != after[name]}
