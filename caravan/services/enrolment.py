"""Enrol people: one way in for all, never over capacity, never twice, late comers wait in order.

Everything happens under the class's lock (``lock_class``), in one transaction a call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from caravan import eligibility
from caravan.enums import ACTIVE, SEATED, EnrolmentState, EnrolmentWay
from caravan.models import Enrolment, TrainingClass, WaitingEntry
from caravan.services.seating import Seats, count_seats, give_rights, lock_people
from caravan.services.states import lock_class
from caravan.services.telling import tell_seated, tell_waiting
from caravan.services.waiting import accept_offer, decline_offer, expire_offers, withdraw
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import Person, User

__all__ = [
    "EnrolOutcome",
    "EnrolResult",
    "accept_offer",
    "decline_offer",
    "enrol",
    "enrol_many",
    "expire_offers",
    "lock_class",
    "withdraw",
]


class EnrolResult(StrEnum):
    """What became of one person's enrolment."""

    ENROLLED = "enrolled"
    WAITING = "waiting"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class EnrolOutcome:
    """One person's outcome: ``code`` is stable, ``text`` is for the reader, with every reason."""

    person: Person
    state: EnrolResult
    code: str
    text: str
    enrolment: Enrolment | None = None
    # Each reason of a refusal, for a reader who is not the person herself.
    refusals: Sequence[DomainError] = ()


@transaction.atomic
def enrol(
    person: Person,
    training_class: TrainingClass,
    *,
    by: User | None,
    at: dt.datetime,
    way: EnrolmentWay,
    override: str | None = None,
) -> Enrolment:
    """Give ``person`` a seat, or a place in the queue when the class is full.

    ``override`` is an officer's reason that sets aside the rules that may be (deadline, age, clash of
    times), never the seats. Raises ``DomainError`` ``already_enrolled``, or ``Refusals`` with every
    reason of ``caravan.eligibility``.
    """
    training_class = lock_class(training_class)
    lock_people([person.pk])
    _refuse_twice(training_class, person)
    applicants = eligibility.Applicants(training_class, [person], at)
    refusals = eligibility.refusals_of(applicants, overridden=bool(override))
    if refusals:
        raise Refusals(refusals[person.pk])
    try:
        with transaction.atomic():
            [enrolment] = _admit(training_class, [person], way=way, by=by, at=at)
    except IntegrityError:
        # The database holds it too: one active enrolment a person and class.
        _refuse_twice(training_class, person)
        raise
    if override:
        audit.record("enrolment.override", enrolment, by=by, at=at, for_person=person, reason=override)
    return enrolment


@transaction.atomic
def enrol_many(
    people: Iterable[Person],
    training_class: TrainingClass,
    *,
    by: User | None,
    at: dt.datetime,
    way: EnrolmentWay = EnrolmentWay.ROSTER,
    override: str | None = None,
) -> list[EnrolOutcome]:
    """Enrol each of ``people`` in their order, or say why not: one transaction, one lock, set by set.

    The number of statements does not depend on the number of people. Nobody's refusal keeps another
    from a seat; a person named twice has one outcome.
    """
    training_class = lock_class(training_class)
    asked = list({person.pk: person for person in people}.values())
    lock_people([person.pk for person in asked])
    before = {
        row.person_id: row
        for row in Enrolment.objects.filter(
            training_class=training_class, person_id__in=[one.pk for one in asked], state__in=sorted(ACTIVE)
        )
    }
    new = [person for person in asked if person.pk not in before]
    applicants = eligibility.Applicants(training_class, new, at)
    refusals = eligibility.refusals_of(applicants, overridden=bool(override)) if new else {}
    admitted = [person for person in new if person.pk not in refusals]
    enrolments = _admit(training_class, admitted, way=way, by=by, at=at)
    if override:
        audit.record_many("enrolment.override", enrolments, by=by, at=at, reason=override)
    made = {enrolment.person_id: enrolment for enrolment in enrolments}
    return [_outcome(person, before.get(person.pk), refusals.get(person.pk), made) for person in asked]


def _refuse_twice(training_class: TrainingClass, person: Person) -> None:
    rows = Enrolment.objects.filter(training_class=training_class, person=person, state__in=sorted(ACTIVE))
    if rows.exists():
        raise _already(person)


def _already(person: Person) -> DomainError:
    words = _("%(name)s已经报过这个班，不用再报。") % {"name": person.legal_name}
    return DomainError("already_enrolled", words)


def _admit(
    training_class: TrainingClass,
    people: Sequence[Person],
    *,
    way: EnrolmentWay,
    by: User | None,
    at: dt.datetime,
) -> list[Enrolment]:
    """Store one enrolment a person, seated while there are seats, the rest in the queue."""
    if not people:
        return []
    seats = count_seats(training_class)
    new = [_new_enrolment(training_class, person, seats, way=way, by=by, at=at) for person in people]
    Enrolment.objects.bulk_create(new, batch_size=500)
    seated = [one for one in new if one.state in SEATED]
    waiting = [one for one in new if one.state == EnrolmentState.WAITING]
    if seated:
        give_rights(seated, training_class, by=by, at=at)
        tell_seated(seated, training_class, by=by, at=at)
    if waiting:
        _queue(waiting, training_class, seats, by=by, at=at)
        tell_waiting(waiting, training_class, by=by, at=at)
    return new


def _new_enrolment(
    training_class: TrainingClass,
    person: Person,
    seats: Seats,
    *,
    way: EnrolmentWay,
    by: User | None,
    at: dt.datetime,
) -> Enrolment:
    enrolment = Enrolment(
        training_class=training_class, person=person, way=way, requested_at=at, enrolled_by=by
    )
    if seats.free > 0:
        seats.taken += 1
        enrolment.state = EnrolmentState.ENROLLED
        enrolment.roll_no = seats.next_roll_no()
        enrolment.enrolled_at = at
    else:
        seats.waiting += 1
        enrolment.state = EnrolmentState.WAITING
    return enrolment


def _queue(
    enrolments: Sequence[Enrolment],
    training_class: TrainingClass,
    seats: Seats,
    *,
    by: User | None,
    at: dt.datetime,
) -> None:
    WaitingEntry.objects.bulk_create(
        [
            WaitingEntry(
                enrolment=enrolment,
                training_class=training_class,
                queue_no=seats.next_queue_no(),
                joined_at=at,
            )
            for enrolment in enrolments
        ],
        batch_size=500,
    )
    audit.record_many("enrolment.wait", enrolments, by=by, at=at, class_no=training_class.class_no)


def _outcome(
    person: Person,
    before: Enrolment | None,
    refusals: list[DomainError] | None,
    made: dict[int, Enrolment],
) -> EnrolOutcome:
    if before is not None:
        error = _already(person)
        return EnrolOutcome(person, EnrolResult.ALREADY, error.code, str(error.message), before)
    if refusals:
        words = eligibility.words_of(refusals)
        return EnrolOutcome(person, EnrolResult.REFUSED, refusals[0].code, words, refusals=refusals)
    enrolment = made[person.pk]
    if enrolment.state == EnrolmentState.WAITING:
        return EnrolOutcome(person, EnrolResult.WAITING, "waiting", _("名额满了，排在候补里。"), enrolment)
    words = _("报上了，学号 %(number)s。") % {"number": enrolment.roll_no}
    return EnrolOutcome(person, EnrolResult.ENROLLED, "enrolled", words, enrolment)
