"""开班备案: a class goes to the region's officer, who accepts it or sends it back (domain §2.2, §2.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from caravan.enums import COUNTED_KINDS, ClassState, FilingDecision, SessionKind, SessionState, StaffRole
from caravan.models import ClassFiling, TrainingClass
from caravan.services.states import lock_class, move_class
from caravan.services.telling import tell_filing_answered
from caravan.services.timetabling import assessed_courses
from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import User
from cms.roles import Role
from cms.ui import figures
from courses.enums import HourKind

# Who may answer a filing, where the region is theirs.
DECIDING_ROLES = (Role.SUBSIDY_OFFICER, Role.APPROVER)


@transaction.atomic
def submit_class(training_class: TrainingClass, *, by: User, at: dt.datetime) -> ClassFiling:
    """Freeze what is planned and hand it to the region's officer.

    Raises ``class_state``, or ``Refusals`` with every gap that ``missing_for_filing`` names.
    """
    training_class = lock_class(training_class)
    gaps = missing_for_filing(training_class, on=timezone.localdate(at))
    if gaps:
        raise Refusals(gaps)
    move_class(training_class, ClassState.SUBMITTED)
    filing = ClassFiling.objects.create(
        training_class=training_class, snapshot=snapshot_of(training_class), submitted_by=by, submitted_at=at
    )
    audit.record("class.submit", training_class, by=by, at=at, filing=filing.pk)
    return filing


def missing_for_filing(training_class: TrainingClass, *, on: dt.date) -> list[DomainError]:
    """Return every reason why the class cannot be filed ``on`` that day; empty means it is complete.

    Codes: ``no_courses``, ``no_class_teacher``, ``no_sessions``, ``hours_short``, ``no_assessor``,
    ``no_assessment``, ``assessor_teaches``, ``filing_late``.
    """
    found = []
    roles = {row.role: row.user_id for row in training_class.staff.all()}
    if not training_class.class_courses.exists():
        found.append(DomainError("no_courses", _("还没有课程。")))
    if StaffRole.CLASS_TEACHER not in roles:
        found.append(DomainError("no_class_teacher", _("还没有班主任。")))
    if training_class.starts_on < on:
        found.append(DomainError("filing_late", _("开班日期已经过了，请先改日期再报备。")))
    live = training_class.sessions.exclude(state=SessionState.CANCELLED)
    if not live.exists():
        found.append(DomainError("no_sessions", _("还没有排课，也没有讲师。")))
    found += _hours_short(training_class)
    if assessed_courses(training_class):
        found += _assessment_gaps(training_class)
    return found


def _hours_short(training_class: TrainingClass) -> list[DomainError]:
    found = []
    for course, kind, required, planned in hours_by_course(training_class):
        if planned < required:
            words = _("“%(course)s”的%(kind)s要 %(required)s 学时，只排了 %(planned)s 学时。") % {
                "course": course, "kind": kind.label, "required": figures.hours(required),
                "planned": figures.hours(planned),
            }  # fmt: skip
            found.append(DomainError("hours_short", words, left=required - planned))
    return found


def hours_by_course(training_class: TrainingClass) -> list[tuple[str, HourKind, Any, Any]]:
    """Return (course title, kind, required 学时, planned 学时) for every kind a course has: two queries."""
    live = training_class.sessions.exclude(state=SessionState.CANCELLED).filter(
        kind__in=sorted(COUNTED_KINDS)
    )
    sums = live.values_list("class_course_id", "kind").annotate(total=Sum("hours")).order_by()
    planned = {(course, kind): total for course, kind, total in sums}
    return [
        (
            row.course_version.title,
            kind,
            row.course_version.hours_of(kind),
            planned.get((row.pk, kind.value), 0),
        )
        for row in training_class.class_courses.select_related("course_version")
        for kind in HourKind
        if row.course_version.hours_of(kind)
    ]


def _assessment_gaps(training_class: TrainingClass) -> list[DomainError]:
    found = []
    assessors = set(training_class.staff.filter(role=StaffRole.ASSESSOR).values_list("user_id", flat=True))
    live = training_class.sessions.exclude(state=SessionState.CANCELLED)
    teaching = set(live.filter(kind__in=sorted(COUNTED_KINDS)).values_list("trainer__user_id", flat=True))
    if not assessors:
        found.append(DomainError("no_assessor", _("要考核，还没有考评员。")))
    elif assessors & teaching:
        found.append(DomainError("assessor_teaches", _("考评员给这个班上课，请换一位不上课的考评员。")))
    if not live.filter(kind=SessionKind.ASSESSMENT).exists():
        found.append(DomainError("no_assessment", _("还没有排结业考核。")))
    return found


def snapshot_of(training_class: TrainingClass) -> dict[str, Any]:
    """Return what is filed, as JSON primitives: the columns of the 开班申请表 (domain §2.3) and each session."""
    sessions = training_class.sessions.exclude(state=SessionState.CANCELLED).select_related("room", "trainer")
    return {
        "class_no": training_class.class_no,
        "title": training_class.title,
        "organisation": training_class.organisation.name,
        "contact": [training_class.organisation.contact_name, training_class.organisation.contact_phone],
        "venue": [training_class.venue.name, training_class.venue.address],
        "region_code": training_class.region_code,
        "capacity": training_class.capacity,
        "starts_on": str(training_class.starts_on),
        "ends_on": str(training_class.ends_on),
        "hosts": [[row.get_role_display(), row.organisation.name] for row in _hosts(training_class)],
        "staff": [
            [row.get_role_display(), str(row.user)] for row in training_class.staff.select_related("user")
        ],
        "courses": [
            {
                "code": row.course_version.course.code,
                "title": row.course_version.title,
                "version": row.course_version.number,
                "hours": {kind.value: str(row.course_version.hours_of(kind)) for kind in HourKind},
            }
            for row in training_class.class_courses.select_related("course_version__course")
        ],
        "sessions": [
            {
                "starts_at": timezone.localtime(row.starts_at).isoformat(),
                "ends_at": timezone.localtime(row.ends_at).isoformat(),
                "kind": row.kind,
                "content": row.content,
                "hours": str(row.hours),
                "room": row.room.name,
                "trainer": [row.trainer.name, row.trainer.title],
            }
            for row in sessions
        ],
    }


def _hosts(training_class: TrainingClass) -> Any:
    return training_class.hosts.select_related("organisation")


@transaction.atomic
def accept_filing(filing: ClassFiling, *, remarks: str = "", by: User, at: dt.datetime) -> TrainingClass:
    """Put the class on file: seats may be taken from now on.

    Raises ``filing_answered``, ``not_your_region``, ``own_filing``.
    """
    return _answer(filing, FilingDecision.ACCEPTED, ClassState.FILED, remarks, by=by, at=at)


@transaction.atomic
def return_filing(filing: ClassFiling, *, remarks: str, by: User, at: dt.datetime) -> TrainingClass:
    """Send the class back with what is to be put right; raises as ``accept_filing``, and ``remarks_missing``."""
    if not remarks.strip():
        raise DomainError("remarks_missing", _("退回要写明哪里要改。"), field="remarks")
    return _answer(filing, FilingDecision.RETURNED, ClassState.RETURNED, remarks, by=by, at=at)


def _answer(
    filing: ClassFiling,
    decision: FilingDecision,
    state: ClassState,
    remarks: str,
    *,
    by: User,
    at: dt.datetime,
) -> TrainingClass:
    training_class = lock_class(filing.training_class)
    filing = ClassFiling.objects.select_for_update().get(pk=filing.pk)
    if filing.decision:
        raise DomainError("filing_answered", _("这份报备已经答复过了。"))
    refuse_decider(filing, training_class, by)
    move_class(training_class, state)
    filing.decision, filing.remarks, filing.decided_by, filing.decided_at = decision, remarks.strip(), by, at
    filing.save(update_fields=["decision", "remarks", "decided_by", "decided_at"])
    audit.record(f"class.{decision}", training_class, by=by, at=at, filing=filing.pk, remarks=filing.remarks)
    filing.training_class = training_class
    tell_filing_answered(filing, by=by, at=at)
    return training_class


def refuse_decider(filing: ClassFiling, training_class: TrainingClass, user: User) -> None:
    """Raise ``not_your_region`` or ``own_filing`` when ``user`` may not answer: two people, and the region's."""
    if not user.scope().covers(training_class.region_code, *DECIDING_ROLES):
        raise DomainError("not_your_region", _("这个班不在您管的地区，不能由您答复。"))
    if filing.submitted_by_id == user.pk:
        raise DomainError("own_filing", _("这份报备是您自己交的，要由另一个人答复。"))
