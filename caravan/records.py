"""The training records that a class opened, found by the source it wrote on them."""

from __future__ import annotations

from collections.abc import Iterable

from caravan.models import TrainingClass
from courses.models import TrainingRecord
from courses.querysets import RecordQuerySet


def source_of(training_class: TrainingClass) -> str:
    """Return what records of this class carry as their source: ``class:XH-2026-0007``."""
    return f"class:{training_class.class_no}"


def records_of(training_class: TrainingClass, people_ids: Iterable[int]) -> RecordQuerySet[TrainingRecord]:
    """Return the records this class opened for these people, of every state."""
    return TrainingRecord.objects.filter(person_id__in=people_ids, source=source_of(training_class))
