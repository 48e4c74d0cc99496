"""Lists of organisations: registered, changed by their code, each wrong cell named."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from cms.enums import ImportState, OrganisationKindCode, RowOutcome
from cms.models import AuditEntry, Organisation, User
from cms.roles import Role
from tests.cms.import_world import checked, csv_of, findings_of, imported, make_school, user_with

pytestmark = pytest.mark.django_db
HEAD = ["机构名称", "代号", "统一社会信用代码", "所在地区划代码", "机构类型", "联系人", "联系电话"]
NEW = ["柳林镇河东社区", "LHD", "", "990101000000", "社区（村）", "李桂花", "19900001111"]


@pytest.fixture
def root(db: None) -> User:
    return user_with(Role.SYSTEM_ADMIN, make_school(), "root")


def test_new_ones_are_registered_and_known_ones_changed_by_their_code(root: User) -> None:
    known = Organisation.objects.get(short_code="XH")
    kinds = "、".join(one.get_kind_display() for one in known.kinds.all())
    changed = [known.name, "xh", "", known.region_code, kinds, "陈丽娟", ""]
    upload = checked(csv_of(HEAD, NEW, changed), None, root, kind="organisations")
    found = dict(upload.rows.values_list("number", "outcome"))
    assert found == {2: RowOutcome.NEW, 3: RowOutcome.DIFFERS}, findings_of(upload, 3)
    assert [one.title for one in findings_of(upload, 3)] == ["联系人"]
    upload = imported(upload, root)
    made = Organisation.objects.get(short_code="LHD")
    assert (made.name, made.contact_name) == ("柳林镇河东社区", "李桂花")
    assert [one.kind for one in made.kinds.all()] == [OrganisationKindCode.COMMUNITY]
    known.refresh_from_db()
    assert known.contact_name == "陈丽娟" and known.uscc, "an empty cell changes nothing"
    assert upload.rows.filter(imported_at__isnull=False).count() == 2
    assert AuditEntry.objects.filter(action="organisation.create", actor_id=root.pk).count() == 1
    again = checked(csv_of(HEAD, NEW, changed), None, root, kind="organisations")
    assert set(again.rows.values_list("outcome", flat=True)) == {RowOutcome.SAME}


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        (0, "", "cell_missing"),
        (0, "=1", "formula"),
        (1, "很长的代号代号", "code_wrong"),
        (2, "123", "uscc_length"),
        (3, "990199000000", "region_unknown"),
        (4, "公司", "kind_unknown"),
        (4, "", "kinds_missing"),
        (6, "123", "phone_wrong"),
    ],
)
def test_a_wrong_cell_is_named(root: User, at: int, value: str, code: str) -> None:
    row = [*NEW]
    row[at] = value
    upload = checked(csv_of(HEAD, row), None, root, kind="organisations")
    assert (HEAD[at], code) in {(one.title, one.code) for one in findings_of(upload, 2)}


def test_what_stands_twice_or_belongs_to_another_is_refused(root: User) -> None:
    known = Organisation.objects.get(short_code="XH")
    rows = [NEW, [NEW[0], "LM", *NEW[2:]], [known.name, "YY", *NEW[2:]]]
    upload = checked(csv_of(HEAD, *rows), None, root, kind="organisations")
    codes = {number: findings_of(upload, number)[0].code for number in (2, 3, 4)}
    assert codes == {2: "cell_repeated", 3: "cell_repeated", 4: "organisation_exists"}
    assert upload.state == ImportState.CHECKED


def test_the_command_writes_what_was_refused(root: User, tmp_path: Path, capsys) -> None:
    path, errors = tmp_path / "list.csv", tmp_path / "errors.xlsx"
    path.write_bytes(csv_of(HEAD, NEW, ["短", "QQ", "123", *NEW[3:]]))
    with pytest.raises(CommandError, match="1 rows were refused"):
        call_command("import_data", "organisations", str(path), "--errors", str(errors))
    assert "C3" in capsys.readouterr().out and Organisation.objects.filter(short_code="LHD").exists()
    sheet = load_workbook(errors).worksheets[0]
    assert (sheet["A2"].value, sheet["C2"].value) == ("短", "123") and sheet["C2"].comment
    assert errors.stat().st_mode & 0o077 == 0
