"""Training records: open one, credit hours, close it by the rule. Every writer goes through here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import Organisation, Person, User
from courses.completion import Outstanding, facts_of, outstanding
from courses.enums import RECORD_MOVES, SCORES, Component, RecordState
from courses.models import CourseVersion, RecordComponent, TrainingRecord
from courses.services.components import (
    NewValue,
    current_values,
    lock_record,
    put_component,
    put_components,
    refuse_closed,
)
from courses.signals import record_completed


@transaction.atomic
def open_record(
    person: Person,
    course_version: CourseVersion,
    *,
    organisation: Organisation,
    region_code: str,
    source: str,
    started_on: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> TrainingRecord:
    """Begin a passage; the same ``source`` again returns the record that is open already.

    Raises ``DomainError`` ``record_open`` when the person is learning this course elsewhere: the
    database allows one open record for person and course, so two at once cannot both win.
    """
    record = _new_record(
        person.pk, course_version, organisation=organisation, region_code=region_code, source=source,
        started_on=started_on, at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError as error:
        found = TrainingRecord.objects.open().filter(person=person, course=course_version.course_id).first()
        if found is None:
            raise
        if found.source == source and found.course_version_id == course_version.pk:
            return found
        raise DomainError(
            "record_open",
            _("%(course)s还没学完，学完这一次才能再开一次。") % {"course": course_version.title},
        ) from error
    audit.record("record.open", record, by=by, at=at, version=course_version.pk, source=source)
    return record


@transaction.atomic
def open_records(
    people: Iterable[Person],
    course_version: CourseVersion,
    *,
    organisation: Organisation,
    region_code: str,
    source: str,
    started_on: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> dict[int, TrainingRecord]:
    """Begin a passage for many at once: person id → the record of this ``source`` and version.

    A person who is learning the course elsewhere is absent from the answer. Four statements whatever
    the number; one audit entry a record.
    """
    wanted = [person.pk for person in people]
    stored = TrainingRecord.objects.open().filter(course=course_version.course_id, person_id__in=wanted)
    before = set(stored.values_list("person_id", flat=True))
    new = [
        _new_record(
            pk, course_version, organisation=organisation, region_code=region_code, source=source,
            started_on=started_on, at=at,
        )
        for pk in wanted if pk not in before
    ]  # fmt: skip
    # Whom another transaction took in between is left out by the constraint, not by this read.
    TrainingRecord.objects.bulk_create(new, ignore_conflicts=True)
    records = {row.person_id: row for row in stored.filter(source=source, course_version=course_version)}
    opened = [record for pk, record in records.items() if pk not in before]
    audit.record_many("record.open", opened, by=by, at=at, version=course_version.pk, source=source)
    return records


@transaction.atomic
def record_component(
    record: TrainingRecord,
    component: Component,
    value: Decimal,
    *,
    evidence: str,
    by: User | None,
    at: dt.datetime,
) -> RecordComponent:
    """Credit hours of a kind; a correction supersedes the former figure.

    Refusals: ``hours_step`` (steps of 0.5, not negative), ``score_here`` (scores go through
    ``record_score``, which asks who assesses), ``record_closed``.
    """
    record = lock_record(record)
    _refuse_hours(component, value)
    refuse_closed(record)
    return put_component(record, component, value, evidence=evidence, by=by, at=at)


@transaction.atomic
def record_components(
    values: Iterable[NewValue], *, evidence: str, by: User | None, at: dt.datetime
) -> list[RecordComponent]:
    """Credit hours on many records at once, all or nothing: a fixed number of statements.

    Refusals as ``record_component``; what stands already is no change. Returns what was stored.
    """
    wanted = list(values)
    ids = {one.record.pk for one in wanted}
    rows = TrainingRecord.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    for one in wanted:
        _refuse_hours(one.component, one.value)
        refuse_closed(locked[one.record.pk])
    return put_components(wanted, evidence=evidence, by=by, at=at)


def _refuse_hours(component: Component, value: Decimal) -> None:
    if component in SCORES:
        raise DomainError("score_here", _("成绩要由考评员登记。"))
    if value < 0 or value % Decimal("0.5"):
        raise DomainError("hours_step", _("学时填 0 或 0.5 的倍数。您填了 %(value)s。") % {"value": value})


def outstanding_of(record: TrainingRecord) -> list[Outstanding]:
    """Return what ``record`` still lacks (one query when its version is loaded)."""
    return outstanding(facts_of(record.course_version), current_values(record))


@transaction.atomic
def complete_record(
    record: TrainingRecord, *, by: User | None, at: dt.datetime, ended_on: dt.date | None = None
) -> TrainingRecord:
    """Complete by the rule alone; again on a completed record is no change.

    ``ended_on`` is the day that counts, else the local day of ``at``. Raises ``Refusals`` with every
    outstanding thing, or ``DomainError`` ``record_closed``.
    """
    record = lock_record(record)
    if record.state == RecordState.COMPLETED:
        return record
    refuse_closed(record)
    missing = outstanding_of(record)
    if missing:
        raise Refusals([DomainError(one.code, one.text) for one in missing])
    return _end(record, RecordState.COMPLETED, ended_on=ended_on or timezone.localdate(at), by=by, at=at)


@transaction.atomic
def close_record(
    record: TrainingRecord, *, ended_on: dt.date, by: User | None, at: dt.datetime
) -> TrainingRecord:
    """End a passage: completed when the rule says so, else not completed. Again is no change."""
    record = lock_record(record)
    if record.state != RecordState.OPEN:
        return record
    missing = outstanding_of(record)
    state = RecordState.NOT_COMPLETED if missing else RecordState.COMPLETED
    return _end(record, state, ended_on=ended_on, by=by, at=at, outstanding=[one.code for one in missing])


@transaction.atomic
def abandon_record(
    record: TrainingRecord, *, ended_on: dt.date, reason: str, by: User | None, at: dt.datetime
) -> TrainingRecord:
    """End a passage that was given up (withdrawn, class cancelled), whatever the rule would say."""
    record = lock_record(record)
    if record.state != RecordState.OPEN:
        return record
    return _end(record, RecordState.NOT_COMPLETED, ended_on=ended_on, by=by, at=at, reason=reason)


def _new_record(
    person_id: int,
    version: CourseVersion,
    *,
    organisation: Organisation,
    region_code: str,
    source: str,
    started_on: dt.date | None,
    at: dt.datetime,
) -> TrainingRecord:
    return TrainingRecord(
        person_id=person_id,
        course_id=version.course_id,
        course_version=version,
        organisation=organisation,
        region_code=region_code,
        source=source,
        started_on=started_on,
        opened_at=at,
    )


def _end(
    record: TrainingRecord,
    state: RecordState,
    *,
    ended_on: dt.date,
    by: User | None,
    at: dt.datetime,
    **data: Any,
) -> TrainingRecord:
    if state not in RECORD_MOVES[record.state]:
        raise DomainError("record_closed", _("这份培训记录已经结束，不能再改。"))
    record.state = state
    record.ended_on = ended_on
    record.closed_at = at
    record.completed_on = ended_on if state == RecordState.COMPLETED else None
    record.save(update_fields=["state", "ended_on", "closed_at", "completed_on"])
    audit.record(f"record.{state}", record, by=by, at=at, on=ended_on.isoformat(), **data)
    if state == RecordState.COMPLETED:
        pk = record.pk
        transaction.on_commit(lambda: record_completed.send_robust(sender=TrainingRecord, record_id=pk))
    return record
