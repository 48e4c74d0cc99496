"""What a trainee is shown of her classes: when and where next, how far along, what awaits an answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from caravan.enums import ON_ROLL, ClassState, EnrolmentState, SessionState
from caravan.models import Enrolment, Session, TrainingClass
from caravan.rules import enrolment_rule
from caravan.services.waiting import people_before
from cms.models import Person

_LIVE = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING})


@dataclass(frozen=True)
class ClassFacts:
    """When, where and what of a class, in one look."""

    first: Session | None
    courses: list[str]
    training_class: TrainingClass

    @property
    def begins(self) -> dt.date | dt.datetime:
        """Return the first session's start, or the first day while nothing is scheduled."""
        return self.first.starts_at if self.first else self.training_class.starts_on


@dataclass(frozen=True)
class EnrolmentCard:
    """One enrolment as its person sees it."""

    enrolment: Enrolment
    facts: ClassFacts
    people_before: int = 0
    # How long a seat will wait for the answer, for who is in the queue.
    offer_hours: int = 0

    @property
    def state(self) -> str:
        """Return the enrolment's state, for the template's branches."""
        return self.enrolment.state

    @property
    def can_withdraw(self) -> bool:
        """Whether leaving is still possible."""
        live = self.enrolment.training_class.state in _LIVE
        return live and self.state in {EnrolmentState.ENROLLED, EnrolmentState.WAITING}


def facts_of_class(training_class: TrainingClass) -> ClassFacts:
    """Return when, where and what (two queries)."""
    courses = training_class.class_courses.select_related("course_version")
    first = training_class.sessions.exclude(state=SessionState.CANCELLED).order_by("starts_at").first()
    return ClassFacts(first, [row.course_version.title for row in courses], training_class)


def card_of(enrolment: Enrolment) -> EnrolmentCard:
    """Return what the person sees of ``enrolment`` (at most four queries)."""
    training_class = enrolment.training_class
    if enrolment.state != EnrolmentState.WAITING:
        return EnrolmentCard(enrolment, facts_of_class(training_class))
    rule = enrolment_rule(training_class.region_code, timezone.localdate())
    return EnrolmentCard(
        enrolment, facts_of_class(training_class), people_before(enrolment), rule.offer_hours
    )


def next_session(person: Person, at: dt.datetime) -> tuple[Session, Enrolment] | None:
    """Return the next session of a class in which the person has a seat, with her enrolment."""
    session = (
        Session.objects.filter(
            state=SessionState.PLANNED,
            ends_at__gt=at,
            training_class__state__in=sorted(_LIVE),
            training_class__enrolments__person=person,
            training_class__enrolments__state=EnrolmentState.ENROLLED,
        )
        .select_related("training_class", "room__venue", "trainer", "training_class__stop")
        .order_by("starts_at")
        .first()
    )
    if session is None:
        return None
    enrolment = Enrolment.objects.get(
        person=person, training_class=session.training_class, state=EnrolmentState.ENROLLED
    )
    return session, enrolment


def awaiting(person: Person) -> list[EnrolmentCard]:
    """Return the person's places in queues and open offers, offers first."""
    rows = Enrolment.objects.filter(person=person, state__in=[EnrolmentState.WAITING, EnrolmentState.OFFERED])
    rows = rows.select_related("person", "training_class__venue", "waiting")
    return [card_of(row) for row in sorted(rows, key=lambda row: (row.state, row.pk))]


def classes_of(person: Person) -> list[Enrolment]:
    """Return the person's enrolments with a seat now or before, newest class first."""
    rows = Enrolment.objects.filter(person=person, state__in=sorted(ON_ROLL))
    return list(rows.select_related("training_class__venue").order_by("-training_class__starts_on", "-pk"))
