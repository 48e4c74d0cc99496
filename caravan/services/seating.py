"""Seats of one class: the lock, the count, and what comes with a seat. All under the class's lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from caravan.enums import ENROLMENT_MOVES, SEATED, EnrolmentState
from caravan.models import Enrolment, TrainingClass, WaitingEntry
from caravan.records import source_of
from cms import audit
from cms.enums import AffiliationKind
from cms.errors import DomainError
from cms.models import Person, User
from cms.services.affiliations import affiliate_many
from courses.services.records import open_records


def lock_people(ids: list[int]) -> None:
    """Lock the people in key order, so that two classes cannot both take one person's Saturday."""
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    list(rows.values_list("pk", flat=True))


@dataclass
class Seats:
    """What is taken in a locked class; the numbers given next go up as they are used."""

    capacity: int
    taken: int
    waiting: int
    last_roll_no: int
    last_queue_no: int

    @property
    def empty(self) -> int:
        """Return how many seats nobody holds."""
        return max(0, self.capacity - self.taken)

    @property
    def free(self) -> int:
        """Return the seats a newcomer may take: those the waiting people are not due."""
        return max(0, self.capacity - self.taken - self.waiting)

    def next_roll_no(self) -> int:
        """Return the next number on the roll."""
        self.last_roll_no += 1
        return self.last_roll_no

    def next_queue_no(self) -> int:
        """Return the next number in the queue."""
        self.last_queue_no += 1
        return self.last_queue_no


def count_seats(training_class: TrainingClass) -> Seats:
    """Count the seats of a locked class (two queries)."""
    counts: dict[str, Any] = training_class.enrolments.aggregate(
        taken=Count("pk", filter=Q(state__in=sorted(SEATED))),
        waiting=Count("pk", filter=Q(state=EnrolmentState.WAITING)),
        last_roll_no=Max("roll_no"),
    )
    last = WaitingEntry.objects.filter(training_class=training_class).aggregate(last=Max("queue_no"))["last"]
    return Seats(
        capacity=training_class.capacity,
        taken=counts["taken"],
        waiting=counts["waiting"],
        last_roll_no=counts["last_roll_no"] or 0,
        last_queue_no=last or 0,
    )


def check_move(enrolment: Enrolment, to: EnrolmentState) -> None:
    """Raise ``DomainError`` ``enrolment_state`` when the transition table forbids the move."""
    if to not in ENROLMENT_MOVES.get(enrolment.state, frozenset()):
        raise DomainError(
            "enrolment_state",
            _("现在的状态是“%(state)s”，不能这样改。") % {"state": enrolment.get_state_display()},
        )


def give_rights(
    enrolments: Sequence[Enrolment], training_class: TrainingClass, *, by: User | None, at: dt.datetime
) -> None:
    """Do what comes with a seat: open a record a course, let the organiser see the people, audit.

    Raises ``DomainError`` ``learning_elsewhere`` when somebody is learning a course of the class in
    another place; the caller's transaction then ends without a seat given.
    """
    people = [enrolment.person for enrolment in enrolments]
    for class_course in training_class.class_courses.select_related("course_version"):
        version = class_course.course_version
        opened = open_records(
            people,
            version,
            organisation=training_class.organisation,
            region_code=training_class.region_code,
            source=source_of(training_class),
            started_on=training_class.starts_on,
            by=by,
            at=at,
        )
        if len(opened) < len(people):
            words = _("%(course)s正在别的班学，学完那一次才能再报。") % {"course": version.title}
            raise DomainError("learning_elsewhere", words)
    affiliate_many(
        people,
        training_class.organisation,
        AffiliationKind.ENROLMENT,
        region_code=training_class.region_code,
        source=source_of(training_class),
        at=at,
    )
    audit.record_many("enrolment.enrol", enrolments, by=by, at=at, class_no=training_class.class_no)
