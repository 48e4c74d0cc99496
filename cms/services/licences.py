"""Licences and filings (办学许可、备案) of organisations: record one, put one right, say how they stand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import LicenceKind, LicenceState
from cms.errors import DomainError
from cms.models import Licence, Organisation, User

# Time to apply for the next one: 办学许可证 is to be renewed before it ends.
ENDING_SOON = dt.timedelta(days=60)


@dataclass(frozen=True)
class LicenceStanding:
    """How an organisation's licences stand on a day; ``until`` is the last day of the one that decides."""

    state: LicenceState
    until: dt.date | None = None


@transaction.atomic
def add_licence(
    organisation: Organisation,
    *,
    number: str,
    authority: str,
    valid_from: dt.date,
    valid_until: dt.date | None,
    by: User | None,
    at: dt.datetime,
    kind: str = LicenceKind.LICENCE,
) -> Licence:
    """Record 办学许可证 or a filing.

    Refuses ``licence_number``, ``licence_order`` (it ends before it begins) and ``licence_known`` (a current
    row has the number: a new term of the same licence is recorded once it begins another day).
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    _check(number, authority, valid_from, valid_until)
    same = organisation.licences.filter(superseded_at__isnull=True, number=number.strip(), kind=kind)
    if same.filter(valid_from=valid_from).exists():
        message = _("这个编号、同一天起的许可或备案已经登记过。要改就更正那一条。")
        raise DomainError("licence_known", message, field="number")
    licence = _create(
        organisation,
        kind=kind,
        number=number,
        authority=authority,
        valid_from=valid_from,
        valid_until=valid_until,
        by=by,
        at=at,
    )
    audit.record("organisation.licence", licence, by=by, at=at, number=licence.number, kind=licence.kind)
    return licence


@transaction.atomic
def correct_licence(
    licence: Licence,
    *,
    kind: str,
    number: str,
    authority: str,
    valid_from: dt.date,
    valid_until: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> Licence:
    """Put a licence right: the old row stays, superseded, and a new one takes its place.

    Refuses ``licence_superseded`` (somebody was faster), ``licence_number`` and ``licence_order``.
    """
    licence = Licence.objects.select_for_update().get(pk=licence.pk)
    if licence.superseded_at is not None:
        raise DomainError("licence_superseded", _("这一条已经更正过，请看新的一条。"))
    _check(number, authority, valid_from, valid_until)
    licence.superseded_at = at
    licence.save(update_fields=["superseded_at"])
    new = _create(
        licence.organisation,
        kind=kind,
        number=number,
        authority=authority,
        valid_from=valid_from,
        valid_until=valid_until,
        by=by,
        at=at,
    )
    names = ("kind", "number", "authority", "valid_from", "valid_until")
    changed = [name for name in names if getattr(new, name) != getattr(licence, name)]
    audit.record("organisation.licence_correct", new, by=by, at=at, replaces=licence.pk, fields=changed)
    return new


def licence_standings(organisations: Iterable[Organisation], on: dt.date) -> dict[int, LicenceStanding]:
    """Return by organisation id how licences stand ``on`` a day: one query for any number of them."""
    wanted = [organisation.pk for organisation in organisations]
    rows: dict[int, list[Licence]] = defaultdict(list)
    for licence in Licence.objects.current().filter(organisation_id__in=wanted):
        rows[licence.organisation_id].append(licence)
    return {pk: standing_of(rows[pk], on) for pk in wanted}


def standing_of(licences: Iterable[Licence], on: dt.date) -> LicenceStanding:
    """Return how an organisation stands with these current licences; the one that ends last decides."""
    rows = list(licences)
    holding = [row for row in rows if row.holds(on)]
    if holding:
        if any(row.valid_until is None for row in holding):
            return LicenceStanding(LicenceState.HOLDS)
        until = max(row.valid_until for row in holding if row.valid_until)
        renewed = any(on < row.valid_from <= until + dt.timedelta(days=1) for row in rows)
        ending = until - on <= ENDING_SOON and not renewed
        return LicenceStanding(LicenceState.ENDING if ending else LicenceState.HOLDS, until)
    if any(row.valid_from > on for row in rows):
        return LicenceStanding(LicenceState.COMING)
    ended = [row.valid_until for row in rows if row.valid_until]
    return LicenceStanding(LicenceState.LAPSED, max(ended)) if ended else LicenceStanding(LicenceState.NONE)


def _check(number: str, authority: str, valid_from: dt.date, valid_until: dt.date | None) -> None:
    if not number.strip():
        raise DomainError("licence_number", _("请填许可证（备案）编号。"), field="number")
    if not authority.strip():
        raise DomainError("licence_authority", _("请填发证（备案）机关。"), field="authority")
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("licence_order", _("有效期止不能早于有效期起。"), field="valid_until")


def _create(
    organisation: Organisation,
    *,
    kind: str,
    number: str,
    authority: str,
    valid_from: dt.date,
    valid_until: dt.date | None,
    by: User | None,
    at: dt.datetime,
) -> Licence:
    return Licence.objects.create(
        organisation=organisation,
        kind=LicenceKind(kind),
        number=number.strip(),
        authority=authority.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
        recorded_at=at,
        recorded_by=by,
    )
