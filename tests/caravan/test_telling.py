"""Who is told what about places, sessions and classes: once, and nothing that is no longer so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from caravan.enums import StaffRole
from caravan.services.enrolment import accept_offer, enrol_many, expire_offers, withdraw
from caravan.services.filing import accept_filing, return_filing, submit_class
from caravan.services.planning import change_class
from caravan.services.running import cancel_class
from caravan.services.scheduling import cancel_session, move_session
from cms.enums import MessageState
from cms.messaging.kinds import link_of
from cms.messaging.posting import post_due
from cms.messaging.words import text_of
from cms.models import Message
from tests.caravan import planning_world
from tests.caravan.roll_world import NOW, assign, bind, make_class, make_people, make_user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(hours=24)
HOUR = dt.timedelta(hours=1)


def told(kind: str, **facts: Any) -> list[Message]:
    """Messages of a kind that were posted and still stand."""
    return list(Message.objects.filter(kind=kind, state=MessageState.POSTED, **facts).order_by("pk"))


def full_class(people: int = 3):
    training_class = make_class(capacity=1)
    outcomes = enrol_many(make_people(people), training_class, by=None, at=NOW)
    return training_class, [one.enrolment for one in outcomes]


def test_a_seat_and_a_place_in_the_queue_are_told() -> None:
    training_class, (seated, *waiting) = full_class()
    post_due(NOW)
    [message] = told("enrolment_confirmed")
    assert message.person == seated.person
    assert (message.organisation, message.region_code) == (
        training_class.organisation,
        training_class.region_code,
    )
    text = text_of(message)
    assert "学号 1" in text.body
    assert training_class.venue.name in text.body
    assert {one.person for one in told("enrolment_waiting")} == {one.person for one in waiting}


def test_an_offer_is_told_with_its_deadline_and_taken_back_when_it_is_over() -> None:
    _class, (seated, first, _second) = full_class()
    withdraw(seated, reason="家里有事", by=None, at=NOW)
    post_due(NOW)
    [message] = told("seat_offered")
    assert "3月2日（周一） 8:00" in text_of(message).body or "2026年3月2日" in text_of(message).body
    assert link_of(message) == f"/me/enrolments/{first.pk}/offer/"
    assert not told("enrolment_confirmed")  # given back
    assert [one.person_id for one in told("enrolment_waiting")] == [_second.person_id]
    expire_offers(NOW + DAY + HOUR)
    post_due(NOW + DAY + HOUR)
    assert [one.person_id for one in told("seat_offered")] == [_second.person_id]


def test_an_offer_that_lapsed_during_a_standstill_is_not_told() -> None:
    _class, (seated, _first, _second) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    post_due(NOW + 5 * DAY)
    assert not told("seat_offered")


def test_who_takes_the_offer_is_told_the_number_and_nothing_more_about_the_offer() -> None:
    _class, (seated, first, _second) = full_class()
    withdraw(seated, reason="", by=None, at=NOW)
    accept_offer(first, by=None, at=NOW + HOUR)
    post_due(NOW + HOUR)
    assert not told("seat_offered")
    assert [one.person_id for one in told("enrolment_confirmed")] == [first.person_id]


@pytest.fixture
def filed():
    """A class on file with one learner, her account, and the world around it."""
    world = planning_world.make_world()
    training_class = world.filed()
    learner = make_people(1)[0]
    enrol_many([learner], training_class, by=world.planner, at=NOW_THERE)
    account = make_user("王桂花")
    bind(account, learner)
    return world, training_class, account


NOW_THERE = planning_world.NOW


def shift(session: Any, world: Any, hours: int, at: dt.datetime = NOW_THERE) -> Any:
    delta = dt.timedelta(hours=hours)
    return move_session(
        session, starts_at=session.starts_at + delta, ends_at=session.ends_at + delta, reason="场地有变",
        by=world.planner, at=at,
    )  # fmt: skip


def last_session(training_class: Any) -> Any:
    return training_class.sessions.order_by("-starts_at").first()


def test_a_moved_session_is_told_to_learners_and_staff_but_not_to_who_moved_it(filed) -> None:
    world, training_class, _account = filed
    session = last_session(training_class)
    assign(training_class, world.planner, StaffRole.INVIGILATOR)
    shift(session, world, 24)
    post_due(NOW_THERE)
    found = told("session_moved")
    assert {one.person.legal_name if one.person else one.user.username for one in found} == {
        training_class.enrolments.get().person.legal_name, "teacher", "assessor", session.trainer.user.username,
    }  # fmt: skip


def test_of_two_moves_only_the_last_is_told_and_back_again_is_told_too(filed) -> None:
    world, training_class, _account = filed
    session = last_session(training_class)
    for minutes, hours in ((0, 24), (1, -24), (2, 24)):
        session = shift(session, world, hours, NOW_THERE + dt.timedelta(minutes=minutes))
    post_due(NOW_THERE + HOUR)
    [message] = told("session_moved", person__isnull=False)
    assert message.about["starts_at"] == session.starts_at.isoformat()


def test_a_session_that_was_cancelled_after_its_move_is_told_as_cancelled(filed) -> None:
    world, training_class, _account = filed
    session = shift(last_session(training_class), world, 24)
    cancel_session(session, reason="停水", by=world.planner, at=NOW_THERE + HOUR)
    post_due(NOW_THERE + HOUR)
    assert not told("session_moved")
    [message] = told("session_cancelled", person__isnull=False)
    assert session.content in text_of(message).body


def test_who_left_the_class_is_not_told_of_its_changes(filed) -> None:
    world, training_class, _account = filed
    shift(last_session(training_class), world, 24)
    withdraw(training_class.enrolments.get(), reason="", by=None, at=NOW_THERE + HOUR)
    post_due(NOW_THERE + HOUR)
    assert not told("session_moved", person__isnull=False)


def test_new_dates_of_a_class_are_told(filed) -> None:
    world, training_class, _account = filed
    change_class(
        training_class, title=training_class.title, capacity=training_class.capacity,
        starts_on=training_class.starts_on, ends_on=training_class.ends_on + dt.timedelta(days=2),
        enrol_until=training_class.enrol_until, reason="下雨", by=world.planner, at=NOW_THERE,
    )  # fmt: skip
    post_due(NOW_THERE)
    [message] = told("class_moved", person__isnull=False)
    assert "改了日期" in text_of(message).title


def test_a_class_called_off_is_told_with_its_reason_and_nothing_else_is(filed) -> None:
    world, training_class, account = filed
    shift(last_session(training_class), world, 24)
    cancel_class(training_class, reason="讲师生病", by=world.planner, at=NOW_THERE)
    post_due(NOW_THERE)
    assert set(Message.objects.visible_to(account).values_list("kind", flat=True)) == {"class_cancelled"}
    [message] = told("class_cancelled", person__isnull=False)
    assert "讲师生病" in text_of(message).body
    assert {one.user.username for one in told("class_cancelled", user__isnull=False)} >= {"teacher"}


def test_the_offices_answer_reaches_who_handed_the_class_in() -> None:
    world = planning_world.make_world()
    training_class = world.ready()
    filing = submit_class(training_class, by=world.planner, at=NOW_THERE)
    return_filing(filing, remarks="缺考评员证书", by=world.officer, at=NOW_THERE)
    post_due(NOW_THERE)
    [message] = told("class_returned")
    assert message.user == world.planner
    assert "缺考评员证书" in text_of(message).body
    filing = submit_class(training_class, by=world.planner, at=NOW_THERE + HOUR)
    accept_filing(filing, by=world.officer, at=NOW_THERE + HOUR)
    post_due(NOW_THERE + HOUR)
    assert [one.user for one in told("class_filed")] == [world.planner]


def test_a_returned_class_that_was_handed_in_again_is_not_told_as_returned() -> None:
    world = planning_world.make_world()
    training_class = world.ready()
    filing = submit_class(training_class, by=world.planner, at=NOW_THERE)
    return_filing(filing, remarks="改一下", by=world.officer, at=NOW_THERE)
    submit_class(training_class, by=world.planner, at=NOW_THERE)
    post_due(NOW_THERE)
    assert not told("class_returned")


def test_every_message_of_the_chain_is_written_in_both_languages(filed) -> None:
    world, training_class, _account = filed
    shift(last_session(training_class), world, 24)
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for message in Message.objects.select_related("person"):
                text = text_of(message)
                assert text.title
                assert text.body
                assert "%" not in text.title + text.body
                assert link_of(message).startswith("/")
