"""Scores: entered by somebody who may assess this person, and only while the record is open."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from cms.errors import DomainError
from cms.models import User
from courses.assessors import refuse_conflicts
from courses.enums import SCORES, Component
from courses.models import CourseVersion, RecordComponent, TrainingRecord
from courses.services.components import lock_record, put_component, refuse_closed


@transaction.atomic
def record_score(
    record: TrainingRecord,
    component: Component,
    score: Decimal,
    *,
    evidence: str,
    by: User | None,
    at: dt.datetime,
) -> RecordComponent:
    """Store a score of 0 to 100 in steps of 0.5; a resit supersedes the former score.

    ``by`` is the assessor; ``None`` only for a score taken over from another system. Refusals:
    ``not_a_score``, ``score_range``, ``record_closed``, ``score_not_asked``, ``assessor_conflict``.
    """
    record = lock_record(record)
    _refuse_value(component, score)
    refuse_closed(record)
    _refuse_unasked(record.course_version, component)
    if by is not None:
        refuse_conflicts(by, record)
    return put_component(record, component, score, evidence=evidence, by=by, at=at)


def _refuse_value(component: Component, score: Decimal) -> None:
    if component not in SCORES:
        raise DomainError("not_a_score", _("这一项不是成绩。"))
    if not 0 <= score <= 100 or score % Decimal("0.5"):
        raise DomainError(
            "score_range",
            _("成绩填 0 到 100，最小到 0.5 分。您填了 %(score)s。") % {"score": score},
            field="score",
        )


def _refuse_unasked(version: CourseVersion, component: Component) -> None:
    if component == Component.THEORY_SCORE and version.theory_pass_score is None:
        raise DomainError("score_not_asked", _("这门课不考理论。"))
    if component == Component.PRACTICE_SCORE and version.practice_pass_score is None:
        raise DomainError("score_not_asked", _("这门课不考技能。"))
