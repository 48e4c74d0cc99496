"""The office's workbook: text stays text, no formula, the same bytes for the same input."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile

import openpyxl
import pytest

from certificates.subsidies.columns import TRAINING_SUBSIDY_ROSTER, default_columns
from certificates.subsidies.workbook import write_workbook

CREATED = dt.datetime(2026, 4, 21, 10, 0, tzinfo=dt.UTC)
ROW = {
    "position": 1, "name": "=HYPERLINK(\"x\")", "sex": "女", "document_number": "999999198001010024", "group": "+脱贫人口",
    "phone": "00000812553", "occupation": "@家政服务员", "skill_level": "五级/初级工", "course_hours": "80",
    "attended_hours": "64.5", "span": "2026-01-12—2026-03-20", "result": "已合格", "certificate_kind": "培训合格证书",
    "certificate_number": "000123", "issued_on": "2026-03-24", "employer": "-1+1", "employed_on": "", "rate": "800.00",
    "amount": "1234.50", "signature": "",
}  # fmt: skip


def write(rows: list[dict[str, object]] | None = None, mark: str = "赵专员 2026-04-21 10:00 导出") -> bytes:
    return write_workbook("职业培训补贴花名册", default_columns(), rows or [ROW], CREATED, mark)


def column(field: str) -> int:
    return TRAINING_SUBSIDY_ROSTER.index(field) + 1


def test_the_headers_are_the_forms_own() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write()))["花名册"]
    assert [cell.value for cell in sheet[1]] == [
        "序号", "姓名", "性别", "公民身份号码", "人员类别", "联系电话", "培训职业(工种)", "等级", "培训课时", "出勤课时",
        "培训起止时间", "考核结果", "证书类型", "证书编号", "发证日期", "就业单位", "就业时间", "补贴标准(元)", "补贴金额(元)",
        "学员签字",
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize(
    "field",
    [
        "name",
        "document_number",
        "phone",
        "certificate_number",
        "issued_on",
        "group",
        "occupation",
        "employer",
    ],
)
def test_text_is_text_in_type_and_format(field: str) -> None:
    cell = openpyxl.load_workbook(io.BytesIO(write()))["花名册"].cell(2, column(field))
    assert (cell.value, cell.data_type, cell.number_format) == (ROW[field], "s", "@")


def test_money_and_hours_are_figures() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write()))["花名册"]
    amount, hours = sheet.cell(2, column("amount")), sheet.cell(2, column("attended_hours"))
    assert (amount.value, amount.number_format) == (1234.5, "#,##0.00")
    assert hours.value == 64.5
    assert sheet.cell(2, column("signature")).value is None


def test_no_part_of_the_file_holds_a_formula_or_a_link() -> None:
    with zipfile.ZipFile(io.BytesIO(write())) as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/")]
        assert len(sheets) == 2
        for name in sheets:
            text = file.read(name).decode()
            assert "<f>" not in text and "<f " not in text and "<hyperlink" not in text.lower()


def test_the_same_input_gives_the_same_bytes_later_too() -> None:
    first = write()
    time.sleep(2.1)  # a zip's clock ticks every two seconds
    assert write() == first
    assert write([ROW | {"name": "王桂花"}]) != first


def test_the_guidance_and_the_mark_go_with_it() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(mark="R&D 导出")))
    guide = [row[0].value for row in book["填表说明"].iter_rows()]
    assert any("文本格式" in text for text in guide) and guide[-1] == "R&D 导出"
    assert "R&&D" in zipfile.ZipFile(io.BytesIO(write(mark="R&D 导出"))).read(
        "xl/worksheets/sheet1.xml"
    ).decode().replace("&amp;", "&")


def test_nobody_and_long_names_are_no_trouble() -> None:
    write([])
    write([ROW | {"name": "阿" * 50, "employer": "长" * 200}], mark="名" * 400)
