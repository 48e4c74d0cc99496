"""Two rows that are one human become one, and two again: the same database rows."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from caravan.enums import EnrolmentState, EnrolmentWay
from caravan.models import AttendanceEvent, Enrolment
from caravan.services.enrolment import enrol
from certificates.issuing.models import Certificate
from cms import person_follows
from cms.enums import AccountRelation, AffiliationKind, IdType
from cms.errors import DomainError
from cms.identity import demo_number
from cms.ids import uuid7
from cms.models import Affiliation, AuditEntry, Consent, Person, PersonAccount, PersonDocument, PersonMerge
from cms.services.erasing import erase_person
from cms.services.locking import standing_person
from cms.services.merging import merge_people, preview_merge, undo_merge
from cms.services.people import register_person
from tests.caravan.roll_world import (
    NOW,
    bind,
    make_class,
    make_enrolment,
    make_organisation,
    make_person,
    make_session,
    make_user,
)
from tests.certificates.merging_world import KINDS, Things, all_rows, give, make_things

LATER = NOW + dt.timedelta(days=30, microseconds=7)


@pytest.fixture
def things(db: None) -> Things:
    return make_things()


def pair(name: str = "王桂花") -> tuple[Person, Person]:
    return make_person(name), make_person(name)


def answers(kept: Person, merged: Person, which: int = 0) -> dict[str, str]:
    """Answer every question of the preview with its first or last choice."""
    return {one.code: one.choices[-which].code for one in preview_merge(kept, merged, at=LATER).questions}


def merge(kept: Person, merged: Person, **more: Any) -> PersonMerge:
    facts: dict[str, Any] = {
        "choices": answers(kept, merged),
        "reason": "同一张身份证",
        "by": None,
        "at": LATER,
    }
    return merge_people(kept, merged, **(facts | more))


variants = st.fixed_dictionaries({kind: st.integers(0, 2) for kind in KINDS})


@pytest.mark.both
@settings(max_examples=40)
@given(of_kept=variants, of_merged=variants, which=st.integers(0, 1), before=st.integers(0, 5))
def test_merge_and_undo_leave_the_same_rows(
    things: Things, of_kept: dict[str, int], of_merged: dict[str, int], which: int, before: int
) -> None:
    with transaction.atomic():
        for _number in range(before):
            make_person()  # keys decide what is live, withdrawn or completed
        kept, merged = pair()
        for kind in KINDS:
            give(kept, kind, of_kept[kind], things)
            give(merged, kind, of_merged[kind], things)
        kept.refresh_from_db()
        merged.refresh_from_db()
        rows = all_rows()
        try:
            made = merge(kept, merged, choices=answers(kept, merged, which))
        except DomainError as error:
            assert error.code in {"open_record", "same_class", "document_goes"}
            assert all_rows() == rows
        else:
            hanging = {
                label
                for label, rows in all_rows().items()
                for row in rows
                if row.get("person_id") == merged.pk
            }
            # Only what the kept row has too, or what the office ended, stays behind.
            assert hanging <= {
                "cms.affiliation", "cms.consent", "cms.undertaking", "cms.message", "cms.personaccount",
            }  # fmt: skip
            undo_merge(made, reason="并错了", by=None, at=LATER)
            assert all_rows() == rows
        transaction.set_rollback(True)


def test_attendance_and_snapshots_are_not_touched(things: Things) -> None:
    kept, merged = make_person("王桂花"), make_person("王桂华")
    give(merged, "certificate", 1, things)
    training_class = make_class()
    enrolment = make_enrolment(training_class, merged)
    AttendanceEvent.objects.create(
        session=make_session(training_class), enrolment=enrolment, kind="mark", mark="present", method="roll",
        recorded_by=make_user(), client_id=uuid7(), device_time=NOW, server_time=NOW,
    )  # fmt: skip
    events = list(AttendanceEvent.objects.values())
    merge(kept, merged)
    assert list(AttendanceEvent.objects.values()) == events
    certificate = Certificate.objects.get()
    assert (certificate.person, certificate.holder_name) == (kept, "王桂华")
    assert certificate.snapshot == {"name": "王桂华"}
    entry = AuditEntry.objects.get(action="person.merge")
    assert (entry.object_id, entry.for_person_id) == (str(kept.pk), merged.pk)
    assert "同一张身份证" not in str(entry.data)


def test_different_names_need_a_look_and_the_kept_name_stays(db: None) -> None:
    kept, merged = make_person("王桂花"), make_person("王桂华")
    with pytest.raises(DomainError) as refused:
        merge(kept, merged, choices={})
    assert refused.value.code == "choice_missing"
    merge(kept, merged, choices={"facts_differ": "kept"})
    kept.refresh_from_db()
    assert kept.legal_name == "王桂花"


@pytest.mark.parametrize(("second", "code"), [(IdType.CITIZEN_ID, "two_documents"), (IdType.PASSPORT, "")])
def test_two_citizen_numbers_are_two_people(db: None, second: IdType, code: str) -> None:
    school = make_organisation()
    people = []
    for place, id_type in ((1, IdType.CITIZEN_ID), (2, second)):
        number = (
            demo_number(dt.date(1973, 4, 15), place, "female") if id_type == "citizen_id" else "E12345678"
        )
        person, _new = register_person(
            legal_name="王桂花", id_type=id_type, number=number, sex="female", birth_date=dt.date(1973, 4, 15),
            organisation=school, kind=AffiliationKind.ROSTER, region_code="990101000000", source="名册", by=None, at=NOW,
        )  # fmt: skip
        people.append(person)
    if code:
        with pytest.raises(DomainError) as refused:
            merge(*people)
        assert refused.value.code == code
        return
    merge(*people)
    assert PersonDocument.objects.filter(person=people[0], superseded_at=None).count() == 2


def test_the_one_with_the_document_is_kept(db: None) -> None:
    kept, merged = pair()
    PersonDocument.objects.create(
        person=merged, id_type=IdType.CITIZEN_ID, number_token="x", masked="9", last_four="1", recorded_at=NOW
    )
    with pytest.raises(DomainError) as refused:
        merge(kept, merged)
    assert refused.value.code == "document_goes"
    merge(merged, kept)


def test_both_in_one_class_is_refused_and_nothing_moves(db: None) -> None:
    kept, merged = pair()
    training_class = make_class()
    make_enrolment(training_class, kept)
    make_enrolment(training_class, merged)
    before = all_rows()
    with pytest.raises(DomainError) as refused:
        merge(kept, merged)
    assert refused.value.code == "same_class"
    assert all_rows() == before


def test_an_account_follows_or_ends_by_name(db: None) -> None:
    user = make_user("13900000001")
    kept, merged = pair()
    merged.phone = "13900000001"
    merged.save()
    bind(user, merged)
    made = merge(kept, merged, choices={"accounts": "end"})
    kept.refresh_from_db()
    assert (kept.phone, PersonAccount.objects.get().until) == ("", LATER)
    undo_merge(made, reason="看错", by=None, at=LATER)
    merge(kept, merged, choices={"accounts": "follow"})
    kept.refresh_from_db()
    link = PersonAccount.objects.get()
    assert (kept.phone, link.person, link.until, link.relation) == ("13900000001", kept, None, "self")


def test_an_account_of_both_keeps_the_closer_relation(db: None) -> None:
    user = make_user()
    kept, merged = pair()
    bind(user, kept, AccountRelation.FAMILY)
    bind(user, merged, AccountRelation.SELF)
    merge(kept, merged)
    link = PersonAccount.objects.get(until=None)
    assert (link.person, link.relation) == (kept, AccountRelation.SELF)


def test_a_consent_withdrawn_by_one_is_withdrawn_by_both(things: Things) -> None:
    kept, merged = pair()
    give(kept, "consent", 1, things)
    later = NOW + dt.timedelta(days=3)
    Consent.objects.create(
        person=merged, text=things.texts[0], way="paper", given_at=NOW, signed_on=NOW.date(), withdrawn_at=later,
        withdrawn_by=things.users[1],
    )  # fmt: skip
    merge(kept, merged)
    assert not Consent.objects.filter(person=kept, withdrawn_at=None).exists()


def test_a_reason_of_both_is_live_since_the_first_day(db: None) -> None:
    kept, merged = pair()
    school = make_organisation()
    for person, since, until in (
        (kept, dt.date(2026, 2, 1), dt.date(2026, 3, 1)),
        (merged, dt.date(2026, 1, 1), None),
    ):
        Affiliation.objects.create(
            person=person,
            organisation=school,
            region_code="990101000000",
            kind="roster",
            since=since,
            until=until,
        )
    merge(kept, merged)
    assert Affiliation.objects.get(person=kept).since == dt.date(2026, 1, 1)
    assert Affiliation.objects.get(person=kept).until is None


def test_what_is_seen_first_is_what_is_confirmed(db: None) -> None:
    kept, merged = pair()
    seen = preview_merge(kept, merged, at=NOW).fingerprint
    make_enrolment(make_class(), merged)
    with pytest.raises(DomainError) as refused:
        merge(kept, merged, looked_at=seen)
    assert refused.value.code == "merge_changed"


def test_a_chain_of_merges_leads_to_its_end_and_is_undone_backwards(db: None) -> None:
    first, second = pair()
    third = make_person("王桂花")
    one, two = merge(second, first), merge(third, second)
    assert standing_person(Person.objects.get(pk=first.pk)) == third
    with pytest.raises(DomainError) as refused:
        undo_merge(one, reason="x", by=None, at=LATER)
    assert refused.value.code == "merged_on"
    undo_merge(two, reason="x", by=None, at=LATER)
    undo_merge(one, reason="x", by=None, at=LATER)
    with pytest.raises(DomainError) as again:
        undo_merge(one, reason="x", by=None, at=LATER)
    assert again.value.code == "merge_undone"


def test_a_deletion_erases_the_merged_row_and_the_list_of_the_merge(things: Things) -> None:
    kept, merged = pair()
    Person.objects.filter(pk=merged.pk).update(phone="13900000417", address="青山乡红旗村 1 号")
    merged.refresh_from_db()
    for kind in ("education", "health"):
        give(merged, kind, 1, things)
    made = merge(kept, merged)
    kept.refresh_from_db()
    erase_person(kept, keeps=frozenset(), by=None, at=LATER)
    made.refresh_from_db()
    merged.refresh_from_db()
    told = str(made.moved) + made.reason + merged.legal_name + merged.phone + merged.address
    assert not any(words in told for words in ("王桂花", "13900000417", "青山乡", "同一张"))
    assert not kept.education_records.exists()
    assert not kept.health_certificates.exists()


def changed_state(merge: PersonMerge, things: Things) -> None:
    Enrolment.objects.update(state=EnrolmentState.WITHDRAWN)


def new_certificate(merge: PersonMerge, things: Things) -> None:
    record = merge.kept.courses_records.get()
    give(merge.kept, "certificate", 1, things)
    Certificate.objects.update(record=record)


def moved_on(merge: PersonMerge, things: Things) -> None:
    Enrolment.objects.update(person=make_person())


@pytest.mark.parametrize("since", [changed_state, new_certificate, moved_on])
def test_an_undo_is_refused_when_something_was_built_on_it(things: Things, since: Any) -> None:
    kept, merged = pair()
    make_enrolment(things.classes[0], merged)
    give(merged, "record", 1, things)
    made = merge(kept, merged)
    since(made, things)
    before = all_rows()
    with pytest.raises(DomainError) as refused:
        undo_merge(made, reason="并错了", by=None, at=LATER)
    assert refused.value.code == "undo_changed"
    assert all_rows() == before


def test_nobody_does_anything_for_a_merged_row(db: None) -> None:
    kept, merged = pair()
    merge(kept, merged)
    with pytest.raises(DomainError) as refused:
        enrol(merged, make_class(), by=None, at=NOW, way=EnrolmentWay.OFFICE)
    assert refused.value.code == "person_merged"
    with pytest.raises(DomainError):
        merge(merged, make_person("王桂花"))


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_merges_of_the_same_two_at_once_are_one(run_together: Any) -> None:
    one, other = pair()
    make_enrolment(make_class(), one)
    make_enrolment(make_class(), other)
    results = run_together(partial(merge, one, other), partial(merge, other, one), partial(merge, one, other))
    won = [result for result in results if isinstance(result, PersonMerge)]
    assert len(won) == 1, results
    assert [result.code for result in results if isinstance(result, DomainError)] == ["person_merged"] * 2
    assert set(Enrolment.objects.values_list("person_id", flat=True)) == {won[0].kept_id}


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_merge_while_both_enrol_loses_nobody_and_waits_for_nobody(run_together: Any) -> None:
    """Four classes at once, two of them for both rows: whatever comes first, one human has one place."""
    one, other = pair()
    classes = [make_class() for _number in range(3)]
    make_enrolment(classes[0], other)
    join = partial(enrol, by=None, at=NOW, way=EnrolmentWay.OFFICE)
    results = run_together(
        partial(merge, one, other),
        partial(join, other, classes[1]),
        partial(join, one, classes[0]),
        partial(join, other, classes[2]),
        partial(join, one, classes[2]),
    )
    refusals = [result for result in results if not isinstance(result, (PersonMerge, Enrolment))]
    assert all(isinstance(result, DomainError) for result in refusals), results
    if isinstance(results[0], PersonMerge):
        assert not Enrolment.objects.filter(person=other).exists()
        places = list(Enrolment.objects.filter(person=one).values_list("training_class", flat=True))
        assert len(places) == len(set(places))


def test_the_race_test_can_fail(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that forgets a model is seen: its rows stay with somebody nobody can open."""
    kept, merged = pair()
    give(merged, "post", 1, things)
    follower = person_follows.merge_moves.get("cms.inpostperiod.person")
    monkeypatch.setitem(
        person_follows.merge_moves._items, "cms.inpostperiod.person", _moves_nothing(follower)
    )
    merge(kept, merged)
    assert not kept.in_post_periods.exists()


def _moves_nothing(follower: Any) -> Any:
    from cms.merging import Follower, Plan

    return Follower(follower.model, lambda pair: Plan())
