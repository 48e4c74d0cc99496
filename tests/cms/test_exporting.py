"""Exports: what a file can never hold, who may take what, the record that stays, the archive, the job."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import pyzipper
from django.db import DatabaseError, connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cms.enums import (
    AffiliationKind,
    ExportFormat,
    FileKind,
    IdType,
    JobState,
    OrganisationKindCode,
    PersonGroup,
)
from cms.errors import DomainError
from cms.exporting.cells import csv_original
from cms.exporting.columns import Column, Context, Kind
from cms.exporting.declarations import exports, keys_of
from cms.exporting.keys import Keys
from cms.exporting.rows import rows_of
from cms.exporting.scratch import discard_scratch, scratch_folder
from cms.exporting.writers import Book, Look, csv_lines
from cms.identity import demo_number
from cms.importing.people import ROSTER_HEADINGS
from cms.jobs import carry_out
from cms.models import AuditEntry, ExportRecord, Job, Message, Organisation, Person, Region, StoredFile, User
from cms.roles import Role
from cms.services import exports as services
from cms.services import people
from cms.services.exports import Asked
from cms.services.files import read_file, renew_file, store_path
from cms.services.memberships import grant_role, sync_roles

COUNTY, ELSEWHERE = "990101000000", "990202000000"
LONG_AGO = dt.date(2020, 1, 1)
AT = dt.datetime(2026, 4, 21, 2, 0, tzinfo=dt.UTC)
NASTY = [
    "=1+1", "+86 139", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.com")',
    "<r><t>x</t></r>", "<v>1</v>", "a&b<c>\"d'", "_x0041_", "\x00\x01\x0b\x1f", "\ufffe\uffff", "\ud800", "  padded ",
    "line\nbreak", "line\r\nbreak", "http://example.com", "mailto:a@example.com", "000123", "999999198001010024",
    "1E5", "TRUE", "#REF!", "{=A1}", "\U0002000b𠮷", "·", "\u202e=1", "]]>",
]  # fmt: skip
# What a reader of ours sees again: Excel's _xHHHH_ for control characters, nothing for halves of characters.
_ESCAPED = re.compile("_x([0-9A-F]{4})_")


def _seen(text: str) -> str:
    """Undo Excel's escapes, as Excel does."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)


def _workbook(values: list[Any], kind: Kind = Kind.TEXT, notes: Sequence[str] = ()) -> bytes:
    target = io.BytesIO()
    mark = str(values[0]) if values else ""
    look = Look(mark=mark, notes=tuple(notes))
    with Book(target, title=mark, created=AT, mark=mark, author=mark) as book:
        book.table("数据", [Column("a", "甲", kind=kind)], [[value] for value in values], look)
        book.guide("说明", values if kind == Kind.TEXT else [])
    return target.getvalue()


def _check_text(values: list[str]) -> None:
    content = _workbook(values, notes=values)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in archive.namelist() if "external" in name.lower()]
    assert "<f" not in re.sub(
        r"<(fitToPage|firstHeader|firstFooter)", "", sheet.split("<sheetData>")[1].split("</sheetData>")[0]
    )
    assert "hyperlink" not in sheet
    rows = openpyxl.load_workbook(io.BytesIO(content))["数据"].iter_rows(min_row=2, max_row=len(values) + 1)
    for value, (cell,) in zip(values, rows, strict=True):
        assert cell.number_format == "@"
        assert cell.data_type in ("s", "inlineStr", "n") and (cell.data_type != "n" or cell.value is None)
        kept = "".join(
            "\ufffd" if 0xD800 <= ord(sign) < 0xE000 or (ord(sign) > 0xFFFD and ord(sign) < 0x10000) else sign
            for sign in value
        )
        assert _seen(str(cell.value or "")) == kept


FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def test_text_stays_text_whatever_it_is() -> None:
    _check_text(NASTY)


@given(
    st.lists(
        st.text(max_size=40)
        | st.builds("{}{}{}".format, st.text("'", max_size=2), st.sampled_from(FORMULA), st.text(max_size=9)),
        max_size=8,
    )
)
def test_no_text_becomes_anything_else(values: list[str]) -> None:
    values = [value for value in values if not _ESCAPED.search(value)]
    _check_text(values)
    rows = list(csv.reader(io.StringIO(_csv(values), newline="")))[1:]
    for value, row in zip(values, rows, strict=True):
        cell = row[0] if row else ""  # an empty single column is an empty line
        plain = value.encode("utf-8", "replace").decode()
        assert not cell.startswith(FORMULA) and csv_original(cell) == plain
        assert (cell == plain) is not plain.lstrip("'").startswith(FORMULA)


def _csv(values: list[Any], kind: Kind = Kind.TEXT) -> str:
    content = b"".join(csv_lines([Column("a", "甲", kind=kind)], [[value] for value in values]))
    assert content.startswith(b"\xef\xbb\xbf")
    return content.decode("utf-8-sig")


def test_figures_stay_figures() -> None:
    values = [Decimal("-1234.50"), 0, None, "800.00"]
    cells = [
        row[0]
        for row in openpyxl.load_workbook(io.BytesIO(_workbook(values, Kind.MONEY)))["数据"].iter_rows(
            min_row=2
        )
    ]
    assert [cell.value for cell in cells] == [-1234.5, 0, None, 800]
    assert cells[0].number_format == "#,##0.00"
    assert _csv(values, Kind.MONEY).split()[1:] == ["-1234.50", "0.00", '""', "800.00"]
    hours = [
        row[0]
        for row in openpyxl.load_workbook(
            io.BytesIO(_workbook([Decimal("80.0"), Decimal("64.5")], Kind.NUMBER))
        )["数据"].iter_rows(min_row=2)
    ]
    assert [(cell.value, cell.number_format) for cell in hours] == [(80, "0"), (64.5, "0.#")]
    with pytest.raises(ValueError, match="no figure"):
        _workbook([float("nan")], Kind.NUMBER)


def test_days_and_moments_are_local_text() -> None:
    assert _csv([dt.date(2026, 3, 24)], Kind.DATE).split()[1] == "2026-03-24"
    assert (
        _csv([dt.datetime(2026, 3, 24, 23, 5, tzinfo=dt.UTC)], Kind.MOMENT).splitlines()[1]
        == "2026-03-25 07:05"
    )


def test_a_cell_holds_no_more_than_it_can() -> None:
    (cell,) = next(openpyxl.load_workbook(io.BytesIO(_workbook(["𠮷" * 20000])))["数据"].iter_rows(min_row=2))
    assert len(cell.value) == 16383


def test_the_first_bytes_come_before_the_rows() -> None:
    def rows() -> Any:
        yield ["x"]
        raise AssertionError("read too early")

    lines = csv_lines([Column("a", "甲")], rows())
    assert next(lines).decode("utf-8-sig").strip() == "甲"


def test_a_book_that_breaks_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        _workbook([1 / 0 for _ in range(1)])

    def rows() -> Any:
        yield ["x"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Book(io.BytesIO(), title="表", created=AT) as book:
        book.table("数据", [Column("a", "甲")], rows())
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_and_what_is_in_use_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder() as used:
        (used / "table").write_bytes(b"half")
        left = tmp_path / "caravan-export-left"
        left.mkdir()
        (left / "table").write_bytes(b"half")
        (tmp_path / "caravan-export-file").touch()  # no folder of ours
        assert discard_scratch() == 1
        assert (used / "table").exists() and not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["caravan-export-file"]


def test_keys_are_read_in_parts_however_many() -> None:
    keys = Keys(range(40_000))
    assert len(keys) == 40_000 and keys.part(500, 2) == [500, 501]
    assert keys.part(39_998, 500) == [39_998, 39_999] and keys.part(40_000, 500) == []


# With rows of the register.


@pytest.fixture(autouse=True)
def _roles(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        sync_roles()


@pytest.fixture
def school(db: None) -> Organisation:
    found = Organisation.objects.create(name="星河县家政培训学校", short_code="XH", region_code=COUNTY)
    found.kinds.create(kind=OrganisationKindCode.PROVIDER)
    return found


@pytest.fixture
def other(db: None) -> Organisation:
    return Organisation.objects.create(name="别县学校", short_code="BX", region_code=ELSEWHERE)


def staff(name: str, role: Role, organisation: Organisation, **more: Any) -> User:
    user = User.objects.create_user(name, display_name=name)
    grant_role(user, role, organisation, by=None, at=timezone.now(), valid_from=LONG_AGO, **more)
    return user


def person(organisation: Organisation, serial: int = 1, name: str = "王桂花") -> Person:
    found, _new = people.register_person(
        legal_name=name, id_type=IdType.CITIZEN_ID, number=demo_number(dt.date(1980, 1, 1), serial, "female"),
        organisation=organisation, kind=AffiliationKind.ROSTER, region_code=organisation.region_code, source="test",
        by=None, at=AT, phone=f"1390000{serial:04}",
    )  # fmt: skip
    return found


@pytest.fixture
def admin(school: Organisation) -> User:
    return staff("赵主任", Role.ORG_ADMIN, school)


def asked(slug: str = "people", query: str = "", **more: Any) -> Asked:
    export = exports.get(slug)
    facts: dict[str, Any] = {
        "query": QueryDict(query), "columns": tuple(column.key for column in export.columns), "format": ExportFormat.CSV,
        "reason": "报县人社局核对", "ip": "192.0.2.7",
    }  # fmt: skip
    return Asked(export=export, **(facts | more))


def take(path: Path, what: Asked, by: User) -> tuple[ExportRecord, list[list[str]]]:
    record, _name = services.export_now(what, path, by=by, at=AT)
    return record, list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))


def test_people_have_the_titles_that_a_roster_is_read_by(
    tmp_path: Path, school: Organisation, admin: User
) -> None:
    one = person(school)
    people.tag_group(
        one, PersonGroup.OUT_OF_POVERTY, school, proof_number="TP-1", checked_by="", checked_on=None,
        valid_from=LONG_AGO, valid_until=None, region_code=COUNTY, by=None, at=AT,
    )  # fmt: skip
    _record, rows = take(tmp_path / "x", asked(in_clear=True), admin)
    assert rows[0] == [heading.title for heading in ROSTER_HEADINGS]
    assert rows[1] == [
        "王桂花", "女", "", "1980-01-01", demo_number(dt.date(1980, 1, 1), 1, "female"), "", "", "脱贫人口", "TP-1",
        "13900000001", "",
    ]  # fmt: skip


def test_others_people_and_others_reasons_stay_out(
    tmp_path: Path, school: Organisation, other: Organisation, admin: User
) -> None:
    person(school)
    person(other, 2, "外人")
    _record, rows = take(tmp_path / "x", asked(), admin)
    assert [row[0] for row in rows[1:]] == ["王桂花"]


def test_numbers_are_masked_unless_they_are_ones_own_and_asked_for(
    tmp_path: Path, school: Organisation, other: Organisation, admin: User
) -> None:
    number = demo_number(dt.date(1980, 1, 1), 1, "female")
    person(school)
    person(other, 2, "李秀兰")
    masked, rows = take(tmp_path / "x", asked(columns=("number",)), admin)
    assert rows[1][0] == f"{number[0]}{'*' * 16}{number[-1]}" and not masked.is_in_clear
    # An auditor of the other region beside: she sees those people too, but no role gives her their numbers.
    region = Region.objects.create(code=ELSEWHERE, name="别县", level=3, valid_from=LONG_AGO)
    grant_role(
        admin,
        Role.AUDITOR,
        school,
        by=None,
        at=timezone.now(),
        regions=[region],
        valid_from=LONG_AGO,
        valid_until=dt.date(2030, 1, 1),
    )
    admin.forget_scope()
    clear, rows = take(tmp_path / "x", asked(columns=("legal_name", "number"), in_clear=True), admin)
    assert clear.is_in_clear
    found = dict(rows[1:])
    assert found["王桂花"] == number and "*" in found["李秀兰"]


def test_full_numbers_and_exports_are_rights_of_their_own(tmp_path: Path, school: Organisation) -> None:
    region = Region.objects.create(code=COUNTY, name="星河县", level=3, valid_from=LONG_AGO)
    auditor = staff("审计", Role.AUDITOR, school, regions=[region], valid_until=dt.date(2030, 1, 1))
    planner = staff("教务", Role.PLANNER, school)
    with pytest.raises(DomainError) as refused:
        take(tmp_path / "x", asked(in_clear=True), auditor)
    assert refused.value.code == "numbers_not_allowed"
    with pytest.raises(DomainError) as refused:
        take(tmp_path / "x", asked(), planner)  # may see people, may not take them out
    assert refused.value.code == "not_allowed"
    assert not ExportRecord.objects.exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reason": "  看 "}, "reason_missing"),
        ({"reason": "......\u200b\u200b\u200b"}, "reason_missing"),
        ({"reason": "核对 999999198001010024"}, "reason_has_number"),
        ({"columns": ("no_such",)}, "columns_missing"),
        ({"query": "organisation=999"}, "filters_wrong"),
    ],
)
def test_what_is_refused(tmp_path: Path, admin: User, more: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        take(tmp_path / "x", asked(**more), admin)
    assert refused.value.code == code
    assert not ExportRecord.objects.exists()


@pytest.mark.both
@pytest.mark.django_db
def test_the_record_says_what_left_and_cannot_be_changed(
    tmp_path: Path, school: Organisation, admin: User
) -> None:
    person(school)
    record, _rows = take(tmp_path / "x", asked(query="q=139000000012&p=2&ordering=x"), admin)
    assert (record.rows, record.format, record.reason, record.ip) == (0, "csv", "报县人社局核对", "192.0.2.7")
    assert record.filters == {"q": ["************"]}
    assert record.sha256 == hashlib.sha256((tmp_path / "x").read_bytes()).hexdigest()
    assert (record.organisation, record.region_code, record.created_by) == (school, COUNTY, admin)
    entry = AuditEntry.objects.get(action="export.make")
    assert entry.object_id == str(record.pk) and entry.data["sha256"] == record.sha256
    for statement in ("UPDATE cms_exportrecord SET rows = 9", "DELETE FROM cms_exportrecord"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(TypeError):
        ExportRecord.objects.all().delete()


def test_a_record_is_seen_by_who_answers_for_it(
    tmp_path: Path, school: Organisation, other: Organisation, admin: User
) -> None:
    region = Region.objects.create(code=COUNTY, name="星河县", level=3, valid_from=LONG_AGO)
    auditor = staff("审计", Role.AUDITOR, school, regions=[region], valid_until=dt.date(2030, 1, 1))
    officer = staff("补贴", Role.SUBSIDY_OFFICER, other, regions=[region])
    stranger = staff("外人", Role.ORG_ADMIN, other)
    take(tmp_path / "x", asked(), officer)
    take(tmp_path / "x", asked(), admin)
    seen = {
        user.username: ExportRecord.objects.visible_to(user).count()
        for user in (admin, auditor, officer, stranger)
    }
    assert seen == {
        "赵主任": 1,
        "审计": 1,
        "补贴": 1,
        "外人": 1,
    }  # the stranger's own organisation: the officer's


def test_the_mark_is_in_every_part_of_the_workbook(tmp_path: Path, school: Organisation, admin: User) -> None:
    person(school)
    record, name = services.export_now(asked(format=ExportFormat.XLSX), tmp_path / "x.xlsx", by=admin, at=AT)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    mark = f"赵主任 2026-04-21 10:00 导出，编号 {record.number}"
    assert book.properties.description == mark
    assert book["花名册"].oddFooter.left.text == mark
    assert mark in [row[0].value for row in book["说明"].iter_rows()]
    assert book["花名册"].freeze_panes == "A2"
    assert name == f"人员-20260421-1000-赵主任-{record.number}.xlsx"


@pytest.mark.parametrize("slug", exports.keys())
def test_no_row_asks_the_database_by_itself(school: Organisation, admin: User, slug: str) -> None:
    for serial in range(1, 3):
        person(school, serial)
    export = exports.get(slug)

    def queries() -> int:
        context = Context(admin, AT, in_clear=True)
        keys = keys_of(export, context)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            list(rows_of(export, keys, export.columns, context))
        return len(seen)

    queries()  # reads the roles, once
    two = queries()
    for serial in range(3, 21):
        person(school, serial)
    assert queries() == two


# On screen.


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def form(**more: Any) -> dict[str, Any]:
    columns = [column.key for column in exports.get("people").columns]
    return {"format": "csv", "columns": columns, "numbers": "masked", "reason": "报县人社局核对", **more}


def test_the_list_leads_to_its_export_with_its_filters(office: Client, school: Organisation) -> None:
    person(school)
    person(school, 2, "李秀兰")
    page = office.get(reverse("people:index"), {"q": "王"}).content.decode()
    assert f"{reverse('caravan_export', args=['people'])}?q=%E7%8E%8B" in page
    address = f"{reverse('caravan_export', args=['people'])}?q=王"
    page = office.get(address).content.decode()
    assert "共 1 行" in page and "搜索" in page
    answer = office.post(address, form())
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["王桂花"]
    record = ExportRecord.objects.get()
    assert answer["X-Content-SHA256"] == record.sha256 and record.filters == {"q": ["王"]}
    assert "attachment" in answer["Content-Disposition"]


def test_who_may_not_export_finds_no_button(client: Client, school: Organisation) -> None:
    client.force_login(staff("教务", Role.PLANNER, school))
    assert "导出" not in re.sub(
        r"导出记录", "", client.get(reverse("people:index")).content.decode().split("<main")[1]
    )
    assert client.get(reverse("caravan_export", args=["people"])).status_code == 403
    assert client.get(reverse("caravan_export", args=["nothing"])).status_code == 404


def test_wagtails_own_export_is_closed(office: Client) -> None:
    assert office.get(reverse("people:index"), {"export": "xlsx"})["Content-Type"].startswith("text/html")


def test_without_a_reason_nothing_leaves(office: Client) -> None:
    answer = office.post(reverse("caravan_export", args=["people"]), form(reason="看"))
    assert "请写明导出事由" in answer.content.decode()
    assert not ExportRecord.objects.exists()


def test_an_archive_opens_with_its_password_only(office: Client, school: Organisation) -> None:
    person(school)
    answer = office.post(reverse("caravan_export", args=["people"]), form(is_zipped="on"))
    page = answer.content.decode()
    password = re.search(r"<code>([A-Z2-9-]{23})</code>", page).group(1)
    link = re.search(r'href="(/files/[^"]+)"', page).group(1)
    content = office.get(link).content
    record = ExportRecord.objects.get()
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        (member,) = archive.infolist()
        with pytest.raises(RuntimeError):
            archive.read(member, pwd=b"wrong")
        plain = archive.read(member, pwd=password.encode())
    with pytest.raises(RuntimeError), zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.read(member.filename)
    assert hashlib.sha256(plain).hexdigest() == record.sha256
    kept = (
        str(list(ExportRecord.objects.values()))
        + str(list(AuditEntry.objects.values()))
        + str(list(StoredFile.objects.values()))
    )
    assert password not in kept
    # The table itself is not handed out where an archive was asked for; another archive has another password.
    assert office.post(reverse("exports:fetch", args=[record.pk])).url == reverse(
        "exports:inspect", args=[record.pk]
    )
    again = office.post(reverse("exports:archive", args=[record.pk])).content.decode()
    assert re.search(r"<code>([A-Z2-9-]{23})</code>", again).group(1) != password


def test_a_long_table_is_made_in_the_background(
    office: Client, school: Organisation, admin: User, settings: Any
) -> None:
    settings.EXPORT_ROWS_AT_ONCE = 1
    for serial in (1, 2):
        person(school, serial)
    answer = office.post(reverse("caravan_export", args=["people"]), form(format="xlsx"))
    job = Job.objects.get(kind="export")
    assert answer.url == reverse("caravan_job", args=[job.pk])
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE and (job.params["rows_done"], job.params["rows_total"]) == (2, 2)
    record = ExportRecord.objects.get(job=job)
    assert record.rows == 2 and record.number == job.params["number"]
    assert record.file.kind == FileKind.EXPORT and record.file.is_encrypted and record.file.expires_at
    assert Message.objects.filter(user=admin, subject_id=str(job.pk)).exists()
    assert (
        reverse("exports:inspect", args=[record.pk])
        in office.get(reverse("caravan_job", args=[job.pk])).content.decode()
    )
    assert (
        office.get(reverse("caravan_file", args=[record.file_id])).status_code == 404
    )  # by its own door only
    link = office.post(reverse("exports:fetch", args=[record.pk])).url
    assert hashlib.sha256(office.get(link).content).hexdigest() == record.sha256
    stranger = Client()
    stranger.force_login(staff("另一位", Role.ORG_ADMIN, school))
    assert stranger.get(link).status_code == 404
    page = stranger.get(reverse("exports:inspect", args=[record.pk])).content.decode()
    assert "只有导出的人能下载文件" in page  # she answers for it and sees it, but takes nothing
    assert stranger.post(reverse("exports:fetch", args=[record.pk])).url == reverse(
        "exports:inspect", args=[record.pk]
    )


@pytest.mark.django_db
def test_a_worker_that_dies_leaves_a_file_that_is_begun_again(
    school: Organisation, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(school)
    job = services.start_export(asked(), by=admin, at=AT)

    class Killed(BaseException):
        """As kill -9: nothing of ours runs any more."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(services, "store_path", die)
        with pytest.raises(Killed):
            carry_out(str(job.pk))
    assert not ExportRecord.objects.exists()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    said: list[str] = []
    original = services.report_progress

    def report(*args: Any, **more: Any) -> None:
        said.append(more.get("note", ""))
        original(*args, **more)

    monkeypatch.setattr(services, "report_progress", report)
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE and "从头重新写" in said[0]
    assert ExportRecord.objects.filter(job=job).count() == 1
    # A message that comes twice, or an item that is tried again, makes no second file.
    services.make_file(job, ["file"])
    assert ExportRecord.objects.count() == 1


def test_rights_that_ended_meanwhile_end_the_job(school: Organisation, admin: User) -> None:
    job = services.start_export(asked(), by=admin, at=AT)
    admin.memberships.update(valid_until=dt.date(2021, 1, 1))
    carry_out(str(job.pk))
    assert not ExportRecord.objects.exists()
    assert job.items.get().code == "not_allowed"


@pytest.mark.django_db
def test_a_large_file_is_stored_in_parts(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    path = tmp_path / "large"
    path.write_bytes(content)
    file = store_path(path, kind=FileKind.EXPORT, name="x", content_type="x", by=None, at=timezone.now())
    with file.content.open("rb") as stream:
        assert stream.read().count(b"\n") == 3
    assert read_file(file) == content and file.size == len(content)
    with transaction.atomic():
        renew_file(file)
    assert read_file(StoredFile.objects.get(pk=file.pk)) == content
