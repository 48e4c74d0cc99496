"""Write a batch as the office's workbook: text cells, ISO dates, no formula, exact headers (domain §2.7)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from certificates.subsidies.columns import MONEY, NUMBERS
from cms.exporting.columns import Column, Kind
from cms.exporting.writers import Book, Look

_GUIDANCE = (
    "证件号码、电话、证书编号都是文本格式，请不要改成数字，否则末几位会丢失。",
    "日期写成 年-月-日，金额单位是元，保留两位小数。",
    "本表由系统冻结生成，再次下载内容不变；要更正请在系统里办理后另行导出。",
)
_WIDTHS = {
    "position": 6, "name": 12, "sex": 6, "document_number": 22, "group": 20, "phone": 15, "certificate_number": 22,
    "span": 25, "occupation": 24, "certificate_kind": 16, "employer": 24, "issuer": 24, "signature": 14,
}  # fmt: skip


def write_workbook(
    title: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    created: dt.datetime,
    mark: str,
) -> bytes:
    """Return the XLSX; the same input gives the same bytes. ``mark`` names who exported it and when."""
    target = io.BytesIO()
    fields = [column["field"] for column in columns]
    with Book(target, title=title, created=created, mark=mark) as book:
        book.table(
            "花名册",
            [_column(column) for column in columns],
            ([row.get(field, "") for field in fields] for row in rows),
            Look(mark=mark),
        )
        book.guide("填表说明", (title, *_GUIDANCE, mark))
    return target.getvalue()


def _column(column: dict[str, Any]) -> Column:
    field = column["field"]
    kind = Kind.MONEY if field in MONEY else Kind.NUMBER if field in NUMBERS else Kind.TEXT
    return Column(field, column["header"], kind=kind, width=_WIDTHS.get(field, 12))
