"""Push the hours of the roll down to the training records: when a roll closes, is corrected, at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from caravan.models import Enrolment, TrainingClass
from caravan.standing import CourseStanding, standing_of
from cms.models import User
from courses.enums import Component, RecordState
from courses.services.components import NewValue
from courses.services.records import record_components


def credit_hours(
    training_class: TrainingClass, enrolments: Iterable[Enrolment], *, by: User | None, at: dt.datetime
) -> None:
    """Bring the open records of ``enrolments`` up to the marks; only figures that differ are written.

    Call it under the class's lock, in the transaction that changed the marks.
    """
    courses = [course for person in standing_of(training_class, enrolments) for course in person.courses]
    credit_courses(courses, evidence=training_class.class_no, by=by, at=at)


def credit_courses(
    courses: Iterable[CourseStanding],
    *,
    evidence: str,
    by: User | None,
    at: dt.datetime,
    with_nothing: bool = False,
) -> None:
    """Write the hours of each kind that differ from the records'; ``with_nothing`` writes a first 0 too."""
    values = [value for course in courses for value in _changes(course, with_nothing=with_nothing)]
    if values:
        record_components(values, evidence=evidence, by=by, at=at)


def _changes(course: CourseStanding, *, with_nothing: bool) -> Iterator[NewValue]:
    if course.record is None or course.record.state != RecordState.OPEN:
        return
    for kind, value in course.hours().items():
        component = Component.hours_of(kind)
        stored = course.stored.get(component)
        if value != stored and (value or stored or with_nothing):
            yield NewValue(course.record, component, value)
