"""Open, credit, score, complete and close a training record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from cms.enums import AccountProof, AccountRelation
from cms.errors import DomainError, Refusals
from cms.models import Person, PersonAccount
from cms.models.audit import AuditEntry
from cms.roles import Role
from courses import assessors
from courses.enums import Component, RecordState
from courses.models import TrainingRecord
from courses.services.assessments import record_score
from courses.services.records import (
    abandon_record,
    close_record,
    complete_record,
    open_records,
    record_component,
)
from courses.signals import record_completed
from tests.courses.conftest import AT, REGION

LAST_DAY = dt.date(2026, 3, 27)
pytestmark = pytest.mark.django_db


def credit(record, theory=24, practice=48, community=8):
    for component, value in (
        (Component.THEORY_HOURS, theory),
        (Component.PRACTICE_HOURS, practice),
        (Component.COMMUNITY_HOURS, community),
    ):
        record_component(record, component, D(value), evidence="class:XH-2026-0001", by=None, at=AT)


def score(record, theory=60, practice=60, by=None):
    record_score(record, Component.THEORY_SCORE, D(theory), evidence="卷 A", by=by, at=AT)
    record_score(record, Component.PRACTICE_SCORE, D(practice), evidence="考核单 1", by=by, at=AT)


@pytest.fixture
def heard():
    ids: list[int] = []

    def listen(sender, record_id, **kwargs):
        ids.append(record_id)

    record_completed.connect(listen)
    yield ids
    record_completed.disconnect(listen)


def test_a_passage_from_opening_to_completion(person, version, open_for, on_commit, heard):
    record = open_for(person, version)
    credit(record)
    score(record)
    with on_commit():
        done = close_record(record, ended_on=LAST_DAY, by=None, at=AT)
        assert heard == []  # nothing is told before the commit
    assert (done.state, done.completed_on, done.ended_on) == (RecordState.COMPLETED, LAST_DAY, LAST_DAY)
    assert heard == [record.pk]
    actions = list(AuditEntry.objects.filter(object_id=str(record.pk)).values_list("action", flat=True))
    assert actions.count("record.component") == 5
    assert {"record.open", "record.completed"} <= set(actions)


def test_closing_without_meeting_the_rule_is_not_completed(person, version, open_for, on_commit, heard):
    record = open_for(person, version)
    credit(record, practice=10)
    with on_commit():
        done = close_record(record, ended_on=LAST_DAY, by=None, at=AT)
    assert (done.state, done.completed_on) == (RecordState.NOT_COMPLETED, None)
    assert heard == []


def test_closing_again_changes_nothing(person, version, open_for, on_commit, heard):
    record = open_for(person, version)
    credit(record)
    score(record)
    with on_commit():
        close_record(record, ended_on=LAST_DAY, by=None, at=AT)
        close_record(record, ended_on=LAST_DAY + dt.timedelta(days=5), by=None, at=AT)
    record.refresh_from_db()
    assert record.ended_on == LAST_DAY
    assert heard == [record.pk]


def test_completion_is_refused_with_every_reason(person, version, open_for):
    record = open_for(person, version)
    credit(record, practice=0)
    with pytest.raises(Refusals) as refused:
        complete_record(record, by=None, at=AT)
    assert [one.code for one in refused.value.refusals] == [
        "hours_short",
        "theory_missing",
        "practice_missing",
    ]
    record.refresh_from_db()
    assert record.state == RecordState.OPEN


def test_completion_takes_the_local_day(person, version, open_for):
    record = open_for(person, version)
    credit(record)
    score(record)
    late = dt.datetime(2026, 3, 27, 17, 0, tzinfo=dt.UTC)  # the 28th in Shanghai
    assert complete_record(record, by=None, at=late).completed_on == dt.date(2026, 3, 28)


def test_a_closed_record_takes_no_more_results(person, version, open_for):
    record = open_for(person, version)
    abandon_record(record, ended_on=LAST_DAY, reason="退学", by=None, at=AT)
    with pytest.raises(DomainError, match="已经结束"):
        credit(record)
    with pytest.raises(DomainError) as refused:
        score(record)
    assert refused.value.code == "record_closed"
    with pytest.raises(DomainError):
        complete_record(record, by=None, at=AT)


def test_one_open_record_a_course_and_any_number_of_finished(person, version, open_for):
    first = open_for(person, version, "class:A")
    assert open_for(person, version, "class:A") == first
    with pytest.raises(DomainError) as refused:
        open_for(person, version, "class:B")
    assert refused.value.code == "record_open"
    abandon_record(first, ended_on=LAST_DAY, reason="退学", by=None, at=AT)
    assert open_for(person, version, "class:B") != first


def test_the_database_holds_one_open_record(person, version, open_for):
    record = open_for(person, version)
    record.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save(force_insert=True)


def test_many_are_opened_at_once_and_those_learning_elsewhere_are_left_out(
    person, version, open_for, school, django_assert_max_num_queries
):
    open_for(person, version, "class:elsewhere")
    others = [Person.objects.create(legal_name=f"学员{number}") for number in range(30)]
    with django_assert_max_num_queries(7):  # savepoint, who is open, insert, read back, audit
        records = open_records(
            [person, *others], version, organisation=school, region_code=REGION, source="class:A",
            started_on=None, by=None, at=AT,
        )  # fmt: skip
    assert set(records) == {one.pk for one in others}
    assert all(record.source == "class:A" for record in records.values())
    again = open_records(
        others,
        version,
        organisation=school,
        region_code=REGION,
        source="class:A",
        started_on=None,
        by=None,
        at=AT,
    )
    assert again == records
    assert AuditEntry.objects.filter(action="record.open").count() == 31


def test_a_corrected_figure_keeps_the_former_one(person, version, open_for):
    record = open_for(person, version)
    credit(record, practice=40)
    credit(record, practice=42)
    rows = record.components.filter(component=Component.PRACTICE_HOURS).order_by("pk")
    assert [(row.value, row.superseded_at is None) for row in rows] == [(D(40), False), (D(42), True)]


@pytest.mark.parametrize("value", ["-1", "0.3"])
def test_hours_go_in_half_steps(person, version, open_for, value):
    with pytest.raises(DomainError) as refused:
        record_component(
            open_for(person, version), Component.THEORY_HOURS, D(value), evidence="", by=None, at=AT
        )
    assert refused.value.code == "hours_step"


def test_a_score_does_not_go_past_the_assessor(person, version, open_for):
    with pytest.raises(DomainError) as refused:
        record_component(
            open_for(person, version), Component.THEORY_SCORE, D(90), evidence="", by=None, at=AT
        )
    assert refused.value.code == "score_here"


@pytest.mark.parametrize("value", ["-0.5", "100.5", "60.2"])
def test_a_score_is_of_100(person, version, open_for, value):
    with pytest.raises(DomainError) as refused:
        record_score(open_for(person, version), Component.THEORY_SCORE, D(value), evidence="", by=None, at=AT)
    assert refused.value.code == "score_range"


def test_a_part_that_is_not_examined_takes_no_score(person, make_standard, open_for):
    from courses.services.versions import create_course

    standard = make_standard(theory_pass_score=None)
    course = create_course("JZ-900", standard, is_on_caravan=False, by=None, at=AT)
    with pytest.raises(DomainError) as refused:
        record_score(
            open_for(person, course.versions.get()),
            Component.THEORY_SCORE,
            D(60),
            evidence="",
            by=None,
            at=AT,
        )
    assert refused.value.code == "score_not_asked"


def test_who_has_a_conflict_may_not_score(person, version, open_for, make_user):
    trainer, assessor = make_user("trainer", Role.TRAINER), make_user("assessor", Role.ASSESSOR)
    record = open_for(person, version)

    def taught(user, record):
        return "您教过这个班。" if user == trainer else None

    assessors.conflicts.register("test_taught", taught)
    try:
        with pytest.raises(Refusals) as refused:
            score(record, by=trainer)
        score(record, by=assessor)
    finally:
        del assessors.conflicts._items["test_taught"]
    assert refused.value.code == "assessor_conflict"
    assert "您教过这个班。" in str(refused.value)
    assert {row.recorded_by for row in record.components.all()} == {assessor}


def test_nobody_scores_oneself(person, version, open_for, make_user):
    user = make_user("assessor", Role.ASSESSOR)
    PersonAccount.objects.create(
        user=user, person=person, relation=AccountRelation.SELF, proof=AccountProof.values[0], since=AT
    )
    with pytest.raises(Refusals):
        score(open_for(person, version), by=user)


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_openings_at_once_leave_one_record(person, version, open_for, run_together):
    outcomes = run_together(*(partial(open_for, person, version, f"class:{name}") for name in "ABCD"))
    assert sorted(type(one).__name__ for one in outcomes) == ["DomainError"] * 3 + ["TrainingRecord"]
    assert TrainingRecord.objects.open().count() == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_closings_at_once_end_it_once(person, version, open_for, run_together):
    record = open_for(person, version)
    credit(record)
    score(record)
    close = partial(close_record, record, by=None, at=AT)
    run_together(*(partial(close, ended_on=LAST_DAY + dt.timedelta(days=day)) for day in range(4)))
    entries = AuditEntry.objects.filter(object_id=str(record.pk), action="record.completed")
    assert entries.count() == 1
