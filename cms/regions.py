"""Regions from files and from addresses."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import transaction

from cms.enums import RegionLevel
from cms.models import Region
from cms.scope import code_range

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


@transaction.atomic
def load_regions(path: Path, *, valid_from: dt.date) -> int:
    """Load a CSV of ``code,name`` and return how many regions were new; known codes stay as they are.

    Raises ``ValueError`` naming the line whose parent is missing or whose code is none, or when the
    columns are missing; ``OSError`` when the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = sorted(_rows_of(csv.DictReader(stream)))
    known = dict(Region.objects.values_list("code", "pk"))
    by_level: dict[RegionLevel, list[tuple[str, str]]] = defaultdict(list)
    for code, name in rows:
        if code not in known:
            by_level[level_of(code)].append((code, name))
    new = 0
    for level in RegionLevel:
        regions = [_region(code, name, level, known, valid_from) for code, name in by_level[level]]
        for region in Region.objects.bulk_create(regions, batch_size=1000):
            known[region.code] = region.pk
        new += len(regions)
    return new


def _rows_of(table: csv.DictReader[str]) -> Iterator[tuple[str, str]]:
    if not {"code", "name"} <= set(table.fieldnames or ()):
        raise ValueError("the first line must name the columns code and name")
    for row in table:
        code, name = (row["code"] or "").strip(), (row["name"] or "").strip()
        if not (len(code) == 12 and code.isascii() and code.isdigit() and name):
            raise ValueError(
                f"line {table.line_num}: a code of 12 digits and a name are needed, not {code} {name}"
            )
        yield code, name


def _region(code: str, name: str, level: RegionLevel, known: dict[str, int], valid_from: dt.date) -> Region:
    upper = parent_code(code)
    if upper is not None and upper not in known:
        raise ValueError(f"{code} {name}: its parent {upper} is neither in the file nor in the table")
    return Region(
        code=code,
        name=name,
        level=level,
        parent_id=known[upper] if upper else None,
        valid_from=valid_from,
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


def _codes_above(code: str) -> Iterable[str]:
    """Return the codes from the province down to ``code``."""
    chain = [code]
    while (upper := parent_code(chain[0])) is not None:
        chain.insert(0, upper)
    return chain
