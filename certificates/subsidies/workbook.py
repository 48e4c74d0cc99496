"""Write a batch as the office's workbook: text cells, ISO dates, no formula, exact headers (domain §2.7)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from certificates.subsidies.columns import MONEY, NUMBERS

_GUIDANCE = (
    "证件号码、电话、证书编号都是文本格式，请不要改成数字，否则末几位会丢失。",
    "日期写成 年-月-日，金额单位是元，保留两位小数。",
    "本表由系统冻结生成，再次下载内容不变；要更正请在系统里办理后另行导出。",
)
_WIDTHS = {
    "position": 6, "name": 12, "sex": 6, "document_number": 22, "group": 20, "phone": 15, "certificate_number": 22,
    "span": 25, "occupation": 24, "certificate_kind": 16, "employer": 24, "issuer": 24, "signature": 14,
}  # fmt: skip
# Inside a footer "&" begins a code, and Excel takes no more than 255 characters.
_FOOTER = 200
_BLOCK = 12


def write_workbook(
    title: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    created: dt.datetime,
    mark: str,
) -> bytes:
    """Return the XLSX; the same input gives the same bytes. ``mark`` names who exported it and when."""
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
    book.set_properties({"title": title, "created": created.replace(tzinfo=None), "comments": mark})
    formats = _formats(book)
    sheet = book.add_worksheet("花名册")
    _head(sheet, columns, formats["head"])
    for line, row in enumerate(rows, start=1):
        for place, column in enumerate(columns):
            _cell(sheet, line, place, column["field"], row.get(column["field"], ""), formats)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3: twenty columns on A4 cannot be read
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L{mark[:_FOOTER].replace('&', '&&')}&R第 &P 页，共 &N 页")
    _guide(book, title, mark)
    book.close()
    return target.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 10, "border": 1, "valign": "vcenter"}
    return {
        "head": book.add_format(
            {**base, "bold": True, "bg_color": "#EFEDE6", "text_wrap": True, "align": "center"}
        ),
        "text": book.add_format({**base, "num_format": "@", "text_wrap": True}),
        "number": book.add_format({**base, "num_format": "0.#", "align": "right"}),
        "whole": book.add_format({**base, "num_format": "0", "align": "right"}),
        "money": book.add_format({**base, "num_format": "#,##0.00", "align": "right"}),
    }


def _head(sheet: Any, columns: Sequence[dict[str, Any]], style: Any) -> None:
    sheet.set_row(0, 30)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column["field"], _BLOCK))
        sheet.write_string(0, place, column["header"], style)


def _cell(sheet: Any, line: int, place: int, field: str, value: Any, formats: dict[str, Any]) -> None:
    if value in ("", None):
        sheet.write_blank(line, place, None, formats["text"])
    elif field in MONEY:
        sheet.write_number(line, place, float(value), formats["money"])
    elif field in NUMBERS:
        number = float(value)
        sheet.write_number(line, place, number, formats["whole" if number.is_integer() else "number"])
    else:
        sheet.write_string(line, place, str(value), formats["text"])


def _guide(book: Any, title: str, mark: str) -> None:
    sheet = book.add_worksheet("填表说明")
    sheet.set_column(0, 0, 90)
    for line, text in enumerate((title, *_GUIDANCE, mark)):
        sheet.write_string(line, 0, text)
