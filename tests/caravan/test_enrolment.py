"""Enrolment: seats, the queue, every refusal with its reason, one call for a roster."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from caravan import eligibility
from caravan.enums import ClassState, EnrolmentState, EnrolmentWay
from caravan.models import Enrolment
from caravan.services.enrolment import EnrolResult, enrol, enrol_many, withdraw
from cms.enums import AffiliationKind
from cms.errors import DomainError, Refusals
from cms.models import Affiliation, AuditEntry
from courses.enums import RecordState
from courses.models import TrainingRecord
from tests.caravan.roll_world import (
    NOW,
    make_class,
    make_people,
    make_person,
    make_session,
    make_user,
    make_version,
    moment,
)
from tests.harness.typed import typed

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def put_in(person, training_class, **options):
    facts = {"by": None, "at": NOW, "way": EnrolmentWay.SELF} | options
    return enrol(person, training_class, **facts)


def test_a_seat_comes_with_a_number_a_record_a_course_and_the_organisers_sight() -> None:
    versions = [make_version(), make_version()]
    training_class = make_class(versions=versions)
    person, user = make_person(), make_user()
    enrolment = put_in(person, training_class, by=user)
    assert (enrolment.state, enrolment.roll_no, enrolment.enrolled_at) == (EnrolmentState.ENROLLED, 1, NOW)
    records = TrainingRecord.objects.filter(person=person)
    assert {record.course_version for record in records} == set(versions)
    assert {record.source for record in records} == {f"class:{training_class.class_no}"}
    assert Affiliation.objects.filter(
        person=person, organisation=training_class.organisation, kind=AffiliationKind.ENROLMENT
    ).exists()
    entry = AuditEntry.objects.get(action="enrolment.enrol")
    assert (entry.object_id, entry.actor_id) == (str(enrolment.pk), user.pk)
    assert entry.organisation_id == training_class.organisation_id


def test_late_comers_wait_in_order_and_open_no_record() -> None:
    training_class = make_class(capacity=1)
    put_in(make_person(), training_class)
    late = [put_in(make_person(), training_class) for _ in range(3)]
    assert {one.state for one in late} == {EnrolmentState.WAITING}
    assert [one.waiting.queue_no for one in late] == [1, 2, 3]
    assert TrainingRecord.objects.count() == 1


def test_nobody_is_enrolled_twice() -> None:
    training_class = make_class()
    person = make_person()
    put_in(person, training_class)
    with pytest.raises(DomainError) as refused:
        put_in(person, training_class)
    assert refused.value.code == "already_enrolled"
    assert Enrolment.objects.count() == 1


def test_the_database_holds_it_too() -> None:
    enrolment = put_in(make_person(), make_class())
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.create(
            training_class=enrolment.training_class, person=enrolment.person, state=EnrolmentState.WAITING,
            way=EnrolmentWay.SELF, requested_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    "state",
    sorted(set(ClassState) - {ClassState.FILED, ClassState.RUNNING}),
)
def test_a_class_that_is_not_open_takes_nobody(state: ClassState) -> None:
    with pytest.raises(Refusals) as refused:
        put_in(make_person(), make_class(state=state), override="主任同意")
    assert [one.code for one in refused.value.refusals] == ["class_not_open"]


def test_every_reason_is_told() -> None:
    version = make_version()
    elsewhere = make_class(versions=[version], title="别的班")
    make_session(elsewhere)
    training_class = make_class(versions=[version], enrol_until=moment(2))
    make_session(training_class, starts_at=moment(14, 11), ends_at=moment(14, 12))
    child = make_person(birth=dt.date(2012, 3, 15))
    put_in(child, elsewhere, override="跟着妈妈来")
    with pytest.raises(Refusals) as refused:
        put_in(child, training_class, at=moment(3))
    codes = [one.code for one in refused.value.refusals]
    assert codes == ["enrol_closed", "too_young", "learning_elsewhere", "time_clash"]
    assert "别的班" in str(refused.value)
    assert Enrolment.objects.filter(training_class=training_class).count() == 0


@pytest.mark.parametrize(("birth", "allowed"), [(dt.date(2010, 3, 14), True), (dt.date(2010, 3, 15), False)])
def test_the_age_counts_on_the_first_day(birth: dt.date, allowed: bool) -> None:
    training_class = make_class()
    outcome = enrol_many([make_person(birth=birth)], training_class, by=None, at=NOW)[0]
    assert (outcome.state == EnrolResult.ENROLLED) is allowed


@pytest.mark.parametrize(("at", "allowed"), [(moment(13, 18), True), (moment(13, 18, 1), False)])
def test_the_deadline_is_inclusive(at: dt.datetime, allowed: bool) -> None:
    outcome = enrol_many([make_person()], make_class(), by=None, at=at)[0]
    assert outcome.code == ("enrolled" if allowed else "enrol_closed")


def test_sessions_that_touch_do_not_clash() -> None:
    first, second = make_class(), make_class()
    make_session(first)
    make_session(second, starts_at=moment(14, 11, 45), ends_at=moment(14, 13))
    person = make_person()
    put_in(person, first)
    assert put_in(person, second).state == EnrolmentState.ENROLLED


def test_an_officers_reason_sets_aside_the_deadline_and_is_kept() -> None:
    training_class = make_class()
    enrolment = put_in(make_person(), training_class, at=moment(13, 19), override="村里停电，补报")
    assert enrolment.state == EnrolmentState.ENROLLED
    assert typed(AuditEntry.objects.get(action="enrolment.override")) == "村里停电，补报"


def test_no_reason_makes_a_seat() -> None:
    training_class = make_class(capacity=1)
    put_in(make_person(), training_class)
    assert put_in(make_person(), training_class, override="主任同意").state == EnrolmentState.WAITING


def test_a_rule_is_registered_once_and_asked() -> None:
    assert eligibility.rules.keys() == [
        "person_merged",
        "class_open",
        "deadline",
        "age",
        "learning_elsewhere",
        "time_clash",
        "consent",
    ]
    with pytest.raises(ValueError, match="registered already"):
        eligibility.rules.register("age", eligibility.Rule(lambda _: {}))


def test_a_roster_in_one_call_names_every_outcome() -> None:
    version = make_version()
    training_class = make_class(capacity=3, versions=[version])
    known, child, elsewhere = make_person(), make_person(birth=dt.date(2015, 1, 1)), make_person()
    put_in(known, training_class)
    put_in(elsewhere, make_class(versions=[version]))
    fresh = make_people(4)
    outcomes = enrol_many([known, child, *fresh, elsewhere, fresh[0]], training_class, by=None, at=NOW)
    assert [(one.person, one.state, one.code) for one in outcomes] == [
        (known, EnrolResult.ALREADY, "already_enrolled"),
        (child, EnrolResult.REFUSED, "too_young"),
        (fresh[0], EnrolResult.ENROLLED, "enrolled"),
        (fresh[1], EnrolResult.ENROLLED, "enrolled"),
        (fresh[2], EnrolResult.WAITING, "waiting"),
        (fresh[3], EnrolResult.WAITING, "waiting"),
        (elsewhere, EnrolResult.REFUSED, "learning_elsewhere"),
    ]
    assert all(one.text for one in outcomes)
    assert list(training_class.enrolments.seated().order_by("roll_no").values_list("roll_no", flat=True)) == [
        1,
        2,
        3,
    ]
    assert TrainingRecord.objects.filter(source=f"class:{training_class.class_no}").count() == 3
    assert AuditEntry.objects.filter(action="enrolment.wait").count() == 2


def test_a_roster_takes_as_many_statements_for_6_as_for_60() -> None:
    def statements(count: int) -> int:
        people, training_class = make_people(count), make_class(capacity=count)
        with CaptureQueriesContext(connection) as queries:
            enrol_many(people, training_class, by=None, at=NOW)
        return len(queries)

    assert statements(6) == statements(60)


def test_withdrawing_ends_the_records_and_keeps_the_number() -> None:
    training_class = make_class()
    first, second = (put_in(make_person(), training_class) for _ in range(2))
    withdraw(first, reason="家里有事", by=None, at=NOW)
    record = TrainingRecord.objects.get(person=first.person)
    assert record.state == RecordState.NOT_COMPLETED
    third = put_in(make_person(), training_class)
    assert (second.roll_no, third.roll_no) == (2, 3)
    again = put_in(first.person, training_class)
    assert again.pk != first.pk
    assert TrainingRecord.objects.open().filter(person=first.person).count() == 1


def test_withdrawing_twice_or_after_closing_is_refused() -> None:
    training_class = make_class()
    enrolment = put_in(make_person(), training_class)
    withdraw(enrolment, reason="", by=None, at=NOW)
    with pytest.raises(DomainError) as refused:
        withdraw(enrolment, reason="", by=None, at=NOW)
    assert refused.value.code == "enrolment_state"
    other = put_in(make_person(), training_class)
    training_class.state = ClassState.CLOSED
    training_class.save()
    with pytest.raises(DomainError) as refused:
        withdraw(other, reason="", by=None, at=NOW)
    assert refused.value.code == "class_closed"
