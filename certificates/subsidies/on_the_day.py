"""What was true of a person on the day of the claim, where the rows hold several answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cms.enums import IdType
from cms.models import InPostPeriod, PersonDocument

_ORDER = list(IdType.values)


def document_on(documents: Iterable[PersonDocument], at: dt.datetime) -> PersonDocument | None:
    """Return the document that stood at ``at``: the identity card before others, then the first recorded.

    Where none was recorded yet, the one that stands now.
    """
    ordered = sorted(documents, key=lambda row: (_ORDER.index(row.id_type), row.pk))
    known = [row for row in ordered if row.recorded_at <= at]
    stood = [row for row in known if row.superseded_at is None or row.superseded_at > at]
    now = [row for row in ordered if row.superseded_at is None]
    return next(iter(stood or now), None)


def employer_on(
    periods: Iterable[InPostPeriod], day: dt.date, organisation_id: int | None = None
) -> InPostPeriod | None:
    """Return the period that holds ``day``: of several at ``organisation_id`` first, then the latest begun."""
    holding = [
        row for row in periods if row.started_on <= day and (row.ended_on is None or row.ended_on >= day)
    ]
    return max(
        holding,
        key=lambda row: (row.organisation_id == organisation_id, row.started_on, -row.pk),
        default=None,
    )
