"""Tell people what became of their place, their class and its sessions; inside the transaction of the change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from caravan.enums import ACTIVE, EnrolmentState, FilingDecision, SessionState
from caravan.models import ClassFiling, Enrolment, Session, TrainingClass
from cms.messaging import Note, queue_message, queue_messages, withdraw_about, withdraw_messages
from cms.models import User

PLACE_KINDS = ("seat_offered", "enrolment_confirmed", "enrolment_waiting")


def tell_seated(
    enrolments: Sequence[Enrolment], training_class: TrainingClass, *, by: User | None, at: dt.datetime
) -> None:
    """Tell each that the seat is theirs."""
    notes = [
        _place_note(one, training_class, number=one.roll_no, venue=training_class.venue.name)
        for one in enrolments
    ]
    queue_messages("enrolment_confirmed", notes, by=by, at=at)


def tell_accepted(
    enrolment: Enrolment, training_class: TrainingClass, *, by: User | None, at: dt.datetime
) -> None:
    """Tell who took an offer that the seat is theirs; what was said about queue and offer is over."""
    withdraw_messages(("seat_offered", "enrolment_waiting"), enrolment, at=at)
    tell_seated([enrolment], training_class, by=by, at=at)


def tell_waiting(
    enrolments: Sequence[Enrolment], training_class: TrainingClass, *, by: User | None, at: dt.datetime
) -> None:
    """Tell each that the class is full and they stand in the queue."""
    notes = [_place_note(one, training_class) for one in enrolments]
    queue_messages("enrolment_waiting", notes, by=by, at=at)


def tell_offered(
    enrolment: Enrolment, training_class: TrainingClass, *, until: dt.datetime, at: dt.datetime
) -> None:
    """Tell who is next that a seat is kept, and until when."""
    withdraw_messages("enrolment_waiting", enrolment, at=at)
    note = _place_note(enrolment, training_class, until=until.isoformat())
    queue_messages("seat_offered", [note], by=None, at=at)


def forget_place(enrolment: Enrolment, *, at: dt.datetime) -> None:
    """Take back what was said about a place that is given up."""
    withdraw_messages(PLACE_KINDS, enrolment, at=at)


def _place_note(enrolment: Enrolment, training_class: TrainingClass, **more: Any) -> Note:
    about = {"title": training_class.title, "starts_on": training_class.starts_on.isoformat(), **more}
    return Note(enrolment, about, person=enrolment.person, organisation=training_class.organisation)


def tell_session_moved(
    session: Session,
    *,
    old_starts_at: dt.datetime,
    old_room_id: int,
    old_trainer: User | None,
    by: User | None,
    at: dt.datetime,
) -> None:
    """Tell everybody of the class where and when the session is now; of several moves only the last counts."""
    occasion = at.isoformat(timespec="seconds")
    withdraw_about("session_moved", [session], at=at, keep=occasion)
    about = _session_facts(session) | {"old_starts_at": old_starts_at.isoformat()}
    elsewhere = (old_starts_at, old_room_id) != (session.starts_at, session.room_id)
    teachers = {session.trainer.user} | ({old_trainer} if old_trainer else set())
    notes = _to_staff(session, session.training_class, teachers, about, occasion, by=by)
    if elsewhere:  # another trainer alone is no reason to ring a learner's phone
        notes += _to_learners(session, session.training_class, about, occasion)
    queue_messages("session_moved", notes, by=by, at=at)


def tell_session_cancelled(session: Session, *, by: User | None, at: dt.datetime) -> None:
    """Tell everybody of the class that the session does not take place."""
    withdraw_messages("session_moved", session, at=at)
    about = _session_facts(session)
    notes = _to_staff(session, session.training_class, {session.trainer.user}, about, "", by=by)
    notes += _to_learners(session, session.training_class, about, "")
    queue_messages("session_cancelled", notes, by=by, at=at)


def _session_facts(session: Session) -> dict[str, Any]:
    return {
        "title": session.training_class.title,
        "class_no": session.training_class.class_no,
        "content": session.content,
        "starts_at": session.starts_at.isoformat(),
        "room_id": session.room_id,
        "where": f"{session.room.venue.name} {session.room.name}",
    }


def tell_class_moved(
    training_class: TrainingClass, *, old_starts_on: dt.date, by: User | None, at: dt.datetime
) -> None:
    """Tell everybody who has or awaits a seat the new days of the class."""
    occasion = at.isoformat(timespec="seconds")
    withdraw_about("class_moved", [training_class], at=at, keep=occasion)
    about = _class_facts(training_class) | {"old_starts_on": old_starts_on.isoformat()}
    notes = _to_staff(training_class, training_class, _trainers(training_class), about, occasion, by=by)
    notes += _to_learners(training_class, training_class, about, occasion, states=ACTIVE)
    queue_messages("class_moved", notes, by=by, at=at)


def tell_class_cancelled(
    training_class: TrainingClass,
    enrolments: Iterable[Enrolment],
    *,
    reason: str,
    by: User | None,
    at: dt.datetime,
) -> None:
    """Tell ``enrolments``, which ended with the class, and its staff; nothing else about it is worth telling."""
    withdraw_messages("class_moved", training_class, at=at)
    withdraw_about(("session_moved", "session_cancelled"), list(training_class.sessions.all()), at=at)
    about = _class_facts(training_class) | {"why": reason}
    notes = _to_staff(training_class, training_class, _trainers(training_class), about, "", by=by)
    notes += [_learner_note(training_class, one, training_class, about, "") for one in enrolments]
    queue_messages("class_cancelled", notes, by=by, at=at)


def tell_filing_answered(filing: ClassFiling, *, by: User, at: dt.datetime) -> None:
    """Tell who handed the class in what the office answered."""
    training_class = filing.training_class
    kind = "class_filed" if filing.decision == FilingDecision.ACCEPTED else "class_returned"
    queue_message(
        kind,
        subject=filing,
        user=filing.submitted_by,
        about=_class_facts(training_class) | {"why": filing.remarks, "class_pk": training_class.pk},
        organisation=training_class.organisation,
        by=by,
        at=at,
    )


def _class_facts(training_class: TrainingClass) -> dict[str, Any]:
    return {
        "title": training_class.title,
        "class_no": training_class.class_no,
        "starts_on": training_class.starts_on.isoformat(),
        "ends_on": training_class.ends_on.isoformat(),
    }


def _trainers(training_class: TrainingClass) -> set[User]:
    sessions = training_class.sessions.exclude(state=SessionState.CANCELLED).select_related("trainer__user")
    return {session.trainer.user for session in sessions}


def _to_learners(
    subject: Session | TrainingClass,
    training_class: TrainingClass,
    about: dict[str, Any],
    occasion: str,
    *,
    states: Iterable[str] = (EnrolmentState.ENROLLED,),
) -> list[Note]:
    rows = training_class.enrolments.filter(state__in=sorted(states)).select_related("person")
    return [_learner_note(subject, one, training_class, about, occasion) for one in rows]


def _learner_note(
    subject: Session | TrainingClass,
    enrolment: Enrolment,
    training_class: TrainingClass,
    about: dict[str, Any],
    occasion: str,
) -> Note:
    facts = about | {"enrolment": enrolment.pk}
    return Note(
        subject, facts, person=enrolment.person, occasion=occasion, organisation=training_class.organisation
    )


def _to_staff(
    subject: Session | TrainingClass,
    training_class: TrainingClass,
    teachers: Iterable[User],
    about: dict[str, Any],
    occasion: str,
    *,
    by: User | None,
) -> list[Note]:
    """Everybody with a duty in the class and ``teachers``, but not who did it."""
    users = {row.user_id: row.user for row in training_class.staff.select_related("user")}
    users |= {user.pk: user for user in teachers}
    return [
        Note(subject, about, user=user, occasion=occasion, organisation=training_class.organisation)
        for pk, user in sorted(users.items())
        if by is None or pk != by.pk
    ]
