"""What belongs to a class's history, and to a tour's; sessions and enrolments have one of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caravan.models import Tour, TrainingClass
from cms.backoffice.history import HistorySubject, history_subjects

_CLASS = "caravan.trainingclass"


def _of_class(training_class: TrainingClass) -> Mapping[str, Iterable[Any]]:
    return {
        "caravan.session": training_class.sessions.values_list("pk", flat=True),
        "caravan.enrolment": training_class.enrolments.values_list("pk", flat=True),
    }


def _of_tour(tour: Tour) -> Mapping[str, Iterable[Any]]:
    return {"caravan.stop": tour.stops.values_list("pk", flat=True)}


history_subjects.register(_CLASS, HistorySubject(_of_class))
history_subjects.register("caravan.tour", HistorySubject(_of_tour))
history_subjects.register(
    "caravan.classfiling", HistorySubject(lambda filing: {_CLASS: [filing.training_class_id]})
)
history_subjects.register("caravan.session", HistorySubject(gate=_CLASS))
history_subjects.register("caravan.enrolment", HistorySubject(gate=_CLASS))
