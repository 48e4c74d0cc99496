"""Seats given back and offered on: withdraw, offer to the next in the queue, accept, decline, expire."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan import eligibility
from caravan.enums import OPEN_FOR_ENROLMENT, SEATED, ClassState, EnrolmentState
from caravan.models import Enrolment, TrainingClass, WaitingEntry
from caravan.records import records_of
from caravan.rules import enrolment_rule
from caravan.services.seating import check_move, count_seats, give_rights, lock_people
from caravan.services.states import lock_class
from caravan.services.telling import forget_place, tell_accepted, tell_offered
from cms import audit
from cms.errors import DomainError
from cms.models import User
from courses.services.records import abandon_record


@transaction.atomic
def withdraw(enrolment: Enrolment, *, reason: str, by: User | None, at: dt.datetime) -> Enrolment:
    """End an enrolment before the class does; a seat that becomes free is offered to the next.

    Its open training records end as not completed. Raises ``DomainError`` ``enrolment_state`` when it
    has ended already, ``class_closed`` when the class has.
    """
    training_class = lock_class(enrolment.training_class)
    if training_class.state in {ClassState.CLOSED, ClassState.ARCHIVED}:
        raise DomainError("class_closed", _("这个班已经结业，不能再退出。"))
    enrolment = _fresh(enrolment, training_class)
    check_move(enrolment, EnrolmentState.WITHDRAWN)
    end_enrolment(enrolment, reason=reason, by=by, at=at)
    offer_free_seats(training_class, at=at)
    return enrolment


@transaction.atomic
def accept_offer(enrolment: Enrolment, *, by: User | None, at: dt.datetime) -> Enrolment:
    """Turn an offer into a seat.

    Raises ``DomainError`` ``offer_gone`` when there is none, ``offer_expired`` after its time,
    ``class_not_open`` when the class takes nobody any more, ``time_clash`` with a class that gave the
    person a seat meanwhile, ``learning_elsewhere``.
    """
    training_class = lock_class(enrolment.training_class)
    enrolment = _fresh(enrolment, training_class)
    entry = _live_offer(enrolment)
    if entry.offer_until is not None and at > entry.offer_until:
        raise DomainError("offer_expired", _("保留的时间过了，名额给了下一位。您可以重新报名排队。"))
    if training_class.state not in OPEN_FOR_ENROLMENT:
        raise DomainError("class_not_open", _("这个班不再收人了。"))
    check_move(enrolment, EnrolmentState.ENROLLED)
    lock_people([enrolment.person_id])
    clashes = eligibility.time_clashes(eligibility.Applicants(training_class, [enrolment.person], at))
    if clashes:
        raise clashes[enrolment.person_id]
    enrolment.state = EnrolmentState.ENROLLED
    enrolment.roll_no = count_seats(training_class).next_roll_no()
    enrolment.enrolled_at = at
    enrolment.save(update_fields=["state", "roll_no", "enrolled_at"])
    give_rights([enrolment], training_class, by=by, at=at)
    tell_accepted(enrolment, training_class, by=by, at=at)
    return enrolment


@transaction.atomic
def decline_offer(enrolment: Enrolment, *, by: User | None, at: dt.datetime) -> Enrolment:
    """Give an offered seat up; it goes to the next. Raises ``DomainError`` ``offer_gone``."""
    training_class = lock_class(enrolment.training_class)
    enrolment = _fresh(enrolment, training_class)
    _live_offer(enrolment)
    end_enrolment(enrolment, reason=_("有了名额，本人不来"), by=by, at=at)
    offer_free_seats(training_class, at=at)
    return enrolment


def expire_offers(at: dt.datetime) -> int:
    """End every offer whose time is over and offer on; return how many ended.

    Each class is one transaction; safe to run twice or to miss.
    """
    due = WaitingEntry.objects.filter(enrolment__state=EnrolmentState.OFFERED, offer_until__lt=at)
    classes = TrainingClass.objects.filter(pk__in=due.values("training_class")).order_by("pk")
    return sum(_expire_in(training_class, at) for training_class in classes)


@transaction.atomic
def _expire_in(training_class: TrainingClass, at: dt.datetime) -> int:
    training_class = lock_class(training_class)
    entries = training_class.waiting_entries.filter(
        enrolment__state=EnrolmentState.OFFERED, offer_until__lt=at
    ).select_related("enrolment__person", "enrolment__training_class")
    ended = list(entries)
    for entry in ended:
        end_enrolment(entry.enrolment, reason=_("没有按时回复"), by=None, at=at)
    offer_free_seats(training_class, at=at)
    return len(ended)


def offer_free_seats(training_class: TrainingClass, *, at: dt.datetime) -> list[Enrolment]:
    """Offer every empty seat of a locked class to the next in the queue; return whom.

    Nothing is offered once the class takes nobody any more or its enrolment and first day are over.
    """
    last_day = max(training_class.starts_on, timezone.localdate(training_class.enrol_until))
    if training_class.state not in OPEN_FOR_ENROLMENT or timezone.localdate(at) > last_day:
        return []
    empty = count_seats(training_class).empty
    entries = training_class.waiting_entries.filter(enrolment__state=EnrolmentState.WAITING)
    offered = []
    rule = enrolment_rule(training_class.region_code, timezone.localdate(at))
    until = at + dt.timedelta(hours=rule.offer_hours)
    for entry in entries.select_related("enrolment__person").order_by("queue_no")[:empty]:
        entry.offered_at, entry.offer_until = at, until
        entry.save(update_fields=["offered_at", "offer_until"])
        enrolment = entry.enrolment
        enrolment.training_class = training_class
        check_move(enrolment, EnrolmentState.OFFERED)
        enrolment.state = EnrolmentState.OFFERED
        enrolment.save(update_fields=["state"])
        audit.record(
            "enrolment.offer", enrolment, by=None, at=at, for_person=enrolment.person,
            until=entry.offer_until.isoformat(),
        )  # fmt: skip
        tell_offered(enrolment, training_class, until=entry.offer_until, at=at)
        offered.append(enrolment)
    return offered


def end_enrolment(enrolment: Enrolment, *, reason: str, by: User | None, at: dt.datetime) -> None:
    """Mark as withdrawn under the class's lock; the seat's open records end as not completed."""
    held_a_seat = enrolment.state in SEATED
    check_move(enrolment, EnrolmentState.WITHDRAWN)
    enrolment.state = EnrolmentState.WITHDRAWN
    enrolment.ended_at = at
    enrolment.end_reason = reason[:120]
    enrolment.save(update_fields=["state", "ended_at", "end_reason"])
    if held_a_seat:
        for record in records_of(enrolment.training_class, [enrolment.person_id]).open():
            abandon_record(record, ended_on=timezone.localdate(at), reason=reason, by=by, at=at)
    forget_place(enrolment, at=at)
    audit.record(
        "enrolment.withdraw",
        enrolment,
        by=by,
        at=at,
        for_person=enrolment.person,
        reason=enrolment.end_reason,
    )


def people_before(enrolment: Enrolment) -> int:
    """Return how many are still waiting before this person (one query when ``waiting`` is loaded)."""
    entry = enrolment.waiting
    return WaitingEntry.objects.filter(
        training_class_id=enrolment.training_class_id,
        queue_no__lt=entry.queue_no,
        enrolment__state=EnrolmentState.WAITING,
    ).count()


def _fresh(enrolment: Enrolment, training_class: TrainingClass) -> Enrolment:
    """Read the enrolment again under the class's lock."""
    found = Enrolment.objects.select_related("person").get(pk=enrolment.pk)
    found.training_class = training_class
    return found


def _live_offer(enrolment: Enrolment) -> WaitingEntry:
    if enrolment.state != EnrolmentState.OFFERED:
        raise DomainError("offer_gone", _("这个名额已经不在了。"))
    return enrolment.waiting
