"""Enter the scores of a class: all of a call, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from caravan.assessing import taught_class_no
from caravan.duties import may_enter_results
from caravan.enums import ClassState
from caravan.models import TrainingClass
from caravan.services.states import lock_class
from cms.errors import DomainError, Refusals
from cms.models import User
from courses.enums import Component
from courses.models import TrainingRecord
from courses.services.assessments import record_score

_TAKES_SCORES = frozenset({ClassState.RUNNING, ClassState.ASSESSING})


@dataclass(frozen=True)
class Score:
    """One score for one record; ``field`` is where a refusal is shown."""

    field: str
    record: TrainingRecord
    component: Component
    value: Decimal


@transaction.atomic
def record_results(
    training_class: TrainingClass, scores: Sequence[Score], *, by: User, at: dt.datetime
) -> TrainingClass:
    """Store every score, or none; a resit's score supersedes the former.

    Raises ``DomainError`` ``class_not_assessing``, ``not_an_assessor``, ``assessor_conflict`` (taught the
    class), or ``Refusals`` with every refused score at its field.
    """
    training_class = lock_class(training_class)
    if training_class.state not in _TAKES_SCORES:
        words = _("班级现在是“%(state)s”，不能登记成绩。") % {"state": training_class.get_state_display()}
        raise DomainError("class_not_assessing", words)
    if not may_enter_results(by, training_class):
        raise DomainError("not_an_assessor", _("只有这个班的考评员能登记成绩。"))
    reason = taught_class_no(by, training_class.class_no)
    if reason:
        raise DomainError("assessor_conflict", reason)
    refusals = [refusal for score in scores if (refusal := _record(score, training_class, by=by, at=at))]
    if refusals:
        raise Refusals(refusals)
    return training_class


def _record(score: Score, training_class: TrainingClass, *, by: User, at: dt.datetime) -> DomainError | None:
    try:
        record_score(
            score.record, score.component, score.value, evidence=training_class.class_no, by=by, at=at
        )
    except DomainError as error:
        return DomainError(error.code, str(error), field=score.field)
    return None
