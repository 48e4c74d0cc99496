"""Write one result of a record; the use cases beside this module decide who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

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
    old = None if current is None else current.value
    audit.record("record.component", record, by=by, at=at, **_told(component, old, value, evidence))
    return stored


@dataclass(frozen=True)
class NewValue:
    """One result to be stored on one record."""

    record: TrainingRecord
    component: Component
    value: Decimal


def put_components(
    values: Sequence[NewValue], *, evidence: str, by: User | None, at: dt.datetime
) -> list[RecordComponent]:
    """Store each value as ``put_component`` does: the records are locked by the caller, a fixed number of statements."""
    current = {
        (row.record_id, row.component): row
        for row in RecordComponent.objects.filter(
            record__in={one.record.pk for one in values}, superseded_at__isnull=True
        )
    }
    new = []
    for one in values:
        old = current.get((one.record.pk, one.component))
        if old is None or old.value != one.value or old.evidence != evidence:
            new.append((one, old))
    RecordComponent.objects.filter(pk__in=[old.pk for _one, old in new if old is not None]).update(
        superseded_at=at
    )
    stored = RecordComponent.objects.bulk_create(
        [
            RecordComponent(
                record=one.record, component=one.component, value=one.value, evidence=evidence, recorded_by=by,
                recorded_at=at,
            )
            for one, _old in new
        ],
        batch_size=500,
    )  # fmt: skip
    audit.record_each(
        "record.component",
        [
            (one.record, None, _told(one.component, None if old is None else old.value, one.value, evidence))
            for one, old in new
        ],
        by=by,
        at=at,
    )
    return stored


def _told(component: Component, old: Decimal | None, new: Decimal, evidence: str) -> dict[str, Any]:
    return {
        "component": component,
        "old": None if old is None else str(old),
        "new": str(new),
        "evidence": evidence,
    }


def current_values(record: TrainingRecord) -> dict[Component, Decimal]:
    """Return the values that hold now (one query)."""
    rows = record.components.filter(superseded_at__isnull=True).values_list("component", "value")
    return {Component(component): value for component, value in rows}
