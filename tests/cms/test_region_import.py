"""Towns and villages out of a file: every wrong cell is named, all rows or none, on screen and by command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.enums import RowOutcome
from cms.errors import DomainError
from cms.models import AuditEntry, Organisation, Region, RegionSuccession, User
from cms.roles import Role
from cms.services.memberships import grant_role, sync_roles
from cms.services.regions import check_region_file, import_region_file

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


def load(text: str, **options: str) -> None:
    import_region_file(text.encode(), name="regions.csv", by=None, at=NOW, **options)


def codes_of(text: str) -> dict[int, list[tuple[str, str]]]:
    """Row number to (cell, code) of what is wrong."""
    found = check_region_file(text.encode())
    return {row.row: [(f"{one.column}{row.row}", one.code) for one in row.findings] for row in found.refused}


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
    assert check_region_file(GOOD.encode()).figures[RowOutcome.SAME] == 3
    with pytest.raises(DomainError) as refusal:
        load(GOOD)
    assert refusal.value.code == "regions_nothing"


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
    with pytest.raises(DomainError) as refusal:
        load(text)
    assert refusal.value.code == "regions_refused"
    assert Region.objects.count() == 3


def test_a_code_that_stands_twice_is_wrong_in_both_rows() -> None:
    found = check_region_file("代码,名称\n980101100000,甲镇\n980101101000,乙镇\n980101100000,丙镇\n".encode())
    assert [(row.row, row.findings[0].code) for row in found.refused] == [
        (2, "code_twice"),
        (4, "code_twice"),
    ]
    assert "4" in found.refused[0].findings[0].message and "2" in found.refused[1].findings[0].message


@pytest.mark.parametrize("text", ["代码,名称\n", "a,b\n1,2\n", ""])
def test_what_is_no_region_file_is_refused_whole(text: str) -> None:
    with pytest.raises(DomainError):
        check_region_file(text.encode())


@pytest.mark.both
def test_renumbered_places_know_where_they_come_from() -> None:
    load(GOOD)
    moved = "代码,名称,启用日期,原代码\n980101101000,河东镇,2020-01-01,\n980101101009,东街社区,2026-07-01,980101100001\n"
    load(moved, document="试民发〔2026〕3号")
    one = RegionSuccession.objects.get()
    assert (one.predecessor.code, one.successor.code) == ("980101100001", "980101101009")
    assert (one.on, one.document) == (dt.date(2026, 7, 1), "试民发〔2026〕3号")
    assert one.predecessor.valid_until == dt.date(2026, 6, 30)
    assert check_region_file(moved.encode()).figures[RowOutcome.SAME] == 2


@pytest.fixture
def root(county: Region) -> Client:
    sync_roles()
    office = Organisation.objects.create(name="试点县人社局", short_code="SD", region_code=county.code)
    user = User.objects.create(username="root")
    grant_role(user, Role.SYSTEM_ADMIN, office, by=None, at=NOW)
    client = Client()
    client.force_login(user)
    return client


def test_on_screen_a_file_is_looked_at_before_it_is_written(root: Client) -> None:
    upload = reverse("regions:import")
    assert root.get(upload).status_code == 200
    answer = root.post(upload, {"file": SimpleUploadedFile("村.csv", GOOD.encode("gb18030"))})
    assert answer.status_code == 302 and not Region.objects.filter(level=4).exists()
    shown = root.get(answer.url)
    assert "东街社区" in shown.content.decode() and "GB18030" in shown.content.decode()
    assert "新增" in shown.content.decode(), "the outcome in words"
    assert root.post(answer.url).status_code == 302
    assert Region.objects.filter(parent__code="980101100000").count() == 2
    assert "没有要改的" in root.get(answer.url).content.decode()


def test_on_screen_a_wrong_cell_is_shown_with_its_place(root: Client) -> None:
    text = GOOD.replace("980101100001", "98010110001")
    answer = root.post(reverse("regions:import"), {"file": SimpleUploadedFile("村.csv", text.encode())})
    shown = root.get(answer.url).content.decode()
    assert "A3 格" in shown and "98010110001" in shown and "11 位" in shown
    root.post(answer.url)
    assert not Region.objects.filter(level=4).exists()
    assert root.post(reverse("regions:import"), {}).status_code == 200
    broken = root.post(reverse("regions:import"), {"file": SimpleUploadedFile("村.csv", b"a,b\n1,2\n")})
    assert "区划代码" in broken.content.decode() and broken.status_code == 200


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
