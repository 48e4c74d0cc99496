"""Occupations are data: names and codes of the national classification, with their validity."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import User
from courses.models import Occupation


@transaction.atomic
def create_occupation(
    *,
    name: str,
    code: str,
    valid_from: dt.date,
    valid_until: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> Occupation:
    """Add an occupation; ``validity_order`` when it would end before it begins."""
    _refuse_order(valid_from, valid_until)
    occupation = Occupation.objects.create(
        name=name, code=code, valid_from=valid_from, valid_until=valid_until
    )
    audit.record("occupation.create", occupation, by=by, at=at, name=name)
    return occupation


@transaction.atomic
def change_occupation(
    occupation: Occupation,
    *,
    name: str,
    code: str,
    valid_from: dt.date,
    valid_until: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> Occupation:
    """Correct name, code or validity."""
    _refuse_order(valid_from, valid_until)
    occupation = Occupation.objects.select_for_update().get(pk=occupation.pk)
    old = occupation.name
    occupation.name, occupation.code = name, code
    occupation.valid_from, occupation.valid_until = valid_from, valid_until
    occupation.save(update_fields=["name", "code", "valid_from", "valid_until"])
    audit.record("occupation.change", occupation, by=by, at=at, old=old, new=name)
    return occupation


def _refuse_order(valid_from: dt.date, valid_until: dt.date | None) -> None:
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("validity_order", _("止的日期不能早于起的日期。"), field="valid_until")
