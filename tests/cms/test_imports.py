"""Rosters from upload to register: dry run, preview, confirm, the same file applied once."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from cms.backoffice.waiting import jobs_to_mend
from cms.crypto import decrypt
from cms.demo import load_demo_organisations, load_demo_regions
from cms.enums import ImportState, ItemState, JobState, RowOutcome, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.importing.findings import unseal
from cms.importing.people import ROSTER_HEADINGS, PersonRosterResource
from cms.importing.reader import read_table
from cms.jobs import cancel_job, carry_out, job_kinds, resume_job
from cms.models import (
    AuditEntry,
    DataImport,
    GroupTag,
    ImportRow,
    Job,
    JobItem,
    Organisation,
    Person,
    StoredFile,
    User,
)
from cms.roles import Role
from cms.services.files import expire_files, read_file
from cms.services.imports import confirm_import, upload_data
from cms.services.memberships import grant_role, sync_roles

DATA = Path(__file__).resolve().parents[1] / "data"
NOW = timezone.now()
NUMBER = demo_number(dt.date(1990, 5, 1), 1, Sex.FEMALE)
OTHER = demo_number(dt.date(1985, 7, 9), 2, Sex.MALE)
HEADER = [
    "姓名",
    "性别",
    "出生日期",
    "公民身份号码",
    "人员类别",
    "类别证明编号",
    "联系电话",
    "户籍地址",
    "文化程度",
    "民族",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(db: None) -> Organisation:
    load_demo_regions()
    sync_roles()
    return load_demo_organisations()["XH"]


@pytest.fixture
def planner(school: Organisation) -> User:
    return user_with(Role.PLANNER, school, "planner")


def user_with(role: Role, organisation: Organisation, name: str) -> User:
    user = User.objects.create(username=name)
    grant_role(user, role, organisation, by=None, at=NOW)
    return User.objects.get(pk=user.pk)


def csv_of(*rows: list[Any], header: list[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8-sig")


def xlsx_of(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def checked(content: bytes, school: Organisation, user: User, name: str = "花名册.csv") -> DataImport:
    upload = upload_data(content, name, school, by=user, at=NOW)
    carry_out(str(upload.check_job_id))
    upload.refresh_from_db()
    return upload


def imported(upload: DataImport, user: User) -> DataImport:
    upload = confirm_import(upload, by=user, at=NOW)
    carry_out(str(upload.import_job_id))
    upload.refresh_from_db()
    return upload


def findings(upload: DataImport, number: int) -> dict[str, str]:
    """Return column title to code for one row."""
    row = upload.rows.get(number=number)
    return {finding.title: finding.code for finding in unseal(row.errors_token)}


@pytest.mark.both
def test_420_people_are_checked_confirmed_and_registered(school: Organisation, planner: User) -> None:
    upload = checked((DATA / "roster_clean.xlsx").read_bytes(), school, planner, "roster_clean.xlsx")
    assert upload.state == ImportState.CHECKED
    assert upload.rows.filter(outcome=RowOutcome.NEW).count() == 420
    assert not Person.objects.exists()  # the dry run changes nothing
    assert "填表说明" in upload.message and "序号" in upload.message

    upload = imported(upload, planner)
    assert upload.state == ImportState.IMPORTED
    assert Person.objects.visible_to(planner).count() == 420
    person = Person.objects.get(legal_name="吕国艳")
    assert (person.sex, person.birth_date, person.education) == (
        "female",
        dt.date(1970, 10, 19),
        "junior_college",
    )
    assert person.ethnicity == "汉族" and person.phone == "19900003374"
    assert person.region_code.startswith("990101101")  # 河湾镇
    tag = person.group_tags.get()
    assert (tag.group, tag.proof_number, tag.is_verified) == ("out_of_poverty", "ZM0999941", False)

    again = checked((DATA / "roster_clean.xlsx").read_bytes(), school, planner, "again.xlsx")
    assert again.rows.filter(outcome=RowOutcome.SAME).count() == 420
    imported(again, planner)
    assert Person.objects.count() == 420 and GroupTag.objects.count() == 420


def test_gb18030_is_told_and_read(school: Organisation, planner: User) -> None:
    upload = checked((DATA / "roster_gb18030.csv").read_bytes(), school, planner)
    assert "GB18030" in upload.message and upload.rows.filter(outcome=RowOutcome.NEW).count() == 50


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"  \r\n ", "file_empty"),
        (b"%PDF-1.7 something", "file_type"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "file_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "file_old_excel"),
        (b"PK\x03\x04 not really a zip", "file_damaged"),
    ],
)
def test_what_is_no_table_is_refused_at_once(
    school: Organisation, planner: User, content: bytes, code: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        upload_data(content, "roster.xlsx", school, by=planner, at=NOW)
    assert (refusal.value.code, refusal.value.field) == (code, "document")
    assert not DataImport.objects.exists() and not Job.objects.exists()


def test_a_file_over_the_limit_is_refused_with_the_limit(
    school: Organisation, planner: User, settings
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1024 * 1024
    with pytest.raises(DomainError) as refusal:
        upload_data(b"a" * (1024 * 1024 + 1), "a.csv", school, by=planner, at=NOW)
    assert refusal.value.code == "file_too_large" and "1 MB" in str(refusal.value)


def test_the_header_is_found_under_titles_and_by_other_names() -> None:
    table = read_table(
        xlsx_of(
            ["某县花名册"],
            [None],
            ["填表日期：2026-03-01"],
            [" 姓 名*", "身份证号", "手 机"],
            ["王秀英", NUMBER, 1],
        ),
        ROSTER_HEADINGS,
    )
    assert table.header_row == 4 and [row.number for row in table.rows] == [5]
    assert {name: column.letter for name, column in table.columns.items()} == {
        "legal_name": "A", "number": "B", "phone": "C",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "code", "word"),
    [
        ([["姓名", "电话"], ["王秀英", "1"]], "header_missing", "公民身份号码"),
        ([["姓名", "公民身份号码", "身份证号"], ["王秀英", "1", "2"]], "header_twice", "身份证号"),
        ([["姓名", "公民身份号码"]], "no_rows", ""),
        ([["合计", "12"]], "header_missing", "姓名"),
    ],
)
def test_an_unreadable_table_says_why(
    school: Organisation, planner: User, rows: list, code: str, word: str
) -> None:
    upload = checked(xlsx_of(*rows), school, planner, "x.xlsx")
    assert upload.state == ImportState.UNREADABLE and word in upload.message
    assert upload.check_job.state == JobState.FAILED
    with pytest.raises(DomainError) as refusal:
        confirm_import(upload, by=planner, at=NOW)
    assert refusal.value.code == "import_not_checked"


def test_an_unreadable_file_asks_for_another_and_for_nothing_at_home(
    school: Organisation, planner: User, client_of
) -> None:
    broken = checked(xlsx_of(["合计", "12"]), school, planner, "x.xlsx")
    other = Job.objects.create(
        kind="import_apply", title="断了的任务", state=JobState.FAILED, created_by=planner, created_at=NOW
    )
    assert list(jobs_to_mend(Job.objects.visible_to(planner))) == [other]
    client = client_of(planner)
    listed = client.get(reverse("jobs:index"), {"waits": "true"}).content.decode()
    assert "断了的任务" in listed and "x.xlsx" not in listed
    page = client.get(reverse("imports:inspect", args=[broken.pk])).content.decode()
    assert f"{reverse('imports:add')}?kind=people" in page


def row_of(name: str = "王秀英", number: str = NUMBER, **cells: str) -> list[str]:
    values = {"姓名": name, "公民身份号码": number, **cells}
    return [values.get(title, "") for title in HEADER]


def test_a_known_person_is_linked_and_a_difference_is_said_but_not_shown(
    school: Organisation, planner: User
) -> None:
    first = row_of(联系电话="19900001111", 文化程度="初中")
    imported(checked(csv_of(first), school, planner), planner)
    company = Organisation.objects.get(short_code="QS")
    stranger = user_with(Role.PLANNER, company, "stranger")
    assert not Person.objects.visible_to(stranger).exists()

    upload = checked(csv_of(row_of(联系电话="19900002222", 文化程度="初中")), company, stranger)
    row = upload.rows.get()
    assert row.outcome == RowOutcome.DIFFERS and findings(upload, 2) == {"联系电话": "differs_from_register"}
    assert "19900001111" not in str(unseal(row.errors_token))
    imported(upload, stranger)
    person = Person.objects.get()
    assert person.phone == "19900001111" and Person.objects.visible_to(stranger).get() == person


def test_a_number_under_another_name_stays_out(school: Organisation, planner: User) -> None:
    imported(checked(csv_of(row_of("王秀英")), school, planner), planner)
    company = Organisation.objects.get(short_code="QS")
    stranger = user_with(Role.PLANNER, company, "stranger")
    upload = checked(csv_of(row_of("李桂花"), row_of("张三", OTHER)), company, stranger)
    assert upload.rows.get(number=2).outcome == RowOutcome.REFUSED
    assert "王秀英" not in str(unseal(upload.rows.get(number=2).errors_token))
    imported(upload, stranger)
    assert [person.legal_name for person in Person.objects.visible_to(stranger)] == ["张三"]


def test_an_import_resumes_and_applies_a_row_once(
    school: Organisation, planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_kinds, "_items", dict(job_kinds._items))
    job_kinds._items["import_apply"] = replace(job_kinds.get("import_apply"), chunk=20)
    numbers = [demo_number(dt.date(1980, 1, 1), serial, Sex.FEMALE) for serial in range(45)]
    upload = checked(csv_of(*[row_of("王秀英", number) for number in numbers]), school, planner)
    upload = confirm_import(upload, by=planner, at=NOW)
    real = PersonRosterResource.apply
    applied: list[int] = []

    def die_in_second_chunk(self: Any, rows: Any) -> None:
        applied.append(len(rows))
        real(self, rows)
        if len(applied) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(PersonRosterResource, "apply", die_in_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        carry_out(str(upload.import_job_id))
    assert Person.objects.count() == 20  # one whole chunk; the second went back as a whole
    monkeypatch.setattr(PersonRosterResource, "apply", real)
    Job.objects.update(lease_until=NOW - dt.timedelta(minutes=1))
    carry_out(str(upload.import_job_id))
    upload.refresh_from_db()
    assert upload.state == ImportState.IMPORTED and Person.objects.count() == 45
    assert AuditEntry.objects.filter(action="person.register").count() == 45


def test_a_cancelled_import_can_be_confirmed_again(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of(), row_of("张三", OTHER)), school, planner)
    upload = confirm_import(upload, by=planner, at=NOW)
    cancel_job(upload.import_job, by=planner, at=NOW)
    upload.refresh_from_db()
    assert upload.state == ImportState.CHECKED
    assert imported(upload, planner).state == ImportState.IMPORTED and Person.objects.count() == 2


def test_a_cancelled_import_goes_on_unless_another_took_over(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of(), row_of("张三", OTHER)), school, planner)
    upload = confirm_import(upload, by=planner, at=NOW)
    first = upload.import_job
    cancel_job(first, by=planner, at=NOW)
    resume_job(first, by=planner, at=NOW)
    upload.refresh_from_db()
    assert upload.state == ImportState.IMPORTING
    cancel_job(first, by=planner, at=NOW)
    upload.refresh_from_db()
    second = confirm_import(upload, by=planner, at=NOW).import_job
    for job in (first, upload.check_job):
        Job.objects.filter(pk=job.pk).update(state=JobState.CANCELLED)
        with pytest.raises(DomainError) as refusal:
            resume_job(job, by=planner, at=NOW)
        assert refusal.value.code == "import_moved_on"
    carry_out(str(second.pk))
    upload.refresh_from_db()
    assert upload.state == ImportState.IMPORTED and Person.objects.count() == 2


def test_a_second_confirmation_is_refused(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of()), school, planner)
    imported(upload, planner)
    with pytest.raises(DomainError) as refusal:
        confirm_import(upload, by=planner, at=NOW)
    assert refusal.value.code == "import_not_checked"


def test_a_file_of_wrong_rows_has_nothing_to_confirm(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of(number="123")), school, planner)
    with pytest.raises(DomainError) as refusal:
        confirm_import(upload, by=planner, at=NOW)
    assert refusal.value.code == "import_nothing_to_import"


def test_what_changed_since_the_dry_run_is_judged_again(school: Organisation, planner: User) -> None:
    """Two rosters with one number and two names, both checked before either was imported."""
    first = checked(csv_of(row_of("王秀英")), school, planner)
    second = checked(csv_of(row_of("李桂花"), row_of("张三", OTHER)), school, planner)
    imported(first, planner)
    second = imported(second, planner)
    row = second.rows.get(number=2)
    assert row.outcome == RowOutcome.REFUSED and row.imported_at is None
    item = second.import_job.items.get(key="2")
    assert (item.state, item.code) == (ItemState.REFUSED, "differs_from_register")
    assert second.rows.get(number=3).imported_at is not None


def test_neither_file_nor_wrong_cells_lie_open(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of("王秀英", NUMBER[:-1])), school, planner)
    stored = upload.file.content.open("rb").read()
    assert NUMBER[:-1].encode() not in stored and NUMBER[:-1].encode() in decrypt(stored)
    row = ImportRow.objects.get()
    assert NUMBER[:-1] not in row.errors_token and NUMBER[:-1] not in row.masked
    assert not AuditEntry.objects.filter(data__icontains=NUMBER[:-1]).exists()
    assert not JobItem.objects.filter(message__icontains=NUMBER[:-1]).exists()


# --- screens -------------------------------------------------------------------------------------


@pytest.fixture
def client_of(school: Organisation):
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def post_file(client: Client, school: Organisation, content: bytes, name: str = "roster.csv") -> Any:
    document = SimpleUploadedFile(name, content)
    return client.post("/admin/imports/new/", {"organisation": school.pk, "document": document})


def test_upload_preview_confirm_and_result_on_screen(school: Organisation, planner: User, client_of) -> None:
    client = client_of(planner)
    sent = post_file(client, school, csv_of(row_of(), row_of("李桂花", "123456")))
    upload = DataImport.objects.get()
    assert (sent.status_code, sent.url) == (302, f"/admin/jobs/{upload.check_job_id}/")
    waiting = client.get(sent.url)
    assert waiting.headers["Refresh"] == "3" and "Refresh" not in client.get(f"{sent.url}?still=1").headers
    carry_out(str(upload.check_job_id))
    done = client.get(sent.url)
    assert "Refresh" not in done.headers and f"/admin/imports/inspect/{upload.pk}/" in done.content.decode()

    preview = client.get(f"/admin/imports/inspect/{upload.pk}/").content.decode()
    assert "确认导入 1 人" in preview and "D3" in preview and "123456" in preview
    assert preview.index("李桂花") < preview.index("王秀英")  # what needs somebody comes first
    assert NUMBER not in preview
    assert "李桂花" not in client.get(f"/admin/imports/inspect/{upload.pk}/?outcome=new").content.decode()

    assert client.get(f"/admin/imports/confirm/{upload.pk}/").status_code == 405
    confirmed = client.post(f"/admin/imports/confirm/{upload.pk}/")
    upload.refresh_from_db()
    assert confirmed.url == f"/admin/jobs/{upload.import_job_id}/"
    carry_out(str(upload.import_job_id))
    result = client.get(f"/admin/imports/inspect/{upload.pk}/").content.decode()
    assert "已导入 1 人" in result and "确认导入" not in result


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "空"), (b"%PDF-1.7", "只收 .xlsx 或 .csv"), (b"\xd0\xcf\x11\xe0" + b"\x00" * 9, "另存为 .xlsx")],
)
def test_a_wrong_file_is_said_on_the_form(
    school: Organisation, planner: User, client_of, content: bytes, words: str
) -> None:
    answer = post_file(client_of(planner), school, content)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert not DataImport.objects.exists()


def test_a_body_over_the_limit_is_answered_413(
    school: Organisation, planner: User, client_of, settings
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1024 * 1024
    answer = post_file(client_of(planner), school, b"a" * (1024 * 1024 + 1))
    assert answer.status_code == 413 and "1 MB" in answer.content.decode()


def test_a_full_number_is_masked_on_the_preview(school: Organisation, planner: User, client_of) -> None:
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    upload = checked(csv_of(row_of(number=wrong)), school, planner)
    page = client_of(planner).get(f"/admin/imports/inspect/{upload.pk}/").content.decode()
    assert wrong not in page and f"9{'*' * 16}{wrong[-1]}" in page


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        ([["王秀英 99999919730415122X", "99999919730415122X"]], "99999919730415122X"),
        ([["99999919730415122X", "王秀英"]], "99999919730415122X"),
        ([["王秀英", "E12345678"], ["李桂花", "E12345678"]], "E12345678"),
    ],
)
def test_a_number_is_masked_wherever_it_stood(
    rows: list[list[str]], hidden: str, school: Organisation, planner: User, client_of
) -> None:
    upload = checked(csv_of(*rows, header=["姓名", "身份证号"]), school, planner)
    page = client_of(planner).get(reverse("imports:inspect", args=[upload.pk])).content.decode()
    assert hidden not in page and f"{hidden[0]}*" in page


def test_others_find_nothing(school: Organisation, planner: User, client_of) -> None:
    upload = checked(csv_of(row_of()), school, planner)
    company = Organisation.objects.get(short_code="QS")
    addresses = [
        f"/admin/imports/inspect/{upload.pk}/",
        f"/admin/jobs/{upload.check_job_id}/",
        f"/admin/files/{upload.file_id}/",
    ]
    posts = [f"/admin/imports/confirm/{upload.pk}/", f"/admin/jobs/{upload.check_job_id}/cancel/"]
    stranger = client_of(user_with(Role.ORG_ADMIN, company, "stranger"))
    for address in addresses:
        assert stranger.get(address).status_code == 404, address
        assert Client().get(address).status_code == 302
    for address in posts:
        assert stranger.post(address).status_code == 404, address
    assert "花名册.csv" not in stranger.get("/admin/imports/").content.decode()
    admin = client_of(user_with(Role.ORG_ADMIN, school, "admin"))
    for address in addresses:
        assert admin.get(address).status_code == 200, address
    officer = user_with(Role.PLANNER, company, "other")
    assert post_file(client_of(officer), school, csv_of(row_of())).status_code == 200  # no valid choice
    assert DataImport.objects.count() == 1


def test_a_download_of_a_roster_is_on_record(school: Organisation, planner: User, client_of) -> None:
    content = csv_of(row_of())
    upload = checked(content, school, planner)
    answer = client_of(planner).get(f"/admin/files/{upload.file_id}/")
    assert answer.content == content and "attachment" in answer.headers["Content-Disposition"]
    assert AuditEntry.objects.filter(action="file.download", object_id=str(upload.file_id)).count() == 1
    upload.file.expires_at = NOW - dt.timedelta(seconds=1)
    upload.file.save()
    assert client_of(planner).get(f"/admin/files/{upload.file_id}/").status_code == 404


def test_the_bytes_of_a_roster_go_when_their_time_is_over(school: Organisation, planner: User) -> None:
    upload = checked(csv_of(row_of()), school, planner)
    stored, name = upload.file.content.storage, upload.file.content.name
    assert expire_files(upload.file.expires_at - dt.timedelta(seconds=1)) == 0
    assert stored.exists(name)
    assert [expire_files(upload.file.expires_at) for _again in range(2)] == [1, 0]
    assert not stored.exists(name)
    assert AuditEntry.objects.filter(action="file.expire", object_id=str(upload.file_id)).count() == 1
    with pytest.raises(DomainError) as refused:
        read_file(StoredFile.objects.get(pk=upload.file_id))
    assert refused.value.code == "file_expired"
    # Nobody imports from what is gone: the job says so.
    confirmed = confirm_import(upload, by=planner, at=NOW)
    carry_out(str(confirmed.import_job_id))
    job = Job.objects.get(pk=confirmed.import_job_id)
    assert not Person.objects.exists()
    assert "保存期" in job.message + "".join(job.items.values_list("message", flat=True))


def test_pages_cost_the_same_at_2_and_at_20_rows(school: Organisation, planner: User, client_of) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(planner)

    def queries(count: int) -> dict[str, int]:
        rows = [row_of(number=f"12345{n}") for n in range(count)]
        upload = checked(csv_of(*rows), school, planner)
        found = {}
        for name, address in (
            ("preview", f"/admin/imports/inspect/{upload.pk}/"),
            ("job", f"/admin/jobs/{upload.check_job_id}/"),
        ):
            client.get(address)
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            found[name] = len(seen)
        return found

    assert queries(2) == queries(20)


# --- command -------------------------------------------------------------------------------------


def test_the_command_imports_like_the_screens(school: Organisation, tmp_path: Path, capsys) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(csv_of(row_of(), row_of("李桂花", "123456")))
    with pytest.raises(CommandError, match="1 rows"):
        call_command("import_data", "people", str(path), "--organisation", "xh", "--dry-run")
    assert not Person.objects.exists()
    with pytest.raises(CommandError, match="1 rows"):
        call_command("import_data", "people", str(path), "--organisation", "XH")
    printed = capsys.readouterr().out
    assert "D3" in printed and "number_length" in printed and "123456" not in printed and "new=1" in printed
    assert Person.objects.get().affiliations.get().organisation == school
    with pytest.raises(CommandError, match="NOBODY"):
        call_command("import_data", "people", str(path), "--organisation", "NOBODY")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_data", "people", str(tmp_path / "absent.csv"), "--organisation", "XH")
