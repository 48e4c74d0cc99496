"""The waiting list: a free seat is offered to the next for 24 hours, and so on down the queue."""

from __future__ import annotations

import datetime as dt

import pytest

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay
from caravan.services.enrolment import accept_offer, decline_offer, enrol, enrol_many, expire_offers, withdraw
from caravan.services.waiting import people_before
from caravan.tasks import expire_offers as expire_offers_task
from cms.errors import DomainError
from cms.models import AuditEntry
from courses.models import TrainingRecord
from tests.caravan.roll_world import NOW, make_class, make_people, make_person, make_session, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY = dt.timedelta(hours=24)


def full_class(waiting: int = 3, **fields):
    training_class = make_class(capacity=1, **fields)
    outcomes = enrol_many(make_people(1 + waiting), training_class, by=None, at=NOW)
    return training_class, [one.enrolment for one in outcomes]


def states(training_class) -> list[str]:
    return list(training_class.enrolments.order_by("pk").values_list("state", flat=True))


def test_a_seat_given_back_is_offered_to_the_next() -> None:
    training_class, (seated, first, *_rest) = full_class()
    assert people_before(_rest[1]) == 2
    withdraw(seated, reason="家里有事", by=None, at=NOW)
    assert states(training_class) == ["withdrawn", "offered", "waiting", "waiting"]
    first.waiting.refresh_from_db()
    assert first.waiting.offer_until == NOW + DAY
    assert AuditEntry.objects.filter(action="enrolment.offer", object_id=str(first.pk)).exists()
    assert people_before(_rest[1]) == 1


def test_an_offered_seat_is_nobody_elses() -> None:
    training_class, (seated, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    late = enrol(make_person(), training_class, by=None, at=NOW, way=EnrolmentWay.SELF)
    assert late.state == EnrolmentState.WAITING
    assert late.waiting.queue_no == 4


def test_a_newcomer_never_passes_the_queue_when_seats_are_added() -> None:
    training_class, _all = full_class(waiting=2)
    training_class.capacity = 3
    training_class.save()
    late = enrol(make_person(), training_class, by=None, at=NOW, way=EnrolmentWay.SELF)
    assert late.state == EnrolmentState.WAITING


def test_accepting_gives_number_and_record() -> None:
    _class, (seated, first, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    accepted = accept_offer(first, by=None, at=NOW + DAY)
    assert (accepted.state, accepted.roll_no) == (EnrolmentState.ENROLLED, 2)
    assert TrainingRecord.objects.open().filter(person=first.person).count() == 1
    with pytest.raises(DomainError) as refused:
        accept_offer(first, by=None, at=NOW)
    assert refused.value.code == "offer_gone"


def test_accepting_too_late_is_refused_and_changes_nothing() -> None:
    training_class, (seated, first, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    with pytest.raises(DomainError) as refused:
        accept_offer(first, by=None, at=NOW + DAY + dt.timedelta(seconds=1))
    assert refused.value.code == "offer_expired"
    assert states(training_class) == ["withdrawn", "offered", "waiting", "waiting"]


def test_accepting_while_learning_the_course_elsewhere_is_refused() -> None:
    version = make_version()
    _class, (seated, first, *_rest) = full_class(versions=[version])
    enrol(first.person, make_class(versions=[version]), by=None, at=NOW, way=EnrolmentWay.SELF)
    withdraw(seated, reason="", by=None, at=NOW)
    with pytest.raises(DomainError) as refused:
        accept_offer(first, by=None, at=NOW)
    assert refused.value.code == "learning_elsewhere"
    first.refresh_from_db()
    assert first.state == EnrolmentState.OFFERED


def test_accepting_at_the_time_of_another_class_taken_meanwhile_is_refused() -> None:
    training_class, (seated, first, *_rest) = full_class()
    other = make_class()
    for one in (training_class, other):
        make_session(one)
    enrol(first.person, other, by=None, at=NOW, way=EnrolmentWay.SELF)
    withdraw(seated, reason="", by=None, at=NOW)
    with pytest.raises(DomainError) as refused:
        accept_offer(first, by=None, at=NOW)
    assert refused.value.code == "time_clash"
    assert states(training_class) == ["withdrawn", "offered", "waiting", "waiting"]


def test_declining_offers_on() -> None:
    training_class, (seated, first, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    decline_offer(first, by=None, at=NOW)
    assert states(training_class) == ["withdrawn", "withdrawn", "offered", "waiting"]


def test_offers_expire_one_after_another_and_a_second_sweep_does_nothing() -> None:
    training_class, (seated, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    assert expire_offers(NOW + DAY) == 0
    later = NOW + DAY + dt.timedelta(minutes=1)
    assert expire_offers(later) == 1
    assert expire_offers(later) == 0
    assert states(training_class) == ["withdrawn", "withdrawn", "offered", "waiting"]


def test_the_task_sweeps_by_the_clock() -> None:
    training_class, (seated, *_rest) = full_class()
    withdraw(seated, reason="", by=None, at=NOW - dt.timedelta(days=900))
    assert "offered" in states(training_class)
    assert expire_offers_task() == 1
    # By the task's clock the class is long over: nobody is offered a seat in it.
    assert states(training_class) == ["withdrawn", "withdrawn", "waiting", "waiting"]


def test_nothing_is_offered_in_a_class_that_has_stopped() -> None:
    training_class, (seated, *_rest) = full_class()
    training_class.state = ClassState.ASSESSING
    training_class.save()
    withdraw(seated, reason="", by=None, at=NOW)
    assert states(training_class) == ["withdrawn", "waiting", "waiting", "waiting"]
