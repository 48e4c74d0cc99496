"""Bring regions in: the national table for an office, towns and villages out of a file."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import FileKind, RegionLevel, RowOutcome
from cms.errors import DomainError
from cms.importing.reader import Table, read_table
from cms.importing.regions import REGION_HEADINGS, JudgedRegion, judge_regions
from cms.models import Region, StoredFile, User
from cms.regions import level_of, parent_code
from cms.services.files import store_file
from cms.services.successions import succeed_region

KEEP_FILE = dt.timedelta(days=1)


@dataclass(frozen=True)
class RegionFile:
    """A region file as read and judged."""

    table: Table
    rows: list[JudgedRegion]
    sha256: str

    @property
    def figures(self) -> dict[RowOutcome, int]:
        """Return how many rows have each outcome, none left out."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in RowOutcome}

    @property
    def refused(self) -> list[JudgedRegion]:
        """Return the rows that keep the file out."""
        return [row for row in self.rows if row.is_refused]

    @property
    def to_write(self) -> list[JudgedRegion]:
        """Return the rows that change something."""
        return [row for row in self.rows if row.outcome in {RowOutcome.NEW, RowOutcome.DIFFERS}]


def check_region_file(content: bytes) -> RegionFile:
    """Read and judge a region file, changing nothing; refusals of the whole file as ``read_table`` says."""
    try:
        table = read_table(content, REGION_HEADINGS)
    except DomainError as error:
        if error.code == "no_rows":
            message = _("表头下面没有区划，请检查后重新上传。")
            raise DomainError("no_rows", message, field="document") from error
        raise
    return RegionFile(table, judge_regions(table), hashlib.sha256(content).hexdigest())


def keep_region_file(content: bytes, name: str, *, by: User, at: dt.datetime) -> StoredFile:
    """Keep a region file for a day, between the look at it and its import; refuses what cannot be read."""
    check_region_file(content)
    return store_file(
        content,
        kind=FileKind.REGIONS,
        name=name[-200:],
        content_type="application/octet-stream",
        by=by,
        at=at,
        expires_at=at + KEEP_FILE,
    )


@transaction.atomic
def import_region_file(
    content: bytes, *, name: str, by: User | None, at: dt.datetime, document: str = ""
) -> RegionFile:
    """Write a region file, all of it or nothing: new regions, changed names and days, renumbered places.

    A row with 原代码 records that the old place went over into this one on its first day; ``document`` is
    the decree. Refuses ``regions_refused`` when a row is wrong, ``regions_nothing`` when nothing is new, and
    what ``succeed_region`` refuses. An empty first day is the parent's.
    """
    file = check_region_file(content)
    if file.refused:
        message = _("有 %(count)s 行不对，一行也没有导入。改好后再来。") % {"count": len(file.refused)}
        raise DomainError("regions_refused", message, field="document")
    if not file.to_write:
        raise DomainError("regions_nothing", _("文件里的区划都已经在了，没有要改的。"), field="document")
    regions = _write_new([row for row in file.rows if row.known is None], at)
    changed = _write_changes([row for row in file.rows if row.outcome == RowOutcome.DIFFERS])
    audit.record(
        "region.import",
        regions[0] if regions else changed[0],
        by=by,
        at=at,
        file=name[:100],
        sha256=file.sha256,
        new=len(regions),
        changed=len(changed),
    )
    _write_successions(file.to_write, document=document or _("区划文件 %s") % name[:80], by=by, at=at)
    return file


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
