"""The training report as a workbook: text, figures and totals, no formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from certificates.reports.training import Figure, TrainingReport
from cms.exporting.columns import Column, Kind
from cms.exporting.writers import Book, Look

TITLE = "开展家政服务职业培训（人次）"
_NOTE = (
    "人次：期内结业（合格）的报名，一人学完两个班算两人次；讲座不算。",
    "本表为内部默认格式，非官方格式。",
)
_COUNTED = frozenset({"班次", "人次"})


def write_training_report(report: TrainingReport, place: str) -> bytes:
    """Return the XLSX of ``report`` for ``place``; the same input gives the same bytes."""
    target = io.BytesIO()
    # A fixed moment: the file tells of its period, not of when it was made.
    made = dt.datetime.combine(report.end, dt.time.min)
    span = f"{place}，{report.start.isoformat()} 至 {report.end.isoformat()}，合计 {report.total} 人次"
    look = Look(lead=(TITLE, span), notes=_NOTE)
    classes = [
        (
            line.training_class.class_no,
            line.training_class.title,
            str(line.training_class.organisation),
            line.town,
            line.training_class.starts_on,
            line.training_class.ends_on,
            line.completed,
        )
        for line in report.classes
    ]
    heads = ("班号", "班级名称", "承办机构", "乡镇街道", "开班日期", "结业日期", "人次")
    with Book(target, title=TITLE, created=made) as book:
        book.table("按乡镇", _columns("乡镇街道", "班次", "人次"), _figures(report.by_town), look)
        book.table("按机构", _columns("承办机构", "班次", "人次"), _figures(report.by_organisation), look)
        book.table("班级明细", _columns(*heads), classes, look)
    return target.getvalue()


def _columns(*heads: str) -> list[Column]:
    return [
        Column(
            head,
            head,
            kind=Kind.WHOLE if head in _COUNTED else Kind.TEXT,
            width=12 if head in _COUNTED else 24,
        )
        for head in heads
    ]


def _figures(rows: Sequence[Figure]) -> list[tuple[Any, ...]]:
    return [(row.name, row.classes, row.completed) for row in rows]
