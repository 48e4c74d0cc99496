"""When a course is completed: a pure rule over hours and scores (requirement 12).

Hours are 学时 and exact decimals. The share asked for is of the course's total hours; what is on the
boundary counts. Hours of one kind beyond the plan of that kind stand in for no other kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from cms.ui.figures import hours
from courses.enums import Component, HourKind

if TYPE_CHECKING:
    from courses.models import CourseVersion

Values = Mapping[Component, Decimal]


@dataclass(frozen=True)
class VersionFacts:
    """What a course version asks for."""

    planned: Mapping[HourKind, Decimal]
    min_attendance_percent: int
    theory_pass_score: int | None
    practice_pass_score: int | None

    @property
    def total_hours(self) -> Decimal:
        """Return the planned hours of all kinds."""
        return sum(self.planned.values(), Decimal(0))

    @property
    def needed_hours(self) -> Decimal:
        """Return the least hours that count as attended enough; exact, never rounded."""
        return self.total_hours * self.min_attendance_percent / 100


@dataclass(frozen=True)
class Outstanding:
    """One thing still to do: a stable ``code`` and a sentence for the trainee.

    Codes: ``hours_short``, ``theory_missing``, ``theory_failed``, ``practice_missing``,
    ``practice_failed``.
    """

    code: str
    text: str


def facts_of(version: CourseVersion) -> VersionFacts:
    """Return what ``version`` asks for, without a query."""
    return VersionFacts(
        planned={kind: version.hours_of(kind) for kind in HourKind},
        min_attendance_percent=version.min_attendance_percent,
        theory_pass_score=version.theory_pass_score,
        practice_pass_score=version.practice_pass_score,
    )


def counted_hours(facts: VersionFacts, values: Values, kind: HourKind) -> Decimal:
    """Return the credited hours of ``kind``, at most those planned."""
    return min(values.get(Component.hours_of(kind), Decimal(0)), facts.planned[kind])


def outstanding(facts: VersionFacts, values: Values) -> list[Outstanding]:
    """Return what is still missing, hours first; empty means completed."""
    missing = [_missing_hours(facts, values)]
    missing.append(_missing_theory(facts.theory_pass_score, values.get(Component.THEORY_SCORE)))
    missing.append(_missing_practice(facts.practice_pass_score, values.get(Component.PRACTICE_SCORE)))
    return [one for one in missing if one is not None]


def _missing_hours(facts: VersionFacts, values: Values) -> Outstanding | None:
    done = {kind: counted_hours(facts, values, kind) for kind in HourKind}
    short = facts.needed_hours - sum(done.values(), Decimal(0))
    if short <= 0:
        return None
    kinds = [str(kind.label) for kind in HourKind if done[kind] < facts.planned[kind]]
    if len(kinds) == 1:
        text = _("还差%(kind)s %(hours)s 学时") % {"kind": kinds[0], "hours": hours(short)}
    else:
        text = _("还差 %(hours)s 学时（%(kinds)s还没上完）") % {
            "hours": hours(short),
            "kinds": _("、").join(kinds),
        }
    return Outstanding("hours_short", text)


def _missing_theory(needed: int | None, score: Decimal | None) -> Outstanding | None:
    if needed is None:
        return None
    if score is None:
        return Outstanding("theory_missing", _("理论还没考"))
    if score < needed:
        words = {"score": hours(score), "needed": needed}
        return Outstanding("theory_failed", _("理论 %(score)s 分，要 %(needed)s 分") % words)
    return None


def _missing_practice(needed: int | None, score: Decimal | None) -> Outstanding | None:
    if needed is None:
        return None
    if score is None:
        return Outstanding("practice_missing", _("技能还没考"))
    if score < needed:
        words = {"score": hours(score), "needed": needed}
        return Outstanding("practice_failed", _("技能 %(score)s 分，要 %(needed)s 分") % words)
    return None
