"""The class from start to close: hours of the roll reach the records, the rule decides who completes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caravan.enums import (
    ClassState,
    EnrolmentState,
    EnrolmentWay,
    EventKind,
    Mark,
    SessionKind,
    SessionState,
    StaffRole,
)
from caravan.models import Booking
from caravan.services.attendance import close_roll, record_event, take_roll
from caravan.services.enrolment import enrol, enrol_many
from caravan.services.running import archive_class, cancel_class, close_class, end_teaching, start_class
from caravan.standing import standing_of
from cms.errors import DomainError, Refusals
from cms.ids import uuid7
from cms.models import AuditEntry
from courses.enums import Component, RecordState
from courses.models import RecordComponent, TrainingRecord
from courses.services.assessments import record_score
from tests.caravan.roll_world import (
    NOW,
    assign,
    make_class,
    make_people,
    make_person,
    make_session,
    make_user,
    make_version,
    moment,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]
AFTER = moment(15, 18)


class Course:
    """A class of one course: 4 hours of theory, 4 of practice, four people."""

    def __init__(self) -> None:
        self.training_class = make_class(versions=[make_version(theory=4, practice=4)], capacity=4)
        self.theory = make_session(self.training_class)
        self.practice = make_session(
            self.training_class, kind=SessionKind.PRACTICE, starts_at=moment(15, 8), ends_at=moment(15, 11)
        )
        outcomes = enrol_many(make_people(5), self.training_class, by=None, at=NOW)
        self.people = [one.enrolment for one in outcomes[:4]]
        self.waiting = outcomes[4].enrolment

    def roll(self, session, *marks: Mark) -> None:
        at = session.ends_at
        by = session.trainer.user
        take_roll(session, {one.pk: mark for one, mark in zip(self.people, marks, strict=True)}, by=by, at=at)
        close_roll(session, rest=None, by=by, at=at)

    def score(self, enrolment, theory: int, practice: int) -> None:
        record = TrainingRecord.objects.get(person=enrolment.person)
        for component, value in ((Component.THEORY_SCORE, theory), (Component.PRACTICE_SCORE, practice)):
            record_score(record, component, Decimal(value), evidence="", by=make_user(), at=AFTER)

    def state_of(self, enrolment) -> tuple[str, str]:
        enrolment.refresh_from_db()
        return enrolment.state, TrainingRecord.objects.get(person=enrolment.person).state


P, A = Mark.PRESENT, Mark.ABSENT


@pytest.fixture
def course() -> Course:
    return Course()


def codes(caught) -> list[str]:
    return [one.code for one in caught.value.refusals]


def test_the_whole_way(course: Course) -> None:
    start_class(course.training_class, by=None, at=moment(14))
    course.roll(course.theory, P, P, A, P)
    course.roll(course.practice, P, P, P, P)
    end_teaching(course.training_class, by=None, at=AFTER)
    course.waiting.refresh_from_db()
    assert course.waiting.state == EnrolmentState.WITHDRAWN
    for enrolment, theory in zip(course.people, (60, 59, 90, 90), strict=True):
        course.score(enrolment, theory, 80)
    closed = close_class(course.training_class, by=None, at=AFTER)
    assert (closed.state, closed.closed_at) == (ClassState.CLOSED, AFTER)
    completed = (EnrolmentState.COMPLETED, RecordState.COMPLETED)
    failed = (EnrolmentState.NOT_COMPLETED, RecordState.NOT_COMPLETED)
    assert [course.state_of(one) for one in course.people] == [completed, failed, failed, completed]
    record = TrainingRecord.objects.get(person=course.people[2].person)
    hours = record.components.filter(component__endswith="_hours").values_list("component", "value")
    assert sorted(hours) == [("practice_hours", Decimal(4)), ("theory_hours", Decimal(0))]
    assert TrainingRecord.objects.get(person=course.people[0].person).completed_on == moment(15).date()


def test_closing_names_open_rolls_and_missing_scores(course: Course) -> None:
    start_class(course.training_class, by=None, at=moment(14))
    course.roll(course.theory, P, P, P, P)
    with pytest.raises(Refusals) as refused:
        end_teaching(course.training_class, by=None, at=AFTER)
    assert codes(refused) == ["rolls_open"]
    assert not AuditEntry.objects.filter(action="class.end_teaching").exists()
    end_teaching(course.training_class, by=None, at=AFTER, reason="第二天下雪停课")
    with pytest.raises(Refusals) as refused:
        close_class(course.training_class, by=None, at=AFTER)
    assert codes(refused) == ["rolls_open", "scores_missing"]
    assert course.people[0].person.legal_name in str(refused.value)
    course.training_class.refresh_from_db()
    assert course.training_class.state == ClassState.ASSESSING
    assert TrainingRecord.objects.open().count() == 4


def test_hours_reach_the_record_when_the_roll_closes_and_follow_a_correction(course: Course) -> None:
    course.roll(course.theory, P, A, P, P)

    def hours() -> list[tuple[int, Decimal]]:
        rows = RecordComponent.objects.filter(superseded_at__isnull=True, component="theory_hours")
        return sorted(rows.values_list("record__person_id", "value"))

    ids = [one.person_id for one in course.people]
    assert hours() == [(ids[0], 4), (ids[2], 4), (ids[3], 4)]
    record_event(
        course.theory, course.people[2], kind=EventKind.CORRECTION, mark=A, reason="认错人", client_id=uuid7(),
        device_time=moment(14, 13), by=course.theory.trainer.user, at=moment(14, 13),
    )  # fmt: skip
    assert hours() == [(ids[0], 4), (ids[2], 0), (ids[3], 4)]


def test_with_a_reason_it_closes_and_who_lacks_something_has_not_completed(course: Course) -> None:
    start_class(course.training_class, by=None, at=moment(14))
    course.roll(course.theory, P, P, P, P)
    course.roll(course.practice, P, P, P, P)
    end_teaching(course.training_class, by=None, at=AFTER)
    course.score(course.people[0], 80, 80)
    close_class(course.training_class, by=None, at=AFTER, reason="其他人缺考")
    assert [course.state_of(one)[0] for one in course.people] == [
        EnrolmentState.COMPLETED, *[EnrolmentState.NOT_COMPLETED] * 3,
    ]  # fmt: skip


def test_only_the_next_state_is_open(course: Course) -> None:
    for service in (end_teaching, close_class):
        with pytest.raises(DomainError) as refused:
            service(course.training_class, by=None, at=AFTER)
        assert refused.value.code == "class_state"
    start_class(course.training_class, by=None, at=moment(14))
    with pytest.raises(DomainError) as refused:
        start_class(course.training_class, by=None, at=moment(14))
    assert refused.value.code == "class_state"


def test_a_class_begins_on_its_day_and_with_somebody_in_it(course: Course) -> None:
    with pytest.raises(DomainError) as refused:
        start_class(course.training_class, by=None, at=moment(13, 23, 59))
    assert refused.value.code == "too_early"
    with pytest.raises(DomainError) as refused:
        start_class(make_class(), by=None, at=moment(14))
    assert refused.value.code == "nobody_enrolled"


def test_no_mark_after_closing(course: Course) -> None:
    start_class(course.training_class, by=None, at=moment(14))
    end_teaching(course.training_class, by=None, at=AFTER, reason="停课")
    close_class(course.training_class, by=None, at=AFTER, reason="停课")
    with pytest.raises(DomainError) as refused:
        record_event(
            course.theory, course.people[0], kind=EventKind.CORRECTION, mark=P, reason="补",
            client_id=uuid7(), device_time=AFTER, by=course.theory.trainer.user, at=AFTER,
        )  # fmt: skip
    assert refused.value.code == "class_closed"


def test_hours_of_cancelled_sessions_and_of_other_courses_do_not_count() -> None:
    first, second = make_version(theory=8, practice=0), make_version(theory=8, practice=0)
    training_class = make_class(versions=[first, second], state=ClassState.RUNNING)
    one, two = training_class.class_courses.order_by("order")
    enrolment = enrol(make_person(), training_class, by=None, at=NOW, way=EnrolmentWay.SELF)
    for course, hours, cancelled in ((one, 4, False), (one, 3, True), (two, 2, False)):
        session = make_session(training_class, class_course=course, hours=Decimal(hours))
        take_roll(session, {enrolment.pk: P}, by=session.trainer.user, at=moment(14, 9))
        if cancelled:
            session.state = SessionState.CANCELLED
            session.save()
    standing = standing_of(training_class, [enrolment])[0]
    assert [course.values[Component.THEORY_HOURS] for course in standing.courses] == [4, 2]


def test_calling_off_frees_rooms_people_and_records(course: Course) -> None:
    Booking.objects.create(
        resource_kind="room", resource_key="room:1", session=course.theory, room=course.theory.room,
        starts_at=course.theory.starts_at, ends_at=course.theory.ends_at,
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        cancel_class(course.training_class, reason=" ", by=None, at=NOW)
    assert refused.value.code == "reason_missing"
    cancelled = cancel_class(course.training_class, reason="大雪封路", by=None, at=NOW)
    assert cancelled.state == ClassState.CANCELLED
    assert not Booking.objects.exists()
    assert set(cancelled.sessions.values_list("state", flat=True)) == {SessionState.CANCELLED}
    assert set(cancelled.enrolments.values_list("state", flat=True)) == {EnrolmentState.WITHDRAWN}
    assert not TrainingRecord.objects.open().exists()


def test_the_class_teacher_sees_what_is_missing_and_closes(client, course: Course) -> None:
    import time_machine
    from django.urls import reverse

    from cms.roles import Role
    from cms.services.memberships import grant_role

    teacher = make_user("班主任")
    grant_role(
        teacher,
        Role.CLASS_TEACHER,
        course.training_class.organisation,
        by=None,
        at=NOW,
        valid_from=NOW.date(),
    )
    url = reverse("caravan:teach_close", args=[course.training_class.class_no])
    start_class(course.training_class, by=None, at=moment(14))
    course.roll(course.theory, P, P, P, P)
    course.roll(course.practice, P, P, P, A)
    client.force_login(make_user())
    assert client.get(url).status_code == 403
    client.force_login(teacher)
    assign(course.training_class, teacher, StaffRole.CLASS_TEACHER)
    with time_machine.travel(AFTER, tick=False):
        assert "理论还没考" in client.get(url).content.decode()
        assert client.post(url, {"step": "end_teaching"}).status_code == 302
        for enrolment in course.people[:3]:
            course.score(enrolment, 80, 80)
        page = client.post(url, {"step": "close"}).content.decode()
        assert "还有 1 个人缺成绩" in page
        assert client.post(url, {"step": "close", "reason": "缺考"}).status_code == 302
        assert client.post(url, {"step": "dance"}).status_code == 200
    assert [course.state_of(one)[0] for one in course.people].count(EnrolmentState.COMPLETED) == 3


@pytest.mark.parametrize("role", [StaffRole.CLASS_TEACHER, StaffRole.ASSESSOR, StaffRole.TRAINER])
def test_every_link_of_the_desk_opens(client, course: Course, role: StaffRole) -> None:
    from caravan.desk import links_of_class
    from cms.roles import Role
    from cms.services.memberships import grant_role

    user = make_user()
    grant_role(
        user, Role(role.value), course.training_class.organisation, by=None, at=NOW, valid_from=NOW.date()
    )
    assign(course.training_class, user, role)
    start_class(course.training_class, by=None, at=moment(14))
    course.training_class.refresh_from_db()
    client.force_login(user)
    links = links_of_class(user, course.training_class)
    assert links
    assert [client.get(link.url).status_code for link in links] == [200] * len(links)


def test_only_a_closed_class_is_archived_and_then_leaves_the_public_schedule() -> None:
    training_class = make_class()
    with pytest.raises(DomainError) as refusal:
        archive_class(training_class, by=None, at=AFTER)
    assert refusal.value.code == "class_state"
    type(training_class).objects.filter(pk=training_class.pk).update(state=ClassState.CLOSED)
    assert type(training_class).objects.public().filter(pk=training_class.pk).exists()
    archive_class(training_class, by=None, at=AFTER)
    assert not type(training_class).objects.public().filter(pk=training_class.pk).exists()
    assert AuditEntry.objects.filter(action="class.archive", object_id=training_class.pk).exists()
