"""Say that two like rows are two people; it is remembered, and they are not shown again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import DoubleReview, Person, User
from cms.services.locking import lock_people


@transaction.atomic
def part_people(one: Person, other: Person, *, reason: str, by: User | None, at: dt.datetime) -> DoubleReview:
    """Record that the two are not the same; said again, nothing changes. Raises ``same_person``, ``person_merged``."""
    if one.pk == other.pk:
        raise DomainError("same_person", _("这是同一份登记。"))
    rows = lock_people([one.pk, other.pk])
    first, second = (rows[pk] for pk in sorted(rows))
    review, created = DoubleReview.objects.get_or_create(
        first=first,
        second=second,
        defaults={"reason": reason.strip()[:200], "reviewed_by": by, "reviewed_at": at},
    )
    if created:
        audit.record("person.not_same", first, by=by, at=at, for_person=second, reason=reason.strip())
    return review
