"""Regions from files and from addresses."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from cms.enums import RegionLevel
from cms.errors import DomainError
from cms.models import Region
from cms.scope import code_range, succession_rows
from cms.territory import places_of

NATIONAL_TABLE = Path(__file__).resolve().parent / "data" / "regions.csv"
FIRST_TABLE = dt.date(1980, 1, 1)  # GB 2260 is of 1980
DEMO_PROVINCE = "990000000000"

_ENDS = {2: RegionLevel.PROVINCE, 4: RegionLevel.CITY, 6: RegionLevel.COUNTY, 9: RegionLevel.TOWN}


def level_of(code: str) -> RegionLevel:
    """Return the level that a 12-digit code says.

    >>> level_of("990101002000").name
    'TOWN'
    """
    for end, level in _ENDS.items():
        if set(code[end:]) <= {"0"}:
            return level
    return RegionLevel.VILLAGE


def parent_code(code: str) -> str | None:
    """Return the code one level up, or ``None`` for a province.

    >>> parent_code("990101002003"), parent_code("990100000000")
    ('990101002000', '990000000000')
    """
    level = level_of(code)
    if level is RegionLevel.PROVINCE:
        return None
    end = {upper: end for end, upper in _ENDS.items()}[RegionLevel(level - 1)]
    return code[:end].ljust(12, "0")


class RegionRow(NamedTuple):
    """A line of a region file."""

    code: str
    name: str
    valid_from: dt.date
    valid_until: dt.date | None = None


def load_national_regions(provinces: Iterable[str] = ()) -> int:
    """Load the national table (GB/T 2260, abolished codes included); return how many regions were new.

    ``provinces`` are codes of two digits or more of those wanted, all of them if none is given. Refuses
    ``province_unknown``, and ``demo_world`` where the demo province is loaded. Run twice, it adds nothing.
    """
    if Region.objects.filter(code=DEMO_PROVINCE).exists():
        raise DomainError("demo_world", _("这里是演示数据，不能装入真实的行政区划。"))
    rows = _read(NATIONAL_TABLE, valid_from=FIRST_TABLE)
    wanted = {code.strip() for code in provinces}
    known = {row.code: row for row in rows if level_of(row.code) is RegionLevel.PROVINCE}
    if unknown := sorted(code for code in wanted if not _is_province(code, known)):
        message = _("国家代码表里没有这个省级代码：%(codes)s。省级代码例如 43（湖南省）。")
        raise DomainError("province_unknown", message % {"codes": "、".join(unknown)}, field="province")
    heads = {code[:2] for code in wanted}
    return _store([row for row in rows if not heads or row.code[:2] in heads])


def _is_province(code: str, known: Container[str]) -> bool:
    return len(code) >= 2 and set(code[2:]) <= {"0"} and code.ljust(12, "0") in known


def load_regions(path: Path, *, valid_from: dt.date) -> int:
    """Load a CSV of ``code,name`` and return how many regions were new; known codes stay as they are.

    The columns ``valid_from`` and ``valid_until`` may follow; where they are empty ``valid_from`` is given.
    Raises ``ValueError`` naming the line whose parent is missing or whose code is none, or when the
    columns are missing; ``OSError`` when the file cannot be read.
    """
    return _store(_read(path, valid_from=valid_from))


@transaction.atomic
def _store(rows: list[RegionRow]) -> int:
    known = dict(Region.objects.values_list("code", "pk"))
    by_level: dict[RegionLevel, list[RegionRow]] = defaultdict(list)
    for row in rows:
        if row.code not in known:
            by_level[level_of(row.code)].append(row)
    new = 0
    for level in RegionLevel:
        regions = [_region(row, level, known) for row in by_level[level]]
        for region in Region.objects.bulk_create(regions, batch_size=1000):
            known[region.code] = region.pk
        new += len(regions)
    return new


def _read(path: Path, *, valid_from: dt.date) -> list[RegionRow]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return sorted(_rows_of(csv.DictReader(stream), valid_from))


def _rows_of(table: csv.DictReader[str], valid_from: dt.date) -> Iterator[RegionRow]:
    if not {"code", "name"} <= set(table.fieldnames or ()):
        raise ValueError(_("第一行要有 code 和 name 两列。"))
    for row in table:
        code, name = (row["code"] or "").strip(), (row["name"] or "").strip()
        if not (len(code) == 12 and code.isascii() and code.isdigit() and name):
            message = _("第 %(line)s 行：要有 12 位代码和名称，这里是“%(code)s %(name)s”。")
            raise ValueError(message % {"line": table.line_num, "code": code[:20], "name": name[:20]})
        first, last = row.get("valid_from") or "", row.get("valid_until") or ""
        try:
            since = dt.date.fromisoformat(first) if first else valid_from
            until = dt.date.fromisoformat(last) if last else None
        except ValueError as error:
            message = _("第 %(line)s 行：日期看不懂，写成 1998-02-12 这样。")
            raise ValueError(message % {"line": table.line_num}) from error
        yield RegionRow(code, name, since, until)


def _region(row: RegionRow, level: RegionLevel, known: dict[str, int]) -> Region:
    upper = parent_code(row.code)
    if upper is not None and upper not in known:
        message = _("%(code)s %(name)s 的上级 %(upper)s 文件里没有，登记过的区划里也没有。")
        raise ValueError(message % {"code": row.code, "name": row.name, "upper": upper})
    return Region(
        code=row.code,
        name=row.name,
        level=level,
        parent_id=known[upper] if upper else None,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


class RegionResolver:
    """Finds the place an address names, inside one county (or the region given, if it is larger).

    Village names repeat in every town, so a name counts only where it stands: after its town's name,
    which stands after the county's or at the very beginning. Two queries for any number of addresses.
    """

    def __init__(self, within: str) -> None:
        low, high = code_range(within[:6].ljust(12, "0"))
        self.top = low
        above = [code for code in _codes_above(low) if code != low]
        names = dict(Region.objects.filter(code__in=[*above, low]).values_list("code", "name"))
        self.prefixes = [names[code] for code in [*above, low] if code in names]
        self.children: dict[str, list[tuple[str, str]]] = defaultdict(list)
        inside = Region.objects.filter(code__gt=low, code__lte=high).values_list("code", "name")
        for code, name in inside:
            self.children[parent_code(code) or ""].append((name, code))
        for places in self.children.values():
            places.sort(key=lambda place: -len(place[0]))  # the longest name first: 柳林新村 before 柳林

    def code_of(self, text: str) -> str:
        """Return the code of the smallest place that ``text`` names, or an empty string."""
        rest = "".join(text.split())
        named = ""
        for prefix in self.prefixes:
            if rest.startswith(prefix):
                rest, named = rest.removeprefix(prefix), prefix
        code = self.top if named and named == self.prefixes[-1] else ""
        here = self.top
        while found := self._child(here, rest):
            here = code = found[1]
            rest = rest.removeprefix(found[0])
        return code

    def _child(self, code: str, rest: str) -> tuple[str, str] | None:
        return next((place for place in self.children.get(code, ()) if rest.startswith(place[0])), None)


def region_of_address(text: str, *, within: str) -> str:
    """Return the code of the smallest place in ``text``, or an empty string; ``within`` is a region code.

    For many addresses keep one ``RegionResolver``.
    """
    return RegionResolver(within).code_of(text)


def require_region(code: str, on: dt.date) -> Region:
    """Return the region of a code that is written down anew ``on`` a day.

    Refuses ``region_unknown``, and ``region_ended`` naming where the place belongs now.
    """
    region = Region.objects.filter(code=code).first()
    if region is None:
        message = _("没有这个行政区划代码，请再看看。")
        raise DomainError("region_unknown", message, field="region_code")
    if region.valid_until is not None and region.valid_until < on:
        heirs = "、".join(f"{heir.name} {heir.code}" for heir in heirs_of(code, on))
        if heirs:
            message = _("%(name)s 的代码已经停用，现在属于 %(heirs)s，请填新的代码。")
        else:
            message = _("%(name)s 的代码已经停用，请填现在用的代码。")
        raise DomainError(
            "region_ended", message % {"name": region.name, "heirs": heirs}, field="region_code"
        )
    return region


def names_down_to(code: str) -> list[str]:
    """Return the names from the province down to a region, as far as they are known: one query."""
    chain = list(_codes_above(code))
    names = dict(Region.objects.filter(code__in=chain).values_list("code", "name"))
    return [names[one] for one in chain if one in names]


def heirs_of(code: str, on: dt.date) -> list[Region]:
    """Return the regions that a place of old has gone over into by ``on``; none if it is what it was."""
    heirs = places_of(code, succession_rows(), on) - {code}
    return list(Region.objects.filter(code__in=heirs).order_by("code")) if heirs else []


def _codes_above(code: str) -> Iterable[str]:
    """Return the codes from the province down to ``code``."""
    chain = [code]
    while (upper := parent_code(chain[0])) is not None:
        chain.insert(0, upper)
    return chain
