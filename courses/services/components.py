"""Write one result of a record; the use cases beside this module decide who may."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import User
from courses.enums import Component, RecordState
from courses.models import RecordComponent, TrainingRecord


def lock_record(record: TrainingRecord) -> TrainingRecord:
    """Lock and return the stored row with its version; must run in a transaction."""
    rows = TrainingRecord.objects.select_for_update(of=("self",)).select_related("course_version")
    return rows.get(pk=record.pk)


def refuse_closed(record: TrainingRecord) -> None:
    """Raise ``DomainError`` ``record_closed`` when the passage has ended."""
    if record.state != RecordState.OPEN:
        raise DomainError("record_closed", _("这份培训记录已经结束，不能再改。"))


def put_component(
    record: TrainingRecord,
    component: Component,
    value: Decimal,
    *,
    evidence: str,
    by: User | None,
    at: dt.datetime,
) -> RecordComponent:
    """Store ``value`` on the locked ``record``; the former value stays, superseded. Same again is no change."""
    current = record.components.filter(component=component, superseded_at__isnull=True).first()
    if current is not None:
        if current.value == value and current.evidence == evidence:
            return current
        current.superseded_at = at
        current.save(update_fields=["superseded_at"])
    stored = RecordComponent.objects.create(
        record=record, component=component, value=value, evidence=evidence, recorded_by=by, recorded_at=at
    )
    old = None if current is None else str(current.value)
    audit.record(
        "record.component",
        record,
        by=by,
        at=at,
        component=component,
        old=old,
        new=str(value),
        evidence=evidence,
    )
    return stored


def current_values(record: TrainingRecord) -> dict[Component, Decimal]:
    """Return the values that hold now (one query)."""
    rows = record.components.filter(superseded_at__isnull=True).values_list("component", "value")
    return {Component(component): value for component, value in rows}
