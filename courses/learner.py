"""What a trainee is told about a record being worked on; pure, from rows that are loaded already."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cms.ui.figures import hours
from courses.completion import Values, VersionFacts, counted_hours, facts_of
from courses.enums import Component, HourKind
from courses.models import TrainingRecord


@dataclass(frozen=True)
class Task:
    """One line of the task list: what, how far, and the state as a tag."""

    label: str
    line: str
    state: str
    tone: str
    icon: str = ""


@dataclass(frozen=True)
class CurrentRecord:
    """A record as its trainee sees it; hours are 学时."""

    record: TrainingRecord
    done: Decimal
    total: Decimal
    missing: str
    tasks: list[Task]


def current_record(record: TrainingRecord) -> CurrentRecord:
    """Return what is done and what is missing; reads the prefetched components and version."""
    values = {
        Component(row.component): row.value for row in record.components.all() if row.superseded_at is None
    }
    facts = facts_of(record.course_version)
    done = sum((counted_hours(facts, values, kind) for kind in HourKind), Decimal(0))
    tasks = [_hour_task(facts, values, kind) for kind in HourKind if facts.planned[kind]]
    return CurrentRecord(
        record=record,
        done=done,
        total=facts.total_hours,
        missing=_missing_hours(facts, values),
        tasks=tasks + _score_tasks(facts, values),
    )


def _hour_task(facts: VersionFacts, values: Values, kind: HourKind) -> Task:
    done, planned = counted_hours(facts, values, kind), facts.planned[kind]
    line = _("%(done)s / %(planned)s 学时") % {"done": hours(done), "planned": hours(planned)}
    if done >= planned:
        return Task(str(kind.label), line, _("学完了"), "good", "check")
    return Task(str(kind.label), line, _("还差 %(hours)s") % {"hours": hours(planned - done)}, "info")


def _score_tasks(facts: VersionFacts, values: Values) -> list[Task]:
    parts = (
        (_("理论考试"), facts.theory_pass_score, Component.THEORY_SCORE),
        (_("技能考核"), facts.practice_pass_score, Component.PRACTICE_SCORE),
    )
    return [
        _score_task(label, needed, values.get(part)) for label, needed, part in parts if needed is not None
    ]


def _score_task(label: str, needed: int, score: Decimal | None) -> Task:
    if score is None:
        return Task(label, _("%(needed)s 分合格") % {"needed": needed}, _("还没考"), "neutral")
    words = {"score": hours(score), "needed": needed}
    if score >= needed:
        return Task(label, _("%(score)s 分") % words, _("合格"), "good", "check")
    return Task(label, _("%(score)s 分，要 %(needed)s 分") % words, _("要补考"), "warn")


def _missing_hours(facts: VersionFacts, values: Values) -> str:
    """Return ``实操 6 学时``, or an empty text when all planned hours are done."""
    missing = {kind: facts.planned[kind] - counted_hours(facts, values, kind) for kind in HourKind}
    parts = [
        _("%(kind)s %(hours)s 学时") % {"kind": kind.label, "hours": hours(left)}
        for kind, left in missing.items()
        if left > 0
    ]
    return _("、").join(parts)
