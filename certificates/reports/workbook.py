"""The training report as a workbook: text, figures and totals, no formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from certificates.reports.training import Figure, TrainingReport

TITLE = "开展家政服务职业培训（人次）"
_NOTE = (
    "人次：期内结业（合格）的报名，一人学完两个班算两人次；讲座不算。",
    "本表为内部默认格式，非官方格式。",
)


def write_training_report(report: TrainingReport, place: str) -> bytes:
    """Return the XLSX of ``report`` for ``place``; the same input gives the same bytes."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    # A fixed moment: the file tells of its period, not of when it was made.
    book.set_properties({"title": TITLE, "created": dt.datetime.combine(report.end, dt.time.min)})
    formats = {
        "head": book.add_format({"bold": True, "border": 1, "bg_color": "#EFEDE6"}),
        "text": book.add_format({"border": 1, "num_format": "@"}),
        "whole": book.add_format({"border": 1, "num_format": "0"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }
    span = f"{place}，{report.start.isoformat()} 至 {report.end.isoformat()}，合计 {report.total} 人次"
    _sheet(book, "按乡镇", ("乡镇街道", "班次", "人次"), _figures(report.by_town), span, formats)
    _sheet(book, "按机构", ("承办机构", "班次", "人次"), _figures(report.by_organisation), span, formats)
    classes = [
        (
            line.training_class.class_no,
            line.training_class.title,
            str(line.training_class.organisation),
            line.town,
            line.training_class.starts_on.isoformat(),
            line.training_class.ends_on.isoformat(),
            line.completed,
        )
        for line in report.classes
    ]
    heads = ("班号", "班级名称", "承办机构", "乡镇街道", "开班日期", "结业日期", "人次")
    _sheet(book, "班级明细", heads, classes, span, formats)
    book.close()
    return target.getvalue()


def _figures(rows: Sequence[Figure]) -> list[tuple[Any, ...]]:
    return [(row.name, row.classes, row.completed) for row in rows]


def _sheet(
    book: Any,
    name: str,
    heads: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    span: str,
    formats: dict[str, Any],
) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, TITLE, formats["title"])
    sheet.write_string(1, 0, span)
    for place, head in enumerate(heads):
        sheet.set_column(place, place, 12 if head in {"班次", "人次"} else 24)
        sheet.write_string(3, place, head, formats["head"])
    for line, row in enumerate(rows, start=4):
        for place, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(line, place, value, formats["whole"])
            else:
                sheet.write_string(line, place, value, formats["text"])
    for place, text in enumerate(_NOTE, start=len(rows) + 5):
        sheet.write_string(place, 0, text)
    sheet.freeze_panes(4, 0)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
