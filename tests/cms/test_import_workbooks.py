"""Templates and error workbooks: filled in and put right, they come back in and mean the same."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cms.enums import Education, ExportFormat, FileKind, ImportState, PersonGroup, RowOutcome, Sex
from cms.exporting.declarations import exports
from cms.identity import demo_number
from cms.importing.kinds import import_kinds
from cms.importing.people import roster_headings
from cms.importing.reader import read_table
from cms.importing.vocabulary import chinese_labels
from cms.importing.workbooks import write_template
from cms.models import AuditEntry, DataImport, Organisation, Person, User
from cms.roles import Role
from cms.services.exports import Asked, export_now
from cms.services.files import expire_files, read_file
from tests.cms.import_world import (
    DATA,
    checked,
    csv_of,
    imported,
    make_school,
    saved,
    user_with,
    work_errors,
    xlsx_of,
)

pytestmark = pytest.mark.django_db
NUMBER = demo_number(dt.date(1990, 5, 1), 1, Sex.FEMALE)


@pytest.fixture
def school(db: None) -> Organisation:
    return make_school()


@pytest.fixture
def planner(school: Organisation) -> User:
    return user_with(Role.PLANNER, school, "planner")


def book_of(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["people", "organisations", "regions", "courses"])
def test_a_template_is_text_with_drop_downs_and_guidance(kind: str) -> None:
    chosen = import_kinds.get(kind)
    book = book_of(write_template(chosen))
    sheet, guidance = book.worksheets[:2]
    titles = [heading.title for heading in chosen.headings()]
    assert [cell.value for cell in sheet[1]] == titles
    assert all(sheet.column_dimensions[column.column_letter].width for column in sheet[1][:1])
    assert guidance.title == "填表说明" and book["选项"].sheet_state == "hidden"
    with_choices = [heading for heading in chosen.headings() if heading.choices]
    lists = sheet.data_validations.dataValidation
    assert len(lists) == len(with_choices)
    for one, heading in zip(lists, with_choices, strict=True):
        letter = one.formula1.partition("$")[2].partition("$")[0]
        words = [cell.value for cell in book["选项"][letter] if cell.value]
        assert words == list(heading.choices())
    # Typed into the prepared rows, everything stays text.
    assert sheet.cell(5, 1).number_format == "@" or sheet.column_dimensions["A"].number_format == "@"


def filled(kind: str, *rows: dict[str, str]) -> bytes:
    """Return the template of a kind with rows typed in."""
    book = book_of(write_template(import_kinds.get(kind)))
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    for at, row in enumerate(rows, start=2):
        for title, value in row.items():
            sheet.cell(at, titles.index(title) + 1, value)
    return saved(book)


def test_a_filled_template_of_examples_comes_in(school: Organisation, planner: User) -> None:
    example = {heading.title: heading.example for heading in roster_headings() if heading.example}
    example["公民身份号码"] = demo_number(dt.date(1973, 4, 15), 1, Sex.FEMALE)
    upload = imported(checked(filled("people", example), school, planner), planner)
    assert upload.state == ImportState.IMPORTED and Person.objects.get().legal_name == "王秀英"
    assert "填表说明" in upload.message and "选项" not in upload.message


def test_what_was_refused_comes_back_marked_is_put_right_and_returned_alone(
    school: Organisation, planner: User
) -> None:
    upload = checked((DATA / "roster_messy.xlsx").read_bytes(), school, planner, "roster_messy.xlsx")
    upload = imported(upload, planner)
    people = Person.objects.count()
    assert upload.errors_file is not None
    assert upload.errors_file.is_encrypted and upload.errors_file.kind == FileKind.IMPORT_ERRORS
    assert upload.errors_file.expires_at == upload.file.expires_at
    book = book_of(read_file(upload.errors_file))
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    assert titles == [heading.title for heading in roster_headings()]
    refused = upload.rows.filter(outcome=RowOutcome.REFUSED).count()
    rows = [row for row in sheet.iter_rows(min_row=2) if any(cell.value for cell in row)]
    assert len(rows) == refused > 10
    by_comment = {cell.comment.text for row in rows for cell in row if cell.comment}
    assert any("原来写的“农民工”" in text and "农村转移就业劳动者" in text for text in by_comment)
    for row in rows:
        marked = [cell for cell in row if cell.comment]
        assert marked and all(cell.fill.fgColor.rgb not in (None, "00000000") for cell in marked)
        assert all(cell.data_type in {"s", "n"} for cell in row)

    worker = next(row for row in rows if row[titles.index("人员类别")].value == "农民工")
    worker[titles.index("人员类别")].value = "农村转移就业劳动者"
    for row in rows:
        if row is not worker:
            for cell in row:
                cell.value = None
    again = imported(checked(saved(book), school, planner, "改好.xlsx"), planner)
    assert again.corrects == upload  # the workbook says it
    assert again.rows.count() == 1 and Person.objects.count() == people + 1


def test_the_correction_is_shown_and_nobody_else_takes_it(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(["姓名", "公民身份号码"], ["王秀英", "123"]), school, planner, "a.csv")
    assert upload.errors_file is not None
    content = read_file(upload.errors_file)
    client = Client()
    client.force_login(planner)
    page = reverse("imports:inspect", args=[upload.pk])
    assert reverse("caravan_file", args=[upload.errors_file_id]) in client.get(page).content.decode()
    form = f"{reverse('imports:add')}?corrects={upload.pk}"
    assert "a.csv" in client.get(form).content.decode()
    document = io.BytesIO(csv_of(["姓名", "公民身份号码"], ["王秀英", NUMBER]))
    document.name = "b.csv"
    assert client.post(form, {"organisation": school.pk, "document": document}).status_code == 302
    later = DataImport.objects.latest("pk")
    assert later.corrects == upload
    assert "b.csv" in client.get(page).content.decode()
    assert "a.csv" in client.get(reverse("imports:inspect", args=[later.pk])).content.decode()
    # Another organisation that sends the same workbook corrects nothing of ours.
    company = Organisation.objects.get(short_code="QS")
    stranger = user_with(Role.PLANNER, company, "stranger")
    assert checked(content, company, stranger).corrects is None
    other = Client()
    other.force_login(stranger)
    assert other.get(form).status_code == 404
    assert other.get(reverse("caravan_file", args=[upload.errors_file_id])).status_code == 404
    assert client.get(reverse("caravan_file", args=[upload.errors_file_id])).status_code == 200
    assert AuditEntry.objects.filter(action="file.download").count() == 1


def test_the_workbook_goes_when_its_time_is_over(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(["姓名", "公民身份号码"], ["王秀英", "123"]), school, planner, "a.csv")
    assert upload.errors_file is not None
    expire_files(upload.errors_file.expires_at)
    client = Client()
    client.force_login(planner)
    shown = client.get(reverse("imports:inspect", args=[upload.pk])).content.decode()
    assert "保存期过了" in shown and "下载改错用的表格" not in shown


def test_a_late_refusal_makes_a_new_workbook(school: Organisation, planner: User) -> None:
    head = ["姓名", "公民身份号码"]
    second = checked(csv_of(head, ["李桂花", NUMBER], ["张三", "810000199408230021"]), school, planner)
    assert second.errors_file is None
    imported(checked(csv_of(head, ["王秀英", NUMBER]), school, planner), planner)
    second = work_errors(imported(second, planner))
    assert second.errors_file is not None
    sheet = book_of(read_file(second.errors_file)).worksheets[0]
    assert [cell.value for cell in sheet["A"] if cell.value][1:] == ["李桂花"]


def test_formulas_in_refused_rows_stay_text(school: Organisation, planner: User) -> None:
    content = xlsx_of(["姓名", "公民身份号码", "备注"], ["=1+1", NUMBER, "@SUM(A1)"])
    upload = checked(content, school, planner)
    assert upload.errors_file is not None
    sheet = book_of(read_file(upload.errors_file)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}


def test_a_template_is_handed_to_who_may_import(school: Organisation, planner: User) -> None:
    client = Client()
    client.force_login(planner)
    answer = client.get(reverse("imports:template", args=["people"]))
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert client.get(reverse("imports:template", args=["nothing"])).status_code == 404
    assert client.get(reverse("imports:template", args=["regions"])).status_code in {302, 403}


people = st.lists(
    st.fixed_dictionaries(
        {
            "姓名": st.sampled_from(["王秀英", "李䶮", "阿依古丽·买买提", "张𠅤", "Anna O'Neil"]),
            "民族": st.sampled_from(["汉族", "苗族", ""]),
            "文化程度": st.sampled_from([*chinese_labels(Education), ""]),
            "户籍地址": st.sampled_from(["示范省示范市星河县青山乡红旗村", "青山乡", ""]),
            "人员类别": st.sampled_from([*chinese_labels(PersonGroup), ""]),
            "类别证明编号": st.sampled_from(["ZM1", "-2"]),
            "联系电话": st.sampled_from(["19900001111", "07312345678", ""]),
            "备注": st.text("备注-+@甲乙 ", max_size=20).map(str.strip),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15)
@given(
    rows=people, day=st.dates(dt.date(1960, 1, 1), dt.date(2005, 1, 1)), written=st.sampled_from(ExportFormat)
)
def test_export_import_is_the_same(
    school: Organisation,
    planner: User,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    day: dt.date,
    written: ExportFormat,
) -> None:
    """What the register holds, exported with numbers and uploaded again, changes nothing."""
    for at, row in enumerate(rows):
        row["公民身份号码"] = demo_number(day, at, Sex.FEMALE)
    path = tmp_path_factory.mktemp("export") / "people"
    with transaction.atomic():
        first = imported(checked(filled("people", *rows), school, planner), planner)
        before = facts_of(first)
        export_people(path, user_with(Role.ORG_ADMIN, school, "admin"), written)
        again = checked(path.read_bytes(), school, planner, f"people.{written}")
        outcomes = list(again.rows.values_list("outcome", flat=True))
        assert facts_of(imported(again, planner)) == before
        transaction.set_rollback(True)
    assert outcomes == [RowOutcome.SAME] * len(rows)


def export_people(path: Path, by: User, written: ExportFormat) -> None:
    export = exports.get("people")
    wanted = Asked(
        export=export, query=QueryDict(""), columns=tuple(column.key for column in export.columns), format=written,
        in_clear=True, reason="核对名册", ip="192.0.2.7",
    )  # fmt: skip
    export_now(wanted, path, by=by, at=timezone.now())


def facts_of(upload: DataImport) -> list[tuple[Any, ...]]:
    return sorted(
        Person.objects.filter(import_rows_of__upload=upload).values_list(
            "pk", "legal_name", "sex", "birth_date", "phone", "ethnicity", "education", "address",
            "affiliations__remark", "group_tags__group", "group_tags__proof_number", "group_tags__superseded_at",
        ),
        key=str,
    )  # fmt: skip


def test_the_reader_leaves_guidance_and_hidden_sheets_alone() -> None:
    table = read_table(filled("people", {"姓名": "王秀英", "公民身份号码": NUMBER}), roster_headings())
    assert [row.number for row in table.rows] == [2] and table.other_sheets == ["填表说明"]
