"""The roll: an append-only log, exactly once, marks derived in the same transaction."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from caravan.demo_attendance import load_attendance_rules
from caravan.enums import ClassState, EnrolmentState, EventKind, Mark, SessionKind, SessionState, StaffRole
from caravan.models import AttendanceEvent, AttendanceMark, AttendanceRule
from caravan.services.attendance import close_roll, rebuild_marks, record_event, take_roll
from cms.errors import DomainError
from cms.ids import uuid7
from cms.models import AuditEntry
from tests.caravan.roll_world import (
    assign,
    make_class,
    make_enrolment,
    make_planner,
    make_session,
    make_user,
    moment,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]
IN_CLASS = moment(14, 8, 42)


@pytest.fixture
def session():
    return make_session(make_class(state=ClassState.RUNNING))


def tell(session, enrolment, mark=Mark.PRESENT, *, kind=EventKind.MARK, **options):
    facts = {
        "mark": mark,
        "client_id": uuid7(),
        "device_time": options.get("at", IN_CLASS),
        "by": session.trainer.user,
        "at": IN_CLASS,
    } | options
    return record_event(session, enrolment, kind=kind, **facts)


def refusal(*args, **options) -> str:
    with pytest.raises(DomainError) as refused:
        tell(*args, **options)
    return refused.value.code


def test_a_mark_credits_the_hours_and_is_audited(session) -> None:
    enrolment = make_enrolment(session.training_class)
    mark = tell(session, enrolment)
    assert (mark.mark, mark.credited_hours, mark.marked_at) == (Mark.PRESENT, Decimal(4), IN_CLASS)
    assert not mark.is_late_entry
    assert not mark.is_corrected
    entry = AuditEntry.objects.get(action="attendance.mark")
    assert (entry.for_person_id, entry.data["mark"]) == (enrolment.person_id, "present")


def test_the_same_client_id_changes_nothing(session) -> None:
    enrolment = make_enrolment(session.training_class)
    client_id = uuid7()
    first = tell(session, enrolment, client_id=client_id)
    again = tell(session, enrolment, Mark.ABSENT, client_id=client_id, at=IN_CLASS + dt.timedelta(minutes=9))
    assert again == first
    assert AttendanceEvent.objects.count() == 1
    other = make_enrolment(session.training_class)
    assert refusal(session, other, client_id=client_id) == "client_id_taken"


def test_a_second_mark_is_kept_but_changes_nothing_without_a_reason(session) -> None:
    enrolment = make_enrolment(session.training_class)
    tell(session, enrolment, Mark.ABSENT)
    assert tell(session, enrolment, Mark.PRESENT, at=IN_CLASS + dt.timedelta(minutes=5)).mark == Mark.ABSENT
    assert AttendanceEvent.objects.count() == 2
    assert refusal(session, enrolment, Mark.PRESENT, kind=EventKind.CORRECTION) == "reason_missing"
    corrected = tell(
        session, enrolment, Mark.LATE, kind=EventKind.CORRECTION, reason="9 点才到", at=moment(14, 9)
    )
    assert (corrected.mark, corrected.is_corrected) == (Mark.LATE, True)


def test_a_withdrawn_mark_is_gone_and_its_event_stays(session) -> None:
    enrolment = make_enrolment(session.training_class)
    tell(session, enrolment)
    assert (
        tell(session, enrolment, None, kind=EventKind.WITHDRAWAL, reason="点错人了", at=moment(14, 9)) is None
    )
    assert not AttendanceMark.objects.exists()
    assert AttendanceEvent.objects.count() == 2


def test_events_are_never_changed_or_removed(session) -> None:
    tell(session, make_enrolment(session.training_class))
    event = AttendanceEvent.objects.get()
    for change in (
        lambda: event.save(), event.delete, lambda: AttendanceEvent.objects.update(mark="absent"),
        lambda: AttendanceEvent.objects.all().delete(),
    ):  # fmt: skip
        with pytest.raises((DatabaseError, TypeError)), transaction.atomic():
            change()


def test_the_regions_rule_decides_what_late_and_early_are_worth(session) -> None:
    AttendanceRule.objects.create(
        region_code="990000000000", late_percent=0, left_early_percent=0, valid_from=dt.date(2020, 1, 1)
    )
    load_attendance_rules()
    late, early = (make_enrolment(session.training_class) for _ in range(2))
    assert tell(session, late, Mark.LATE).credited_hours == 4
    assert tell(session, early, Mark.LEFT_EARLY).credited_hours == 2


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ClassState.CLOSED, "class_closed"),
        (ClassState.ARCHIVED, "class_closed"),
        (ClassState.CANCELLED, "class_not_open"),
        (ClassState.DRAFT, "class_not_open"),
    ],
)
def test_a_class_that_is_over_or_not_begun_takes_no_mark(state: ClassState, code: str) -> None:
    session = make_session(make_class(state=state))
    assert refusal(session, make_enrolment(session.training_class)) == code


def test_the_first_mark_begins_a_filed_class() -> None:
    session = make_session(make_class(state=ClassState.FILED))
    tell(session, make_enrolment(session.training_class))
    session.training_class.refresh_from_db()
    assert session.training_class.state == ClassState.RUNNING
    assert AuditEntry.objects.filter(action="class.start").exists()


def test_sessions_to_come_cancelled_ones_and_lectures_have_no_roll(session) -> None:
    enrolment = make_enrolment(session.training_class)
    assert refusal(session, enrolment, at=moment(14, 7, 29)) == "session_not_begun"
    assert tell(session, enrolment, at=moment(14, 7, 30)) is not None
    cancelled = make_session(session.training_class, state=SessionState.CANCELLED)
    assert refusal(cancelled, enrolment) == "session_cancelled"
    lecture = make_session(session.training_class, kind=SessionKind.LECTURE)
    assert refusal(lecture, enrolment) == "no_roll"


def test_a_clock_that_runs_ahead_is_refused(session) -> None:
    enrolment = make_enrolment(session.training_class)
    assert refusal(session, enrolment, device_time=IN_CLASS + dt.timedelta(minutes=6)) == "clock_ahead"


def test_only_people_on_this_roll_are_marked(session) -> None:
    waiting = make_enrolment(session.training_class, state=EnrolmentState.WAITING)
    assert refusal(session, waiting) == "not_on_roll"
    assert refusal(session, make_enrolment(make_class())) == "not_on_roll"


def test_the_trainer_marks_others_need_a_duty_and_a_reason(session) -> None:
    training_class = session.training_class
    enrolment = make_enrolment(training_class)
    assert refusal(session, enrolment, by=make_user()) == "not_the_trainer"
    assert refusal(session, enrolment, by=make_session(training_class).trainer.user) == "not_the_trainer"
    teacher = make_user()
    assign(training_class, teacher, StaffRole.CLASS_TEACHER)
    assert refusal(session, enrolment, by=teacher) == "reason_missing"
    assert tell(session, enrolment, by=teacher, reason="老师手机没电").mark == Mark.PRESENT
    planner = make_planner(training_class.organisation)
    assert (
        tell(
            session,
            enrolment,
            Mark.LEAVE,
            kind=EventKind.CORRECTION,
            by=planner,
            reason="补交假条",
            at=moment(14, 9),
        ).mark
        == Mark.LEAVE
    )
    assert (
        refusal(session, enrolment, by=make_planner(make_class().organisation), reason="x")
        == "not_the_trainer"
    )


def test_a_mark_a_day_late_needs_a_reason_and_is_flagged(session) -> None:
    enrolment = make_enrolment(session.training_class)
    at_limit, after = moment(15, 11, 45), moment(15, 11, 46)
    other = make_enrolment(session.training_class)
    assert not tell(session, other, at=at_limit).is_late_entry
    assert refusal(session, enrolment, at=after) == "reason_missing"
    assert tell(session, enrolment, at=after, reason="纸质签到补录").is_late_entry


def test_closing_the_roll_needs_every_mark_or_one_for_the_rest(session) -> None:
    people = [make_enrolment(session.training_class) for _ in range(3)]
    trainer = session.trainer.user
    take_roll(session, {people[0].pk: Mark.PRESENT}, by=trainer, at=IN_CLASS)
    with pytest.raises(DomainError) as refused:
        close_roll(session, rest=None, by=trainer, at=IN_CLASS)
    assert (refused.value.code, refused.value.details["people"]) == (
        "roll_incomplete",
        [people[1].pk, people[2].pk],
    )
    closed = close_roll(session, rest=Mark.ABSENT, by=trainer, at=IN_CLASS)
    assert (closed.state, closed.roll_closed_at) == (SessionState.HELD, IN_CLASS)
    assert sorted(session.marks.values_list("mark", flat=True)) == ["absent", "absent", "present"]
    assert refusal(session, people[0]) == "roll_closed"
    again = close_roll(session, rest=None, by=trainer, at=moment(14, 10))
    assert again.roll_closed_at == IN_CLASS


def test_a_roll_is_all_or_nothing(session) -> None:
    ours, theirs = make_enrolment(session.training_class), make_enrolment(make_class())
    with pytest.raises(DomainError):
        take_roll(
            session, {ours.pk: Mark.PRESENT, theirs.pk: Mark.PRESENT}, by=session.trainer.user, at=IN_CLASS
        )
    assert not AttendanceEvent.objects.exists()


def stored(session) -> list[tuple]:
    fields = (
        "enrolment_id",
        "mark",
        "method",
        "credited_hours",
        "marked_at",
        "is_late_entry",
        "is_corrected",
    )
    return sorted(session.marks.values_list(*fields))


def test_rebuilt_marks_equal_the_stored_ones(session) -> None:
    people = [make_enrolment(session.training_class) for _ in range(4)]
    for enrolment, mark in zip(people, (Mark.PRESENT, Mark.LATE, Mark.ABSENT, Mark.LEAVE), strict=True):
        tell(session, enrolment, mark)
    tell(session, people[2], Mark.PRESENT, kind=EventKind.CORRECTION, reason="认错人", at=moment(14, 9))
    tell(session, people[3], None, kind=EventKind.WITHDRAWAL, reason="点错", at=moment(14, 9))
    tell(session, people[3], Mark.LEFT_EARLY, at=moment(16, 9), reason="补录")
    before = stored(session)
    assert len(before) == 4
    session.marks.update(mark=Mark.ABSENT, credited_hours=9)
    session.marks.filter(enrolment=people[0]).delete()
    assert stored(session) != before
    assert rebuild_marks(session) == 4
    assert stored(session) == before


_taps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(EventKind),
        st.sampled_from(Mark),
        st.integers(0, 5),
        st.uuids(version=4),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda tap: tap[4],
)


@given(taps=_taps, data=st.data())
def test_any_order_and_repetition_of_uploads_gives_the_same_marks(session, taps, data) -> None:
    """The same events reach the server in two orders, some of them twice."""
    results = []
    shuffled = data.draw(st.permutations(taps + taps[: data.draw(st.integers(0, len(taps)))]))
    for order in (taps, shuffled):
        with transaction.atomic():
            people = [make_enrolment(session.training_class) for _ in range(2)]
            late = itertools.count()
            for who, kind, mark, minute, client_id in order:
                tell(
                    session, people[who], None if kind == EventKind.WITHDRAWAL else mark, kind=kind, reason="原因",
                    client_id=client_id, device_time=IN_CLASS + dt.timedelta(minutes=minute),
                    at=IN_CLASS + dt.timedelta(hours=1, minutes=next(late)),
                )  # fmt: skip
            results.append(
                [(people.index(m.enrolment), *_facts(m)) for m in session.marks.order_by("enrolment")]
            )
            transaction.set_rollback(True)
    assert results[0] == results[1]


def _facts(mark) -> tuple:
    return (
        mark.mark,
        mark.method,
        mark.credited_hours,
        mark.marked_at,
        mark.is_late_entry,
        mark.is_corrected,
    )
