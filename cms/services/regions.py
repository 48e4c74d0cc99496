"""Write regions that came in by a file: towns, villages, changed names, renumbered places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import RegionLevel, RowOutcome
from cms.errors import DomainError
from cms.importing.regions import JudgedRegion
from cms.models import Region, User
from cms.regions import level_of, parent_code
from cms.services.successions import succeed_region


@transaction.atomic
def write_regions(
    rows: Iterable[JudgedRegion], *, source: str, document: str, by: User | None, at: dt.datetime
) -> None:
    """Write judged rows of a region file: new regions, changed names and days, renumbered places.

    A row with 原代码 records that the old place went over into this one on its first day; ``document`` is
    the decree. An empty first day is the parent's. Refuses what ``succeed_region`` refuses, naming the row.
    """
    rows = list(rows)
    new = _write_new([row for row in rows if row.outcome == RowOutcome.NEW], at)
    changed = _write_changes([row for row in rows if row.outcome == RowOutcome.DIFFERS])
    if new or changed:
        subject = new[0] if new else changed[0]
        audit.record(
            "region.import", subject, by=by, at=at, file=source[:100], new=len(new), changed=len(changed)
        )
    _write_successions(rows, document=document or source, by=by, at=at)


def _write_new(rows: Iterable[JudgedRegion], at: dt.datetime) -> list[Region]:
    rows = sorted(rows, key=lambda row: (level_of(row.code), row.code))
    above = {upper for row in rows if (upper := parent_code(row.code)) is not None}
    known = {region.code: region for region in _regions(above)}
    made: list[Region] = []
    for level in RegionLevel:
        regions = []
        for row in rows:
            if level_of(row.code) == level:
                parent = known.get(parent_code(row.code) or "")
                since = row.valid_from or (parent.valid_from if parent else timezone.localdate(at))
                regions.append(
                    Region(
                        code=row.code,
                        name=row.name,
                        level=level,
                        parent=parent,
                        valid_from=since,
                        valid_until=row.valid_until,
                    )
                )
        for region in Region.objects.bulk_create(regions, batch_size=1000):
            known[region.code] = region
            made.append(region)
    return made


def _regions(codes: Iterable[str]) -> Iterable[Region]:
    wanted = sorted(codes)
    for start in range(0, len(wanted), 5000):
        yield from Region.objects.filter(code__in=wanted[start : start + 5000])


def _write_changes(rows: Iterable[JudgedRegion]) -> list[Region]:
    changed = []
    for row in rows:
        if row.known is not None:
            for name, value in row.changes.items():
                setattr(row.known, name, value)
            changed.append(row.known)
    Region.objects.bulk_update(changed, ["name", "valid_from", "valid_until"], batch_size=500)
    return changed


def _write_successions(
    rows: Iterable[JudgedRegion], *, document: str, by: User | None, at: dt.datetime
) -> None:
    moved = [row for row in rows if row.moves]
    codes = {row.code for row in moved} | {row.predecessor for row in moved}
    regions = {region.code: region for region in _regions(codes)}
    for row in moved:
        on = row.valid_from
        if on is None:  # judged: a move has its day
            continue
        old, new = regions[row.predecessor], regions[row.code]
        try:
            succeed_region(old, new, on=on, document=document, by=by, at=at)
        except DomainError as error:
            message = _("第 %(row)s 行：%(why)s") % {"row": row.row, "why": error}
            raise DomainError(error.code, message, field="document") from error
