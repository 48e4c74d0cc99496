"""Claim lines to XLSX and CSV: ``ModelResource.export`` with everything joined, and ours.

Ours is the product's own export of claims: its columns, its visible rows, its writers. Document numbers are
masked in both ways; numbers in clear add one decryption a person, measured apart (``csv_in_clear``).
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone, translation

from certificates.benches.export_world import build
from certificates.subsidies.exports import CLAIMS
from certificates.subsidies.models import Claim, Payment
from cms.benching import BenchResult, Measurement, measure, repeat, summary
from cms.enums import ExportFormat
from cms.exporting.columns import Context
from cms.exporting.declarations import keys_of
from cms.exporting.making import Table, write_table
from cms.exporting.rows import rows_of
from cms.exporting.writers import csv_lines
from cms.models import PersonDocument, User

SIZE = 100_000
# Beyond it the plain way takes gigabytes; ours is measured alone, and compared by the row.
_MOST_PLAIN = 100_000
_HERE = "certificates.benches.export"


def run(size: int | None) -> BenchResult:
    """Fill the database, measure each way three times, compare what they wrote."""
    size = size or SIZE
    build(size)
    plain_rows = min(size, _MOST_PLAIN)
    times = 3 if size <= _MOST_PLAIN else 1
    with tempfile.TemporaryDirectory(prefix="caravan-bench-files-") as folder:
        ours, plain = {}, {}
        for form in ("xlsx", "csv"):
            plain[form] = repeat(f"{_HERE}:plain", form, f"{folder}/plain.{form}", plain_rows, times=times)
            ours[form] = repeat(f"{_HERE}:ours", form, f"{folder}/ours.{form}", times=times)
        in_clear = measure(f"{_HERE}:ours", "csv", f"{folder}/clear.csv", True)
        first = measure(f"{_HERE}:first_byte")
        equal = all(
            _digest(f"{folder}/plain.{form}", plain_rows) == _digest(f"{folder}/ours.{form}", plain_rows)
            for form in ("xlsx", "csv")
        )
    ratios = {form: _ratio(plain[form], ours[form], plain_rows / size) for form in ("xlsx", "csv")}
    peak = max(row.peak_mib for rows in ours.values() for row in rows)
    base = min(row.base_mib for rows in ours.values() for row in rows)
    return BenchResult(
        "export",
        size,
        {
            "way": "ModelResource.export",
            "rows": plain_rows,
            **{form: summary(rows) for form, rows in plain.items()},
        },
        {
            "way": "Export",
            "rows": size,
            **{form: summary(rows) for form, rows in ours.items()},
            "csv_in_clear": summary([in_clear]),
            "first_byte_seconds": round(first.seconds, 3),
        },
        round(min(ratios.values()), 2),
        {
            "rows_equal": equal,
            "xlsx_ratio": round(ratios["xlsx"], 2),
            "csv_ratio": round(ratios["csv"], 2),
            "peak_mib": round(peak, 1),
            "above_base_mib": round(peak - base, 1),
        },
    )


def _ratio(plain: list[Measurement], ours: list[Measurement], share: float) -> float:
    """How many times faster ours is, by the row."""
    return float(summary(plain)["seconds"] / share / summary(ours)["seconds"])


def _context(in_clear: bool = False) -> Context:
    return Context(User.objects.get(username="bench"), timezone.now(), in_clear=in_clear)


def ours(form: str, path: str, in_clear: bool = False) -> int:
    """Export all claims as the product does, from the query to the digest; return how many."""
    context = _context(in_clear)
    table = Table(CLAIMS, keys_of(CLAIMS, context), CLAIMS.columns, context, "DC-20260421-BENCHX")
    return write_table(table, ExportFormat(form), Path(path)).rows


def first_byte() -> int:
    """Return the length of the first bytes of a CSV; the time until then is what is measured."""
    context = _context()
    lines = csv_lines(CLAIMS.columns, rows_of(CLAIMS, keys_of(CLAIMS, context), CLAIMS.columns, context))
    return len(next(lines))


def plain(form: str, path: str, rows: int) -> int:
    """Export as django-import-export does it with everything joined."""
    from certificates.benches.export_plain import ClaimResource

    current = PersonDocument.objects.filter(person=OuterRef("person"), superseded_at__isnull=True)
    told = Payment.objects.filter(claim=OuterRef("pk")).order_by("-recorded_at", "-pk")
    queryset = (
        Claim.objects.visible_to(User.objects.get(username="bench"))
        .select_related(
            "scheme",
            "person",
            "organisation",
            "batch",
            "certificate__organisation",
            "certificate__record__course_version__occupation",
            "certificate__record__course_version__work_type",
            "external_certificate__occupation",
            "external_certificate__work_type",
        )
        # Joined by a subquery: prefetching would make the library page through the rows, each page from the start.
        .annotate(
            masked=Subquery(current.values("masked")[:1]),
            told=Subquery(told.values("outcome")[:1]),
            told_on=Subquery(told.values("happened_on")[:1]),
        )
        .order_by("-created_at", "-pk")[:rows]
    )
    with translation.override("zh-hans"):
        dataset = ClaimResource().export(queryset)
        if form == "csv":
            Path(path).write_text(dataset.export("csv"), encoding="utf-8-sig")
        else:
            Path(path).write_bytes(dataset.export("xlsx"))
    return len(dataset)


def _digest(path: str, rows: int) -> str:
    """Return a digest of header and first ``rows`` rows, figures by their value."""
    digest = hashlib.sha256()
    for number, row in enumerate(_read(path)):
        if number > rows:
            break
        digest.update(("\x1f".join(_plain_text(cell) for cell in row) + "\n").encode())
    return digest.hexdigest()


def _read(path: str) -> Iterable[Iterable[Any]]:
    if path.endswith(".csv"):
        with open(path, encoding="utf-8-sig", newline="") as stream:
            yield from csv.reader(stream)
        return
    import openpyxl  # reads what was written; no part of what is measured

    book = openpyxl.load_workbook(path, read_only=True)
    yield from book.worksheets[0].iter_rows(values_only=True)
    book.close()


def _plain_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (int, float)):
        return f"{cell:.2f}"
    return str(cell)
