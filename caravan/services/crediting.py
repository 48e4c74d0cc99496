"""Push the hours of the roll down to the training records: when a roll closes, is corrected, at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from caravan.models import Enrolment, TrainingClass
from caravan.standing import CourseStanding, standing_of
from cms.models import User
from courses.enums import Component, RecordState
from courses.services.records import record_component


def credit_hours(
    training_class: TrainingClass, enrolments: Iterable[Enrolment], *, by: User | None, at: dt.datetime
) -> None:
    """Bring the open records of ``enrolments`` up to the marks; only figures that differ are written.

    Call it under the class's lock, in the transaction that changed the marks.
    """
    for person in standing_of(training_class, enrolments):
        for course in person.courses:
            credit_course(course, evidence=training_class.class_no, by=by, at=at)


def credit_course(
    course: CourseStanding, *, evidence: str, by: User | None, at: dt.datetime, with_nothing: bool = False
) -> None:
    """Write the hours of each kind that differ from the record's; ``with_nothing`` writes a first 0 too."""
    if course.record is None or course.record.state != RecordState.OPEN:
        return
    for kind, value in course.hours().items():
        component = Component.hours_of(kind)
        stored = course.stored.get(component)
        if value != stored and (value or stored or with_nothing):
            record_component(course.record, component, value, evidence=evidence, by=by, at=at)
