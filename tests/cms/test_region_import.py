"""Towns and villages out of a file: every wrong cell is named, all rows or none, on screen and by command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.enums import ImportState, RowOutcome
from cms.errors import DomainError
from cms.importing.kinds import import_kinds
from cms.jobs import carry_out
from cms.models import AuditEntry, DataImport, Organisation, Region, RegionSuccession, User
from cms.roles import Role
from cms.services.import_files import read_import, run_import
from cms.services.imports import confirm_import
from cms.services.memberships import grant_role, sync_roles
from tests.cms.import_world import checked, findings_of, imported

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SINCE = dt.date(2020, 1, 1)
GOOD = (
    "区划代码,名称,启用日期,停用日期\n980101100000,城关镇,,\n980101100001,东街社区,2021-03-01,\n"
    "980101100002,西街社区,2021/3/1,2024-12-31\n"
)


@pytest.fixture(autouse=True)
def county() -> Region:
    parent = None
    for code, name, level in (
        ("980000000000", "试点省", 1),
        ("980100000000", "试点市", 2),
        ("980101000000", "试点县", 3),
    ):
        parent = Region.objects.create(code=code, name=name, level=level, parent=parent, valid_from=SINCE)
    assert parent is not None
    return parent


def run(text: str, *, dry_run: bool, document: str = "") -> list[Any]:
    read = read_import(import_kinds.get("regions"), text.encode())
    facts = {"organisation": None, "source": "区划文件", "by": None, "at": NOW, "document": document}
    return [row for rows in run_import(read, dry_run=dry_run, **facts) for row in rows]


def load(text: str, **options: str) -> None:
    run(text, dry_run=False, **options)


def outcomes(text: str) -> list[RowOutcome]:
    return [row.outcome for row in run(text, dry_run=True)]


def codes_of(text: str) -> dict[int, list[tuple[str, str]]]:
    """Row number to (cell, code) of what is wrong."""
    return {
        row.row: [(f"{one.column}{row.row}", one.code) for one in row.findings if one.is_error]
        for row in run(text, dry_run=True)
        if row.is_refused
    }


def test_towns_and_villages_come_in_with_their_parents_and_days(county: Region) -> None:
    load(GOOD)
    town = Region.objects.get(code="980101100000")
    assert (town.parent, town.level, town.valid_from) == (county, 4, SINCE), "an empty day is the parent's"
    village = Region.objects.get(code="980101100002")
    assert (village.parent, village.level) == (town, 5)
    assert (village.valid_from, village.valid_until) == (dt.date(2021, 3, 1), dt.date(2024, 12, 31))
    entry = AuditEntry.objects.get(action="region.import")
    assert (entry.data["new"], entry.data["changed"]) == (3, 0)


def test_the_same_file_again_changes_nothing() -> None:
    load(GOOD)
    assert outcomes(GOOD) == [RowOutcome.SAME] * 3
    load(GOOD)
    assert AuditEntry.objects.filter(action="region.import").count() == 1


def test_a_new_name_and_a_last_day_are_taken_an_empty_day_is_not() -> None:
    load(GOOD)
    load("代码,名称,停用日期\n980101100001,东街村,2025-06-30\n980101100002,西街社区,\n")
    changed = Region.objects.get(code="980101100001")
    assert (changed.name, changed.valid_until) == ("东街村", dt.date(2025, 6, 30))
    assert Region.objects.get(code="980101100002").valid_until == dt.date(2024, 12, 31)


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        ("98010110000X,城关镇,,,", "A2", "code_signs"),
        ("980101100,城关镇,,,", "A2", "code_short"),
        ("9801011000,城关镇,,,", "A2", "code_length"),
        ("9.80101E+11,城关镇,,,", "A2", "code_number"),
        (",城关镇,2021-01-01,,", "A2", "code_missing"),
        ("980101100000,,2021-01-01,,", "B2", "name_missing"),
        ("980101100000,城关镇,去年,,", "C2", "date_format"),
        ("980101100000,城关镇,2021-02-30,,", "C2", "date_wrong"),
        ("980101100000,城关镇,2021-03-01,2021-02-01,", "D2", "days_order"),
        ("980199100000,没有的县的镇,,,", "A2", "parent_missing"),
        ("990101100000,演示的镇,,,", "A2", "code_demo"),
        ("980101100000,城关镇,2021-03-01,,980101999000", "E2", "predecessor_unknown"),
        ("980101100000,城关镇,,,980101000000", "C2", "change_day_missing"),
        ("980101000000,试点县,2021-03-01,,980101000000", "E2", "predecessor_same"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_written(row: str, cell: str, code: str) -> None:
    text = f"区划代码,名称,启用日期,停用日期,原代码\n{row}\n980101101000,好的镇,,,\n"
    found = codes_of(text)
    assert (cell, code) in found[2] and list(found) == [2]
    load(text)
    assert Region.objects.count() == 3


def test_a_code_that_stands_twice_is_wrong_in_both_rows() -> None:
    found = run("代码,名称\n980101100000,甲镇\n980101101000,乙镇\n980101100000,丙镇\n", dry_run=True)
    refused = [row for row in found if row.is_refused]
    assert [(row.row, row.findings[0].code) for row in refused] == [(2, "code_twice"), (4, "code_twice")]
    assert "4" in refused[0].findings[0].message and "2" in refused[1].findings[0].message


@pytest.mark.parametrize("text", ["代码,名称\n", "a,b\n1,2\n", ""])
def test_what_is_no_region_file_is_refused_whole(text: str) -> None:
    with pytest.raises(DomainError):
        run(text, dry_run=True)


@pytest.mark.both
def test_renumbered_places_know_where_they_come_from() -> None:
    load(GOOD)
    moved = "代码,名称,启用日期,原代码\n980101101000,河东镇,2020-01-01,\n980101101009,东街社区,2026-07-01,980101100001\n"
    load(moved, document="试民发〔2026〕3号")
    one = RegionSuccession.objects.get()
    assert (one.predecessor.code, one.successor.code) == ("980101100001", "980101101009")
    assert (one.on, one.document) == (dt.date(2026, 7, 1), "试民发〔2026〕3号")
    assert one.predecessor.valid_until == dt.date(2026, 6, 30)
    assert outcomes(moved) == [RowOutcome.SAME] * 2


@pytest.fixture
def root(county: Region) -> User:
    sync_roles()
    office = Organisation.objects.create(name="试点县人社局", short_code="SD", region_code=county.code)
    user = User.objects.create(username="root")
    grant_role(user, Role.SYSTEM_ADMIN, office, by=None, at=NOW)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_on_screen_a_file_is_looked_at_before_it_is_written(root: User) -> None:
    client = signed_in(root)
    assert "上传行政区划" in client.get(reverse("imports:index")).content.decode()
    form = f"{reverse('imports:add')}?kind=regions"
    assert "下载模板" in client.get(form).content.decode()
    document = SimpleUploadedFile("村.csv", GOOD.encode("gb18030"))
    answer = client.post(form, {"document": document})
    upload = DataImport.objects.get()
    assert answer.url == reverse("caravan_job", args=[upload.check_job_id])
    carry_out(str(upload.check_job_id))
    assert not Region.objects.filter(level=4).exists()
    page = reverse("imports:inspect", args=[upload.pk])
    shown = client.get(page).content.decode()
    assert "东街社区" in shown and "GB18030" in shown and "确认导入 3 个区划" in shown
    upload = imported(upload, root)
    assert "已导入 3 个区划" in client.get(page).content.decode()
    assert Region.objects.filter(parent__code="980101100000").count() == 2
    again = checked(GOOD.encode(), None, root, kind="regions")
    assert "没有要改的" in client.get(reverse("imports:inspect", args=[again.pk])).content.decode()


def test_on_screen_one_wrong_cell_keeps_the_file_out(root: User) -> None:
    text = GOOD.replace("980101100001", "98010110001")
    upload = checked(text.encode(), None, root, kind="regions")
    shown = signed_in(root).get(reverse("imports:inspect", args=[upload.pk])).content.decode()
    assert "A3 格" in shown and "98010110001" in shown and "11 位" in shown and "确认导入" not in shown
    with pytest.raises(DomainError) as refusal:
        confirm_import(upload, by=root, at=NOW)
    assert refusal.value.code == "import_rows_refused"
    assert upload.errors_file is not None  # all rows, the wrong one marked
    broken = checked(b"a,b\n1,2\n", None, root, kind="regions")
    assert broken.state == ImportState.UNREADABLE and "区划代码" in broken.message


def test_renumbered_places_need_their_decree(root: User) -> None:
    load(GOOD)
    moved = (
        "代码,名称,启用日期,原代码\n980101101000,河东镇,2020-01-01,\n"
        "980101101009,东街社区,2026-07-01,980101100001\n"
    )
    upload = checked(moved.encode(), None, root, kind="regions")
    client = signed_in(root)
    assert 'name="document"' in client.get(reverse("imports:inspect", args=[upload.pk])).content.decode()
    confirm = reverse("imports:confirm", args=[upload.pk])
    assert client.post(confirm).url == reverse("imports:inspect", args=[upload.pk])
    assert not DataImport.objects.get(pk=upload.pk).import_job_id
    client.post(confirm, {"document": "试民发〔2026〕3号"})
    carry_out(str(DataImport.objects.get(pk=upload.pk).import_job_id))
    assert RegionSuccession.objects.get().document == "试民发〔2026〕3号"


def test_what_the_register_refuses_late_keeps_all_of_the_file_out(root: User) -> None:
    """A code that was renumbered on the day it began is only refused when it is written."""
    load(GOOD)
    moved = (
        "代码,名称,启用日期,原代码\n980101101000,河东镇,2020-01-01,\n"
        "980101101009,东街社区,2021-03-01,980101100001\n"
    )
    upload = imported(checked(moved.encode(), None, root, kind="regions"), root, document="试民发〔2026〕3号")
    assert upload.state == ImportState.CHECKED and "第 3 行" in upload.message
    assert not Region.objects.filter(code="980101101000").exists()
    assert not findings_of(upload, 2)


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "regions.csv"
    path.write_text(GOOD, encoding="utf-8")
    call_command("import_data", "regions", str(path), "--dry-run")
    assert not Region.objects.filter(level=4).exists()
    call_command("import_data", "regions", str(path))
    assert Region.objects.filter(level__gte=4).count() == 3
    path.write_text("代码,名称\n98010110000,短的镇\n", encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(CommandError, match="1 rows were refused"):
        call_command("import_data", "regions", str(path))
    assert "A2" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--organisation"):
        call_command("import_data", "people", str(path))
