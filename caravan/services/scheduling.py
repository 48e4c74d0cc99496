"""Put sessions on the calendar, move and cancel them; nobody and nothing is in two places.

Order of locks everywhere: the class, then rooms, then trainers. A refusal changes nothing and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import COUNTED_KINDS, ResourceKind, SessionKind, SessionState, StaffRole
from caravan.models import ClassCourse, ClassStaff, Room, Session, TrainerProfile, TrainingClass
from caravan.rules import day_hours_rule
from caravan.services.booking import Clash, book_for_session, find_clashes, lock_resources
from caravan.services.free_times import FreeTime, free_times
from caravan.services.states import FILED_STATES, lock_class, require_plannable
from caravan.services.telling import tell_session_cancelled, tell_session_moved
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import User
from cms.ui import dates, figures
from courses.enums import HourKind

__all__ = ["FreeTime", "ScheduleClash", "cancel_session", "free_times", "move_session", "schedule_session"]


class ScheduleClash(DomainError):
    """The room or the trainer is taken: what clashes by how much, and free times instead."""

    def __init__(self, title: str, clashes: Sequence[Clash], free: Sequence[FreeTime]) -> None:
        self.title = title
        self.clashes = list(clashes)
        self.free = list(free)
        # Room and trainer taken by the same session are one thing to read.
        others = {(clash.what, clash.starts_at): clash for clash in reversed(clashes)}
        self.lines = [clash.words() for clash in reversed(others.values())]
        super().__init__(
            f"{clashes[0].kind}_clash", "".join([title, _("。"), *self.lines]), field="starts_at"
        )


@dataclass(frozen=True)
class Plan:
    """A session as somebody wants it."""

    class_course: ClassCourse | None
    kind: SessionKind
    content: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    hours: Decimal
    room: Room
    trainer: TrainerProfile

    @property
    def day(self) -> dt.date:
        """The local day on which it begins."""
        return timezone.localdate(self.starts_at)


@transaction.atomic
def schedule_session(  # noqa: PLR0913  the facts of a session (requirement 8)
    training_class: TrainingClass,
    *,
    class_course: ClassCourse | None,
    kind: SessionKind | str,
    content: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    hours: Decimal,
    room: Room,
    trainer: TrainerProfile,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> Session:
    """Add one session; ``hours`` are 学时 of its kind, 0 for an assessment or a lecture.

    Raises ``not_plannable``, ``reason_missing`` (a filed class), ``time_order``, ``not_one_day``,
    ``outside_class``, ``in_past``, ``course_missing``, ``kind_not_taught``, ``hours_step``,
    ``hours_exceeded``, ``hours_not_counted``, ``hours_over_time``, ``day_hours_exceeded``,
    ``trainer_elsewhere``, ``trainer_assesses``, ``room_elsewhere``, or ``ScheduleClash`` with
    ``room_clash`` or ``trainer_clash``. Nothing is changed then.
    """
    training_class = lock_class(training_class)
    require_plannable(training_class, reason=reason)
    plan = Plan(
        class_course, SessionKind(kind), content.strip(), starts_at, ends_at, Decimal(hours), room, trainer
    )
    lock_resources([room, trainer])
    _refuse_plan(training_class, plan, ignore=None, at=at)
    _refuse_clash(training_class, plan, ignore=None, by=by, at=at, title=_("没有排上"))
    session = Session.objects.create(training_class=training_class, **vars(plan))
    book_for_session(session)
    note_trainer(session, by=by, at=at)
    audit.record(
        "session.schedule", session, by=by, at=at, facts=_facts(session), reason=reason.strip(),
        is_change=training_class.state in FILED_STATES,
    )  # fmt: skip
    return session


@transaction.atomic
def move_session(
    session: Session,
    *,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    room: Room | None = None,
    trainer: TrainerProfile | None = None,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> Session:
    """Give a planned session another time, room or trainer; raises as ``schedule_session``, and ``session_over``."""
    training_class = lock_class(session.training_class)
    session = Session.objects.select_for_update(of=("self",)).select_related(
        "class_course__course_version", "room__venue", "trainer"
    ).get(pk=session.pk)  # fmt: skip
    session.training_class = training_class
    require_plannable(training_class, reason=reason)
    _refuse_over(session)
    plan = Plan(
        session.class_course, SessionKind(session.kind), session.content, starts_at, ends_at, session.hours,
        room or session.room, trainer or session.trainer,
    )  # fmt: skip
    lock_resources([plan.room, plan.trainer])
    _refuse_plan(training_class, plan, ignore=session, at=at)
    _refuse_clash(training_class, plan, ignore=session, by=by, at=at, title=_("没有改成"))
    old = _facts(session)
    was_at, was_in, was_by = session.starts_at, session.room_id, session.trainer.user
    late = training_class.state in FILED_STATES and at >= session.starts_at
    session.starts_at, session.ends_at = starts_at, ends_at
    session.room, session.trainer = plan.room, plan.trainer
    session.save(update_fields=["starts_at", "ends_at", "room", "trainer"])
    book_for_session(session)
    note_trainer(session, by=by, at=at)
    audit.record(
        "session.move", session, by=by, at=at, old=old, new=_facts(session), reason=reason.strip(), late=late,
        is_change=training_class.state in FILED_STATES,
    )  # fmt: skip
    if training_class.state in FILED_STATES:
        tell_session_moved(
            session, old_starts_at=was_at, old_room_id=was_in, old_trainer=was_by, by=by, at=at
        )
    return session


@transaction.atomic
def cancel_session(session: Session, *, reason: str, by: User | None, at: dt.datetime) -> Session:
    """Cancel a planned session and free its room and trainer; raises ``reason_missing``, ``session_over``."""
    training_class = lock_class(session.training_class)
    session = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    require_plannable(training_class, reason=reason)
    if not reason.strip():
        raise DomainError("reason_missing", _("请写明为什么取消。"), field="reason")
    _refuse_over(session)
    late = training_class.state in FILED_STATES and at >= session.starts_at
    session.state = SessionState.CANCELLED
    session.save(update_fields=["state"])
    session.bookings.all().delete()
    audit.record("session.cancel", session, by=by, at=at, reason=reason.strip(), late=late)
    if training_class.state in FILED_STATES:
        tell_session_cancelled(session, by=by, at=at)
    return session


def note_trainer(session: Session, *, by: User | None, at: dt.datetime) -> None:
    """Give whoever holds the session a duty in the class, so that they see it at their desk."""
    role = StaffRole.INVIGILATOR if session.kind == SessionKind.ASSESSMENT else StaffRole.TRAINER
    staff, created = ClassStaff.objects.get_or_create(
        training_class=session.training_class, user_id=session.trainer.user_id, role=role
    )
    if created:
        audit.record(
            "class.staff_add", session.training_class, by=by, at=at,
            user=staff.user_id, role=str(role), session=session.pk,
        )  # fmt: skip


def _facts(session: Session) -> dict[str, str]:
    return {
        "class": session.training_class.class_no,
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "kind": str(session.kind),
        "hours": str(session.hours),
        "room": str(session.room_id),
        "trainer": str(session.trainer_id),
    }


def _refuse_over(session: Session) -> None:
    if session.state != SessionState.PLANNED or session.attendance_events.exists():
        raise DomainError("session_over", _("这节课已经上过、点过名或取消了，不能再改。"))


def _refuse_plan(
    training_class: TrainingClass, plan: Plan, *, ignore: Session | None, at: dt.datetime
) -> None:
    refusals = _time_refusals(training_class, plan, at=at)
    refusals += _who_and_where_refusals(training_class, plan)
    refusals += _kind_refusals(training_class, plan, ignore=ignore)
    if not refusals:
        refusals += _day_refusals(training_class, plan, ignore=ignore)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refusals(refusals)


def _time_refusals(training_class: TrainingClass, plan: Plan, *, at: dt.datetime) -> list[DomainError]:
    if plan.ends_at <= plan.starts_at:
        return [DomainError("time_order", _("下课时间早于上课时间，请改一处。"), field="ends_at")]
    found = []
    if timezone.localdate(plan.ends_at) != plan.day:
        found.append(DomainError("not_one_day", _("一节课要在同一天里上完。"), field="ends_at"))
    if not training_class.starts_on <= plan.day <= training_class.ends_on:
        span = dates.day_range(training_class.starts_on, training_class.ends_on)
        words = _("这一天不在班级的日期里。班级是 %(span)s。") % {"span": span}
        found.append(DomainError("outside_class", words, field="starts_at"))
    if plan.ends_at <= at:
        found.append(DomainError("in_past", _("这个时间已经过了，请选以后的时间。"), field="starts_at"))
    return found


def _who_and_where_refusals(training_class: TrainingClass, plan: Plan) -> list[DomainError]:
    found = []
    hosts = {training_class.organisation_id}
    if plan.trainer.organisation_id not in hosts | set(
        training_class.hosts.values_list("organisation_id", flat=True)
    ):
        found.append(DomainError("trainer_elsewhere", _("这位讲师不在承办或合办机构里。"), field="trainer"))
    venue = plan.room.venue
    if venue.pk != training_class.venue_id and not (venue.is_shared or venue.organisation_id in hosts):
        found.append(DomainError("room_elsewhere", _("这间教室不是本机构的，也没有外借。"), field="room"))
    assesses = training_class.staff.filter(role="assessor", user_id=plan.trainer.user_id)
    if plan.kind != SessionKind.ASSESSMENT and assesses.exists():
        words = _("%(trainer)s 是这个班的考评员，不能上课。") % {"trainer": plan.trainer}
        found.append(DomainError("trainer_assesses", words, field="trainer"))
    return found


def _kind_refusals(training_class: TrainingClass, plan: Plan, *, ignore: Session | None) -> list[DomainError]:
    if plan.kind not in COUNTED_KINDS:
        words = _("考核和讲座不计学时，学时填 0。")
        return [DomainError("hours_not_counted", words, field="hours")] if plan.hours else []
    course = plan.class_course
    if course is None or course.training_class_id != training_class.pk:
        return [DomainError("course_missing", _("请选这节课属于哪门课程。"), field="class_course")]
    if plan.hours <= 0 or plan.hours % Decimal("0.5"):
        return [DomainError("hours_step", _("学时按半学时填，例如 2 或 2.5。"), field="hours")]
    kind = HourKind(plan.kind.value)
    whole = course.course_version.hours_of(kind)
    names = {"course": course.course_version.title, "kind": kind.label}
    if not whole:
        words = _("“%(course)s”没有%(kind)s学时。") % names
        return [DomainError("kind_not_taught", words, field="kind")]
    left = whole - planned_hours(course, kind, ignore=ignore)
    if plan.hours > left:
        words = _(
            "“%(course)s”的%(kind)s一共 %(whole)s 学时，还剩 %(left)s 学时没排，排不下 %(hours)s 学时。"
        )
        values = {
            "whole": figures.hours(whole),
            "left": figures.hours(left),
            "hours": figures.hours(plan.hours),
        }
        return [DomainError("hours_exceeded", words % {**names, **values}, field="hours", left=left)]
    return []


def planned_hours(course: ClassCourse, kind: HourKind, *, ignore: Session | None = None) -> Decimal:
    """Return the 学时 of ``kind`` that sessions of ``course`` hold already (one query)."""
    sessions = course.sessions.filter(kind=kind.value).exclude(state=SessionState.CANCELLED)
    if ignore is not None:
        sessions = sessions.exclude(pk=ignore.pk)
    return sessions.aggregate(total=Sum("hours"))["total"] or Decimal(0)


def _day_refusals(training_class: TrainingClass, plan: Plan, *, ignore: Session | None) -> list[DomainError]:
    """Hold the region's limit a day; where nobody set one there is none, and the screens say so."""
    rule = day_hours_rule(training_class.region_code, plan.day)
    if rule is None or plan.kind not in COUNTED_KINDS:
        return []
    needed = int(plan.hours * rule.minutes_an_hour)
    length = int((plan.ends_at - plan.starts_at).total_seconds() // 60)
    if needed > length:
        words = _("%(hours)s 学时要 %(needed)s 分钟，这段时间只有 %(length)s 分钟。")
        values = {"hours": figures.hours(plan.hours), "needed": needed, "length": length}
        return [DomainError("hours_over_time", words % values, field="hours")]
    same_day = training_class.sessions.filter(starts_at__date=plan.day).exclude(state=SessionState.CANCELLED)
    if ignore is not None:
        same_day = same_day.exclude(pk=ignore.pk)
    taken = same_day.aggregate(total=Sum("hours"))["total"] or Decimal(0)
    if taken + plan.hours <= rule.max_hours_a_day:
        return []
    words = _("%(day)s 已经排了 %(taken)s 学时，当地每天最多 %(most)s 学时，再排 %(hours)s 学时就超了。")
    values = {
        "day": dates.day(plan.day), "taken": figures.hours(taken), "most": figures.hours(rule.max_hours_a_day),
        "hours": figures.hours(plan.hours),
    }  # fmt: skip
    return [DomainError("day_hours_exceeded", words % values, field="hours")]


def _refuse_clash(
    training_class: TrainingClass, plan: Plan, *, ignore: Session | None, by: User | None, at: dt.datetime,
    title: str,
) -> None:  # fmt: skip
    own = by is not None and by.pk == plan.trainer.user_id
    clashes = find_clashes(
        [plan.trainer, plan.room] if own else [plan.room, plan.trainer],
        plan.starts_at,
        plan.ends_at,
        organisation_id=training_class.organisation_id,
        ignore=ignore,
    )
    if not clashes:
        return
    free = free_times(
        training_class, room=plan.room, trainer=plan.trainer, starts_at=plan.starts_at, ends_at=plan.ends_at,
        hours=plan.hours, at=at, ignore=ignore,
    )  # fmt: skip
    raise ScheduleClash(title + _("：") + _clash_words(clashes[0], own=own), clashes, free)


def _clash_words(clash: Clash, *, own: bool) -> str:
    values = {"resource": clash.resource, "minutes": clash.minutes}
    if clash.kind == ResourceKind.TRAINER and own:
        return _("和您自己的课撞了 %(minutes)s 分钟") % values
    if clash.kind == ResourceKind.TRAINER:
        return _("和%(resource)s的另一节课撞了 %(minutes)s 分钟") % values
    return _("%(resource)s有人用，撞了 %(minutes)s 分钟") % values
