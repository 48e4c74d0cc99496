"""Fifty seats and two hundred people at the same moment: exactly fifty get in, the rest wait in order."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from caravan.enums import EnrolmentState, EnrolmentWay
from caravan.models import Enrolment, TrainingClass, WaitingEntry
from caravan.services import enrolment as service
from tests.caravan.roll_world import NOW, make_class, make_people


def rush(run_together: Any, training_class: TrainingClass, people: int) -> list[Any]:
    return run_together(
        *(
            partial(service.enrol, person, training_class, by=None, at=NOW, way=EnrolmentWay.SELF)
            for person in make_people(people)
        ),
        timeout=120,
    )


def is_fair(training_class: TrainingClass, results: list[Any], seats: int) -> bool:
    """Whether the seats went to ``seats`` people and everybody else waits in the order of arrival."""
    waiting = len(results) - seats
    rolls = Enrolment.objects.filter(training_class=training_class, state=EnrolmentState.ENROLLED)
    queue = WaitingEntry.objects.filter(training_class=training_class).order_by("enrolment_id")
    return (
        all(isinstance(one, Enrolment) for one in results)
        and sorted(rolls.values_list("roll_no", flat=True)) == list(range(1, seats + 1))
        and list(queue.values_list("queue_no", flat=True)) == list(range(1, waiting + 1))
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_fifty_seats_are_fifty_seats(run_together: Any) -> None:
    training_class = make_class(capacity=50, enrol_until=timezone.now())
    results = rush(run_together, training_class, 200)
    assert is_fair(training_class, results, 50), [one for one in results if isinstance(one, Exception)][:3]


@pytest.mark.deep
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_hundred_rushes_overbook_nothing(run_together: Any) -> None:
    for _run in range(100):
        training_class = make_class(capacity=50, enrol_until=timezone.now())
        assert is_fair(training_class, rush(run_together, training_class, 100), 50)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_race_fails(run_together: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above can fail: the class is read, but not locked."""

    def read_only(training_class: TrainingClass) -> TrainingClass:
        return TrainingClass.objects.select_related("organisation").get(pk=training_class.pk)

    monkeypatch.setattr(service, "lock_class", read_only)
    training_class = make_class(capacity=50, enrol_until=timezone.now())
    results = rush(run_together, training_class, 200)
    assert not is_fair(training_class, results, 50)


@pytest.mark.django_db(transaction=True)
def test_ten_seats_are_ten_seats_on_one_writer(run_together: Any) -> None:
    """On SQLite the immediate transaction is the lock."""
    training_class = make_class(capacity=10, enrol_until=timezone.now())
    results = rush(run_together, training_class, 30)
    assert is_fair(training_class, results, 10), [one for one in results if isinstance(one, Exception)][:3]
