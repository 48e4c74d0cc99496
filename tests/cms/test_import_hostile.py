"""Files that are broken or meant badly: one clear sentence, bounded work, and the service stays up."""

from __future__ import annotations

import datetime as dt
import io
import resource
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.xml.constants import SHEET_MAIN_NS

from cms.enums import ImportState, RowOutcome, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.importing import reader
from cms.importing.cells import TextWidget
from cms.importing.formats import MAX_SHARED_TEXTS
from cms.importing.people import roster_headings
from cms.importing.reader import read_table
from cms.models import DataImport
from cms.roles import Role
from cms.services.import_files import describe_reading
from tests.cms.import_world import (
    DATA,
    checked,
    csv_of,
    findings_of,
    imported,
    make_school,
    saved,
    user_with,
    xlsx_of,
)

CLEAN = (DATA / "roster_gb18030.csv").read_bytes()
HEAD = ["姓名", "公民身份号码"]
MIB = 1024 * 1024
ENTITY = b'<!DOCTYPE x [<!ENTITY a "b">]>'
UTF16_ENTITY = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'

STRICT = b'<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" conformance="strict"/>'


def small_workbook() -> bytes:
    return xlsx_of(HEAD, ["王秀英", "99999919730415122X"], ["李桂花", "123"])


def with_part(name: str, data: bytes) -> bytes:
    """Return a small roster with one part more, or another instead of its own."""
    return with_parts({name: lambda _own: data})


def with_parts(parts: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """Return a small roster with other parts, each made of its own, which is empty where it has none."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(small_workbook())) as old,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        own = {part.filename: old.read(part) for part in old.infolist()}
        made = {name: make(own.get(name, b"")) for name, make in parts.items()}
        for name, data in {**own, **made}.items():
            new.writestr(name, data)
    return content.getvalue()


def misnamed(ending: str) -> bytes:
    """Return a small roster whose sheet, a part with a name of that ending, has a document type."""
    content, name = io.BytesIO(), f"sheet1.{ending}"
    with zipfile.ZipFile(io.BytesIO(small_workbook())) as given, zipfile.ZipFile(content, "w") as made:
        for part in given.infolist():
            data = given.read(part).replace(b"sheet1.xml", name.encode())
            if part.filename.endswith("sheet1.xml"):
                data = data.replace(b"<worksheet", ENTITY + b"<worksheet", 1)
            made.writestr(part.filename.replace("sheet1.xml", name), data)
    return content.getvalue()


def giant_cell() -> bytes:
    cell = b"<sst><si><t>" + b"a" * (20 * MIB) + b"</t></si></sst>"
    return with_part("xl/sharedStrings.xml", cell)


def texts_elsewhere(inside: bytes) -> bytes:
    """Return a small roster whose shared texts are a part with a name of its own."""
    texts = f'<sst xmlns="{SHEET_MAIN_NS}">'.encode() + inside + b"</sst>"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/texts.xml" ContentType="{kind}"/></Types>'.encode()
    return with_parts(
        {
            "xl/texts.xml": lambda _own: texts,
            "[Content_Types].xml": lambda own: own.replace(b"</Types>", override),
        }
    )


HOSTILE: dict[str, tuple[str, Any]] = {
    "a bomb": ("file_too_large", lambda: with_part("xl/worksheets/sheet1.xml", b"<a>" + b" " * (201 * MIB))),
    "one cell of 20 MB": ("cell_too_large", giant_cell),
    "shared text beyond its limit": (
        "file_too_large",
        lambda: with_part("xl/sharedStrings.xml", b"<t/>" * (17 * MIB)),
    ),
    "shared text beyond its limit in a part of another name": (
        "file_damaged",
        lambda: texts_elsewhere(b"<!--" + (b"<" + b" " * 1023) * (1024 * 65) + b"-->"),
    ),
    "a million empty texts": ("file_damaged", lambda: texts_elsewhere(b"<si/>" * (MAX_SHARED_TEXTS + 1))),
    "two thousand parts": ("file_too_large", lambda: _archive({"xl/workbook.xml": b"", **{f"xl/{n}": b"" for n in range(2001)}})),
    "a directory that begins before the file": (
        "file_damaged",
        lambda: small_workbook()[:-3] + b"\x01" + small_workbook()[-2:],
    ),
    "an entity": (
        "file_damaged",
        lambda: with_part("xl/sharedStrings.xml", ENTITY + b"<sst/>"),
    ),
    "an entity in UTF-16": (
        "file_damaged",
        lambda: with_part("xl/workbook.xml", UTF16_ENTITY.encode("utf-16")),
    ),
    "an entity in UTF-16 that nothing announces": (
        "file_damaged",
        lambda: with_part("xl/workbook.xml", UTF16_ENTITY.encode("utf-16-le")),
    ),
    "an entity behind a long remark": (
        "file_damaged",
        lambda: with_part("xl/styles.xml", b"<!--" + b"<" * (300 * 1024) + b"-->" + ENTITY + b"<styleSheet/>"),
    ),
    "an entity in letters of another code": (
        "file_damaged",
        lambda: with_part("xl/styles.xml", b'<?xml version="1.0" encoding="cp037"?>' + ENTITY.decode().encode("cp037")),
    ),
    "an entity in a sheet that is named like a picture": ("file_damaged", lambda: misnamed("png")),
    "an entity in a sheet with a name in capitals": ("file_damaged", lambda: misnamed("XML")),
    "macros": ("file_macros", lambda: with_part("xl/vbaProject.bin", b"macro")),
    "old Excel": ("file_old_excel", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512),
    "cut off": ("file_damaged", lambda: small_workbook()[:-200]),
    "a picture": ("file_type", lambda: b"\x89PNG\r\n\x1a\n\0\0"),
    "a Word file": ("file_type", lambda: _archive({"word/document.xml": b"<w/>"})),
    "no sheets": ("file_damaged", lambda: _archive({"xl/workbook.xml": b"<workbook/>"})),
    "NUL in a CSV": ("file_type", lambda: "姓名,公民身份号码\n王\0秀英,1\n".encode()),
    "one line of 19 MB": ("file_damaged", lambda: b"a" * (19 * MIB)),
    "a quote that never ends": ("file_damaged", lambda: '姓名,公民身份号码\n"'.encode() + b"a,\n" * MIB),
    "a quote that swallows the next row": (
        "file_damaged",
        lambda: '姓名,公民身份号码,备注\n王秀英,99999919730415122X,"好\n李桂花,123,\n'.encode(),
    ),
    "text behind a quote": (
        "file_damaged",
        lambda: '姓名,公民身份号码,备注\n王秀英,99999919730415122X,"好"的\n李桂花,123,\n'.encode(),
    ),
    "NUL in a CSV of UTF-16": ("file_damaged", lambda: "姓名,公民身份号码\n王\0秀英,1\n".encode("utf-16")),
    "a comma without quotes": (
        "row_too_wide",
        lambda: "姓名,公民身份号码,户籍地址,备注\n王秀英,99999919730415122X,示范省,青山乡,好\n".encode(),
    ),
    "strict Open XML": ("file_strict", lambda: _archive({"xl/workbook.xml": STRICT})),
    "NUL in a sheet": ("file_damaged", lambda: with_part("xl/worksheets/sheet1.xml", b"<worksheet>\0</worksheet>")),
    "only a hidden sheet": ("file_empty", lambda: _hidden()),
}  # fmt: skip


def _archive(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return content.getvalue()


def _hidden() -> bytes:
    with zipfile.ZipFile(io.BytesIO(small_workbook())) as archive:
        book = archive.read("xl/workbook.xml")
    assert b'state="visible"' in book
    return with_part("xl/workbook.xml", book.replace(b'state="visible"', b'state="hidden"'))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_one_sentence(name: str) -> None:
    code, make = HOSTILE[name]
    content = make()
    assert len(content) < 20 * MIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DomainError) as refusal:
        read_table(content, roster_headings())
    assert refusal.value.code == code
    assert str(refusal.value.message).endswith("。")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024  # KiB


def test_a_document_type_in_what_is_never_read_hurts_nobody() -> None:
    plist = b'<?xml version="1.0"?><!DOCTYPE plist><plist/>'  # the printer's settings, as Excel writes them on a Mac
    content = with_part("xl/printerSettings/printerSettings1.bin", plist)
    assert len(read_table(content, roster_headings()).rows) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["shared text beyond its limit", "one cell of 20 MB"])
def test_size_is_answered_413_in_the_readers_language(name: str) -> None:
    school = make_school()
    client = Client(headers={"accept-language": "en"})
    client.force_login(user_with(Role.PLANNER, school, "planner"))
    document = SimpleUploadedFile("roster.xlsx", HOSTILE[name][1]())
    answer = client.post(reverse("imports:add"), {"organisation": school.pk, "document": document})
    assert answer.status_code == 413 and not DataImport.objects.exists()
    with translation.override("zh-hans"), pytest.raises(DomainError) as refusal:
        read_table(HOSTILE[name][1](), roster_headings())
    assert "请" in str(refusal.value.message)


def test_wide_merged_and_hidden_things_are_read_as_they_are() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["花名册"])
    sheet.merge_cells("A1:D1")
    sheet.append(HEAD)
    sheet.append(["王秀英", "99999919730415122X"])
    sheet.cell(3, 16384, "far away")
    sheet.row_dimensions[3].hidden = True
    hidden = book.create_sheet("第二张")
    hidden.append(HEAD)
    hidden.append(["别人", "1"])
    hidden.sheet_state = "hidden"
    table = read_table(saved(book), roster_headings())
    assert [row.values["legal_name"] for row in table.rows] == ["王秀英"] and table.other_sheets == []


def test_a_csv_may_be_ragged_where_nothing_stands() -> None:
    text = "花名册\n\u200b姓名,公民身份号码\ufeff,备注\n王秀英,99999919730415122X,,,,\n李桂花,123\n说明：甲,,,,\n"
    table = read_table(text.encode(), roster_headings())
    assert [row.values["legal_name"] for row in table.rows] == ["王秀英", "李桂花"]


STYLES = b"""<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills>
<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="31"/><xf numFmtId="57"/></cellXfs></styleSheet>"""


def test_days_in_the_formats_of_a_chinese_excel_are_days_and_odd_styles_no_damage() -> None:
    shown = '<c r="C2" s="1"><v>27457</v></c><c r="D2" s="2"><v>27457</v></c>'
    heads = [*HEAD, "出生日期", "备注"]
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in heads)
    rows = (
        f'<row r="1">{cells}</row><row r="2"><c r="A2" t="inlineStr"><is><t>王秀英</t></is></c>{shown}</row>'
    )
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    parts = {"xl/styles.xml": STYLES, "xl/worksheets/sheet1.xml": f"{sheet}</sheetData></worksheet>".encode()}
    with zipfile.ZipFile(io.BytesIO(small_workbook())) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()} | parts
    (row,) = read_table(_archive(parts), roster_headings()).rows
    days = [row.values["birth_date"].date(), row.values["remark"].date()]
    assert days == [dt.date(1975, 3, 4)] * 2


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("青山乡_x000D_\n红旗村", "青山乡\n红旗村"),
        ("甲_x0000_乙", "甲乙"),
        ("_x005F_x0041_", "_x0041_"),
        ("x005F_", "x005F_"),
        ("_xD83D_", "_xD83D_"),
    ],
)
def test_escapes_of_a_workbook_are_read_as_people_see_them(written: str, seen: str) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [*HEAD, "备注"])
        sheet.write_row(1, 0, ["王秀英", "99999919730415122X", "STOOD HERE"])
    for inline in (False, True):
        (row,) = read_table(_replaced(content.getvalue(), written, inline=inline), roster_headings()).rows
        assert row.values["remark"] == seen


def _replaced(content: bytes, text: str, *, inline: bool) -> bytes:
    """Return the workbook with ``text`` in a cell, as a shared text or in the cell itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {part: archive.read(part).decode() for part in archive.namelist()}
    shared, sheet = "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"
    parts[shared] = parts[shared].replace("STOOD HERE", text)
    if inline:
        cell = '<c r="C2" t="s"><v>5</v></c>'
        assert cell in parts[sheet]
        parts[sheet] = parts[sheet].replace(cell, f'<c r="C2" t="inlineStr"><is><t>{text}</t></is></c>')
    return _archive({part: data.encode() for part, data in parts.items()})


def test_what_lies_below_a_long_gap_is_not_read_and_that_is_said() -> None:
    text = "姓名,公民身份号码\n王秀英,99999919730415122X\n" + "\n" * 1500
    with translation.override("zh-hans"):
        read = describe_reading(read_table((text + "李桂花,123\n").encode(), roster_headings()))
        assert "第 2 行以下空了很多行，再往下没有读" in read
        near = "姓名,公民身份号码\n王秀英,99999919730415122X\n\n李桂花,123\n"
        assert "没有读" not in describe_reading(read_table(near.encode(), roster_headings()))


@pytest.mark.django_db
def test_what_nobody_meant_is_not_registered() -> None:
    """Errors of formulas, digits that a spreadsheet lost and characters that nobody sees."""
    school = make_school()
    planner = user_with(Role.PLANNER, school, "planner")
    heads = [*HEAD, "户籍地址", "类别证明编号", "备注"]
    numbers = [demo_number(dt.date(1975, 3, 4), at, Sex.FEMALE) for at in range(3)]
    day = dt.datetime(2024, 1, 2, tzinfo=dt.UTC).replace(tzinfo=None)
    book = xlsx_of(
        heads,
        ["王秀英", numbers[0], "#REF!", 1.2345678901234567e17, "#N/A"],
        ["李桂花", numbers[1], "青山乡", "1.23e+15", "好"],
        ["赵桂花", numbers[2], "\u202e青山乡\u200b红旗村", day, True],
    )
    upload = checked(book, school, planner)
    codes = [[one.code for one in findings_of(upload, row) if one.is_error] for row in (2, 3, 4)]
    assert codes == [["formula_failed", "number_scientific", "formula_failed"], ["number_scientific"], []]
    assert ("户籍地址", "text_normalised") in [(one.title, one.code) for one in findings_of(upload, 4)]
    person = imported(upload, planner).rows.get(number=4).person
    tag, link = TextWidget(60).clean(day), TextWidget(60).clean(True)
    assert (person.address, tag, link) == ("青山乡红旗村", "2024-01-02", "TRUE")


@pytest.mark.django_db
def test_formulas_of_every_kind_are_named_at_their_cells() -> None:
    from openpyxl.worksheet.formula import ArrayFormula

    school = make_school()
    planner = user_with(Role.PLANNER, school, "planner")
    book = Workbook()
    sheet: Any = book.active
    sheet.append([*HEAD, "户籍地址", "联系电话"])
    sheet.append(["=A1", "=B1", "=C1", "=D1"])
    sheet["A3"] = ArrayFormula("A3:A3", "=SUM(1,2)")
    sheet["B3"] = "99999919730415122X"
    upload = checked(saved(book), school, planner)
    assert [(one.title, one.code) for one in findings_of(upload, 2)] == [
        (title, "formula") for title in ("姓名", "公民身份号码", "户籍地址", "联系电话")
    ]
    assert findings_of(upload, 3)[0].code == "formula"


@pytest.mark.django_db
def test_more_rows_than_the_limit_are_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROWS", 5)
    school = make_school()
    upload = checked(
        csv_of(HEAD, *[["王秀英", str(n)] for n in range(6)]), school, user_with(Role.PLANNER, school, "p")
    )
    assert upload.state == ImportState.UNREADABLE and "5" in upload.message


def test_numbered_empty_lines_totals_and_remarks_are_no_rows() -> None:
    table = read_table(
        csv_of(
            ["序号", *HEAD, "联系电话"],
            ["1", "王秀英", "99999919730415122X", ""],
            ["2", "", "", ""],
            ["3", " ", "\u3000", ""],
            ["", "小 计", "1", ""],
            ["合计", "", "", "1"],
            ["注：以上属实", "", "", ""],
            ["4", "李桂花", "", ""],
        ),
        roster_headings(),
    )
    assert [row.number for row in table.rows] == [2, 8]
    assert [(row.number, row.why) for row in table.skipped] == [
        (3, "blank"), (4, "blank"), (5, "total"), (6, "total"), (7, "remark"),
    ]  # fmt: skip


WORKBOOK = small_workbook()
# The first draw is slow on a busy machine.
fuzzed = settings(suppress_health_check=[HealthCheck.too_slow])


@fuzzed
@given(
    base=st.sampled_from([WORKBOOK, CLEAN]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), max_size=5),
    cut=st.none() | st.floats(0, 1),
)
def test_a_mutated_file_is_read_or_refused(base: bytes, changes: list[Any], cut: float | None) -> None:
    content = bytearray(base)
    for place, data in changes:
        at = int(place * len(content))
        content[at : at + len(data)] = data
    if cut is not None:
        content = content[: int(cut * len(content))]
    read_or_refused(bytes(content))


@fuzzed
@given(
    part=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml",
                          "[Content_Types].xml", "xl/_rels/workbook.xml.rels", "docProps/custom.xml"]),
    place=st.floats(0, 1, exclude_max=True),
    data=st.sampled_from([b"<", b"&", b"\0", b'"', b"999999999999", b"-1", b"<row r='99999999'/>", b"<c r='ZZZZ1'/>", b"\xff"])
    | st.binary(max_size=8),
)  # fmt: skip
def test_a_workbook_with_one_broken_part_is_read_or_refused(part: str, place: float, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as archive:
        before = archive.read(part) if part in archive.namelist() else b"<Properties/>"
    at = int(place * len(before))
    read_or_refused(with_part(part, before[:at] + data + before[at + len(data) :]))


def read_or_refused(content: bytes) -> None:
    """Anything else that is raised is a fault of ours."""
    try:
        table = read_table(content, roster_headings())
    except DomainError as refusal:
        assert refusal.code and refusal.message
    else:
        assert table.rows and RowOutcome.NEW
