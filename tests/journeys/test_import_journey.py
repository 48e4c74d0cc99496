"""In Chromium: a messy roster is looked at, its refused rows come back as a workbook, put right, and go in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cms.enums import RowOutcome
from cms.jobs import carry_out
from cms.models import DataImport, Job, Person
from cms.roles import Role
from tests.cms.import_world import DATA, make_school, user_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def work() -> None:
    """Carry out what waits, as a worker does."""
    while (job := Job.objects.filter(state="queued").order_by("created_at").first()) is not None:
        carry_out(str(job.pk))


def test_a_messy_roster_is_corrected_and_returned(
    desk: Any, sign_in_page: Any, assert_accessible: Any, tmp_path: Path
) -> None:
    school = make_school()
    sign_in_page(desk, user_with(Role.PLANNER, school, "planner"))
    desk.goto("/admin/imports/")
    desk.get_by_role("link", name="上传花名册").click()
    with desk.expect_download() as template:
        desk.get_by_role("link", name="下载模板").click()
    assert template.value.suggested_filename == "花名册模板.xlsx"
    desk.locator('input[type="file"]').set_input_files(str(DATA / "roster_messy.xlsx"))
    desk.get_by_role("button", name="上传并检查").click()
    desk.wait_for_url("**/admin/jobs/**")
    work()
    desk.goto(f"/admin/imports/inspect/{DataImport.objects.get().pk}/")
    text = desk.locator("main").inner_text()
    assert "第 25 行" in text and "原来写的“农民工”" in text and "I25 格" in text
    assert_accessible(desk)
    desk.get_by_role("button", name="确认导入").click()
    desk.wait_for_url("**/admin/jobs/**")
    work()
    before = Person.objects.count()

    first = DataImport.objects.get()
    desk.goto(f"/admin/imports/inspect/{first.pk}/")
    with desk.expect_download() as errors:
        desk.get_by_role("link", name="下载改错用的表格").click()
    path = tmp_path / "改好.xlsx"
    errors.value.save_as(path)
    refused = first.rows.filter(outcome=RowOutcome.REFUSED).count()
    put_right(path, refused)
    desk.get_by_role("link", name="上传改好的表格").click()
    assert "roster_messy.xlsx" in desk.locator("main").inner_text()
    desk.locator('input[type="file"]').set_input_files(str(path))
    desk.get_by_role("button", name="上传并检查").click()
    desk.wait_for_url("**/admin/jobs/**")
    work()
    second = DataImport.objects.exclude(pk=first.pk).get()
    assert second.corrects == first
    desk.goto(f"/admin/imports/inspect/{second.pk}/")
    desk.get_by_role("button", name="确认导入").click()
    desk.wait_for_url("**/admin/jobs/**")
    work()
    desk.goto(f"/admin/imports/inspect/{second.pk}/")
    assert "已导入 3 人" in desk.locator("main").inner_text()
    assert Person.objects.count() == before + 3
    desk.goto(f"/admin/imports/inspect/{first.pk}/")
    assert "改好.xlsx" in desk.locator("main").inner_text()


def put_right(path: Path, refused: int) -> None:
    """Correct three of the refused rows as a clerk would, and leave the others out."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    rows = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, at["公民身份号码"]).value]
    assert len(rows) == refused
    right = {"农民工": "农村转移就业劳动者", "外星人员": "就业困难人员", "月嫂": "家政服务员（母婴护理员）"}
    for row in reversed(rows):
        cells = [sheet.cell(row, at[title]) for title in ("人员类别", "培训职业（工种）")]
        wrong = [cell for cell in cells if cell.value in right]
        for cell in wrong:
            cell.value = right[str(cell.value)]
        if not wrong:
            sheet.delete_rows(row)
    book.save(path)
