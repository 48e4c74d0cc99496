"""A catalogue by upload: all of it or nothing, each wrong cell named, versions instead of overwriting."""

from __future__ import annotations

import csv
import io

import pytest

from cms.enums import ImportState, RowOutcome
from cms.errors import DomainError
from cms.roles import Role
from cms.services.imports import confirm_import
from courses.importers import COLUMNS, read_catalogue
from courses.models import Course, CourseVersion
from courses.occupation_words import level_words, occupation_words
from tests.cms.import_world import NOW, checked, findings_of, imported, make_school, user_with

pytestmark = pytest.mark.django_db


def file_of(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def test_courses_come_in_whole_and_changed_ones_get_a_version(db: None) -> None:
    root = user_with(Role.SYSTEM_ADMIN, make_school(), "root")
    rows = read_catalogue()[:4]
    upload = checked(file_of(rows), None, root, kind="courses")
    assert upload.rows.filter(outcome=RowOutcome.NEW).count() == 4
    assert not Course.objects.exists(), "the dry run takes everything back"
    assert imported(upload, root).state == ImportState.IMPORTED and Course.objects.count() == 4

    changed = [{**rows[0], "目标人群": "全体"}, *rows[1:]]
    again = checked(file_of(changed), None, root, kind="courses")
    assert dict(again.rows.values_list("number", "outcome"))[2] == RowOutcome.DIFFERS
    assert again.rows.filter(outcome=RowOutcome.SAME).count() == 3
    imported(again, root)
    assert CourseVersion.objects.filter(course__code=rows[0]["课程编号"]).count() == 2

    wrong = [
        {**rows[0], "理论": "99"},
        {**rows[1], "类型": "别的"},
        {**rows[2], "课程编号": rows[3]["课程编号"]},
        rows[3],
    ]
    refused = checked(file_of(wrong), None, root, kind="courses")
    assert [(one.column, one.code) for one in findings_of(refused, 2)] == [("G", "hours_do_not_add_up")]
    assert findings_of(refused, 3)[0].value == "别的" and "第" not in findings_of(refused, 3)[0].message
    assert findings_of(refused, 5)[0].code == "code_twice" and refused.errors_file is not None
    with pytest.raises(DomainError) as refusal:
        confirm_import(refused, by=root, at=NOW)
    assert refusal.value.code == "import_rows_refused"


def test_words_of_rosters_are_official_words(db: None) -> None:
    words = level_words()
    assert {words[text] for text in ("5级", "五级", "初级工", "初级", "五级/初级工", "5")} == {"五级/初级工"}
    assert words["3级"] == "三级/高级工" and words["高级技师"] == "一级/高级技师" and "6级" not in words
    assert occupation_words()["家政服务员(母婴护理员)"] == "家政服务员（母婴护理员）"
