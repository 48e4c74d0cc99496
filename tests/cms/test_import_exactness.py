"""The rosters of the field: each row of the messy one comes out as its table of expectations says."""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from cms.crypto import decrypt_text
from cms.enums import PersonGroup, RowOutcome
from cms.importing.vocabulary import chinese_labels
from cms.models import DataImport, Organisation, Person, User
from cms.roles import Role
from tests.cms.import_world import DATA, checked, findings_of, imported, make_school, user_with

pytestmark = pytest.mark.django_db

# Row -> what reason or suggestion at the column must say, where the expectation asks for words.
SAYS = {
    3: "丢", 4: "丢", 5: "有一位不对", 8: "18 位", 10: "第 11 行", 12: "对不上", 13: "对不上", 14: "公式",
    15: "李䶮", 16: "U+F8F5", 19: "王秀英", 20: "请填姓名", 22: "11 位", 24: "、".join(chinese_labels(PersonGroup)),
    25: "农村转移就业劳动者", 28: "没有这一天", 29: "五级/初级工", 30: "家政服务员（母婴护理员）", 31: "16",
    32: "补贴", 36: "50",
}  # fmt: skip
# Row -> what the register holds once the row is imported.
HOLDS = {
    6: ("number", "999999198101228720"), 7: ("number", "99999919810817020X"), 9: ("id_type", "hmt_permit"),
    15: ("legal_name", "李䶮"), 17: ("legal_name", "阿依古丽·买买提"), 18: ("legal_name", "阿依古丽·吐尔逊"),
    19: ("legal_name", "王秀英"), 21: ("phone", "19900001234"), 23: ("phone", "19900001111"),
    26: ("birth_date", dt.date(1975, 3, 8)), 27: ("birth_date", dt.date(1980, 5, 6)), 29: ("legal_name", "苏怡"),
    32: ("legal_name", "曹珍"), 33: ("remark", "-2+3"), 34: ("remark", "@SUM(A1)"), 35: ("ethnicity", "汉族"),
}  # fmt: skip


def expectations() -> list[tuple[int, str, str]]:
    """Return (row, column, expected) of the rows that are data."""
    with (DATA / "roster_messy.expected.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["表格行号"], row["列"], row["应有结果"]) for row in csv.DictReader(file)]
    return [(int(number), column, text) for number, column, text in rows if column]


def is_refused(text: str) -> bool:
    """An expectation with a choice (规范化为 … 或拒绝) is met by normalising."""
    return "拒绝" in text and "或拒绝" not in text


@pytest.fixture
def messy(db: None) -> tuple[DataImport, User]:
    school = make_school()
    planner = user_with(Role.PLANNER, school, "planner")
    content = (DATA / "roster_messy.xlsx").read_bytes()
    return checked(content, school, planner, "roster_messy.xlsx"), planner


def test_every_row_comes_out_as_expected(messy: tuple[DataImport, User]) -> None:
    upload, planner = messy
    rows = expectations()
    assert len(rows) == 33 and {row for row, _column, _text in rows} >= SAYS.keys() | HOLDS.keys()
    wrong = []
    for number, column, text in rows:
        outcome = upload.rows.get(number=number).outcome
        at_cell = [one for one in findings_of(upload, number) if one.title == column]
        if (outcome == RowOutcome.REFUSED) != is_refused(text):
            wrong.append((number, text, outcome))
        if is_refused(text) and not any(one.is_error and one.column for one in at_cell):
            wrong.append((number, text, "no error at the column"))
        said = "".join(one.message + one.suggestion for one in at_cell)
        if number in SAYS and SAYS[number] not in said:
            wrong.append((number, SAYS[number], said))
    assert not wrong, wrong
    # Row 11 holds the number of row 10: both are named, and no other row of the table is refused.
    refused = set(upload.rows.filter(outcome=RowOutcome.REFUSED).values_list("number", flat=True))
    assert refused == {number for number, _column, text in rows if is_refused(text)} | {11}
    assert "第 10 行" in findings_of(upload, 11)[0].message
    assert "跳过空行：43、44" in upload.message and "跳过合计行：65" in upload.message
    assert upload.rows.count() == 60

    upload = imported(upload, planner)
    assert Person.objects.count() == 60 - len(refused)
    for number, (name, value) in HOLDS.items():
        assert held(upload, number, name) == value, number


def held(upload: DataImport, number: int, name: str) -> object:
    person = upload.rows.select_related("person").get(number=number).person
    document = person.documents.get()
    facts = {
        "number": lambda: decrypt_text(document.number_token),
        "id_type": lambda: document.id_type,
        "remark": lambda: person.affiliations.get().remark,
    }
    return facts[name]() if name in facts else getattr(person, name)


def test_original_values_reasons_and_suggestions_stand_at_the_cell(messy: tuple[DataImport, User]) -> None:
    upload, _planner = messy
    one = next(one for one in findings_of(upload, 30) if one.is_error)
    assert (one.column, one.title, one.value) == ("L", "培训职业（工种）", "月嫂")
    assert one.message and one.suggestion.startswith("改成")


@pytest.mark.parametrize(
    ("name", "count", "encoding"), [("roster_clean.xlsx", 420, ""), ("roster_gb18030.csv", 50, "GB18030")]
)
def test_good_rosters_come_in_whole(db: None, name: str, count: int, encoding: str) -> None:
    school = make_school()
    planner = user_with(Role.PLANNER, school, "planner")
    upload = checked((DATA / name).read_bytes(), school, planner, name)
    assert upload.rows.filter(outcome=RowOutcome.NEW).count() == upload.rows.count() == count
    assert encoding in upload.message


def test_two_organisations_share_one_person_and_each_sees_its_own(messy: tuple[DataImport, User]) -> None:
    upload, planner = messy
    imported(upload, planner)
    company = Organisation.objects.get(short_code="QS")
    stranger = user_with(Role.PLANNER, company, "stranger")
    again = imported(checked((DATA / "roster_messy.xlsx").read_bytes(), company, stranger), stranger)
    person = again.rows.select_related("person").get(number=33).person
    assert Person.objects.filter(legal_name=person.legal_name).count() == 1
    for user, organisation in ((planner, upload.organisation), (stranger, company)):
        assert Person.objects.visible_to(user).filter(pk=person.pk).exists()
        tags = person.group_tags.visible_to(user)
        assert {tag.organisation for tag in tags} == {organisation}
    assert person.group_tags.count() == 2 and person.affiliations.count() == 2
    assert not upload.__class__.objects.visible_to(stranger).filter(pk=upload.pk).exists()
