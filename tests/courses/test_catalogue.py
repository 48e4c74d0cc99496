"""The catalogue and menus that ship, and what a wrong file is told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from cms.errors import DomainError, Refusals
from cms.models.audit import AuditEntry
from courses.enums import CertificateKind, SkillLevel, TrainingType
from courses.importers import COLUMNS, read_catalogue
from courses.menus import refuse_picks, version_on
from courses.models import Course, CourseMenuPage, CoursePage, CourseVersion, Menu, MenuVersion, Occupation
from courses.services.catalogue import load_catalogue, load_menus
from courses.services.versions import change_course_version, create_course_version
from courses.standards import standard_of
from tests.courses.conftest import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(home):
    load_catalogue(read_catalogue(), by=None, at=AT)
    load_menus(by=None, at=AT)


def test_the_28_courses_and_7_menus_are_loaded(catalogue):
    assert Course.objects.count() == CourseVersion.objects.count() == 28
    assert Menu.objects.count() == MenuVersion.objects.count() == 7
    assert Occupation.objects.get(name="家政服务员").code == "4-10-01-06"
    version = CourseVersion.objects.select_related("work_type").get(course__code="JZ-011")
    assert (version.title, version.total_hours, version.practice_hours) == (
        "母婴护理员（初级）",
        D(88),
        D(52),
    )
    assert (version.training_type, version.skill_level) == (TrainingType.PRE_JOB, SkillLevel.FIVE)
    assert version.work_type is not None and version.work_type.name == "母婴护理员"
    assert (version.theory_pass_score, version.practice_pass_score) == (60, 60)
    only_practice = CourseVersion.objects.get(course__code="JZ-003")
    assert (only_practice.theory_pass_score, only_practice.practice_pass_score) == (None, 60)
    assert Course.objects.filter(is_on_caravan=True).count() == 17
    counted = CourseVersion.objects.filter(counts_as_refresher=True).values_list("course__code", flat=True)
    assert sorted(counted) == ["JZ-024", "JZ-025", "JZ-026"]
    kinds = set(
        CourseVersion.objects.filter(counts_as_refresher=True).values_list("certificate_kind", flat=True)
    )
    assert kinds == {CertificateKind.REFRESHER}


def test_every_course_has_a_page_with_words_of_its_own(catalogue):
    pages = CoursePage.objects.live()
    assert pages.count() == 28
    assert CourseMenuPage.objects.get().get_url() == "/courses/"
    assert pages.get(course__code="JZ-011").get_url() == "/courses/jz-011/"
    assert all(page.summary and page.body.count("<li>") >= 3 for page in pages)
    assert len({page.summary for page in pages}) == 28


def test_loading_again_changes_nothing(catalogue):
    entries = AuditEntry.objects.count()
    again = load_catalogue(read_catalogue(), by=None, at=AT)
    menus = load_menus(by=None, at=AT)
    assert (again.created, again.new_versions, len(again.unchanged)) == ((), (), 28)
    assert (menus.created, menus.new_versions, len(menus.unchanged)) == ((), (), 7)
    assert CourseVersion.objects.count() == 28
    assert AuditEntry.objects.count() == entries


def test_a_changed_row_becomes_a_new_version_and_keeps_an_editors_words(catalogue):
    CoursePage.objects.filter(course__code="JZ-003").update(summary="编辑写的话")
    rows = read_catalogue()
    rows[2] = {**rows[2], "课程名称": "居家安全与急救", "学时": "18", "实操": "12"}
    done = load_catalogue(rows, by=None, at=AT + dt.timedelta(days=10))
    assert done.new_versions == ("JZ-003",)
    course = Course.objects.get(code="JZ-003")
    assert (course.title, course.page.title, course.page.summary) == (
        "居家安全与急救",
        "居家安全与急救",
        "编辑写的话",
    )
    assert version_on(course, dt.date(2026, 3, 23)).total_hours == 16
    assert version_on(course, dt.date(2026, 3, 24)).total_hours == 18


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"学时": "81"}, "hours_do_not_add_up", "学时"),
        ({"理论": "二十四"}, "cell_number", "理论"),
        ({"实操": "-1"}, "cell_number", "实操"),
        ({"学时": "nan"}, "cell_number", "学时"),
        ({"学时": "0", "理论": "0", "实操": "0", "社区场景实训": "0"}, "hours_missing", "学时"),
        ({"类型": "随便"}, "cell_unknown", "类型"),
        ({"等级": "六级"}, "cell_unknown", "等级"),
        ({"考核": "面试"}, "cell_unknown", "考核"),
        ({"证书": "职业技能等级证书"}, "cell_unknown", "证书"),
        ({"大篷车": "有时"}, "cell_unknown", "大篷车"),
        ({"课程名称": " "}, "cell_missing", "课程名称"),
        ({"课程编号": "JZ-001"}, "code_twice", "课程编号"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_stored(home, changes, code, column):
    rows = read_catalogue()
    rows[5] = {**rows[5], **changes}
    with pytest.raises(Refusals) as refused:
        load_catalogue(rows, by=None, at=AT)
    [reason] = refused.value.refusals
    why = reason.details.pop("why")
    assert (reason.code, reason.details) == (code, {"row": 7, "column": column})
    assert why in str(reason.message)
    assert str(reason.message).startswith(f"第 7 行“{column}”：")
    assert changes[column].strip() in str(reason.message)
    assert not Course.objects.exists()


def test_every_wrong_row_is_named_at_once(home):
    rows = [{**row, "学时": "1"} for row in read_catalogue()]
    with pytest.raises(Refusals) as refused:
        load_catalogue(rows, by=None, at=AT)
    assert [one.details["row"] for one in refused.value.refusals] == list(range(2, 30))


def test_the_file_has_the_columns_that_are_read():
    assert tuple(read_catalogue()[0]) == COLUMNS


def test_a_menu_of_an_unknown_course_is_refused(home):
    with pytest.raises(DomainError) as refused:
        load_menus(by=None, at=AT)
    assert refused.value.code == "menu_course"
    assert not Menu.objects.exists()


def picks(menu: str, *codes: str) -> list[str]:
    version = MenuVersion.objects.get(menu__code=menu)
    courses = sorted(Course.objects.filter(code__in=codes), key=lambda one: one.code)
    try:
        refuse_picks(version, courses)
    except Refusals as refused:
        return [str(one) for one in refused.refusals]
    return []


def test_menus_allow_what_they_say(catalogue):
    assert picks("TC-01", "JZ-001", "JZ-002", "JZ-006") == []
    assert picks("TC-04", "JZ-009") == picks("TC-04", "JZ-010") == []
    assert picks("TC-07", "JZ-024") == []
    assert picks("TC-07", "JZ-025", "JZ-005") == []


def test_menus_say_what_is_missing_or_too_much(catalogue):
    assert picks("TC-04") == [
        "“任选”至少选 1 门，现在选了 0 门。",
        "这个套餐不少于 40 学时，现在合计 0 学时。",
    ]
    assert picks("TC-04", "JZ-009", "JZ-010") == [
        "“任选”最多选 1 门，现在选了 2 门。",
        "这个套餐不超过 40 学时，现在合计 80 学时。",
    ]
    assert picks("TC-03", "JZ-003", "JZ-004") == [
        "服务沟通与消费者评价不在这个套餐里。",
        "这个套餐不超过 16 学时，现在合计 24 学时。",
    ]


def test_a_version_in_use_does_not_change(version, person, open_for, make_standard):
    corrected = change_course_version(version, make_standard(audience="全体"), by=None, at=AT)
    assert corrected.audience == "全体"
    open_for(person, version)
    with pytest.raises(DomainError) as refused:
        change_course_version(version, make_standard(audience="在岗人员"), by=None, at=AT)
    assert refused.value.code == "version_in_use"
    version.refresh_from_db()
    assert version.audience == "全体"


def test_a_record_keeps_the_version_it_began_with(course, version, person, open_for, make_standard):
    record = open_for(person, version)
    newer = create_course_version(course, make_standard(min_attendance_percent=100), by=None, at=AT)
    record.refresh_from_db()
    assert (newer.number, record.course_version) == (2, version)
    version.refresh_from_db()
    assert version.valid_until == dt.date(2026, 3, 13)


def test_a_new_version_must_differ_and_add_up(course, version, make_standard):
    with pytest.raises(DomainError) as refused:
        create_course_version(course, standard_of(version), by=None, at=AT)
    assert refused.value.code == "version_same"
    with pytest.raises(Refusals) as refused:
        create_course_version(course, make_standard(total_hours=D(81)), by=None, at=AT)
    assert refused.value.refusals[0].field == "total_hours"


def test_no_version_holds_before_the_first(course):
    with pytest.raises(DomainError) as refused:
        version_on(course, dt.date(2019, 12, 31))
    assert refused.value.code == "no_version"


@pytest.mark.both
def test_the_database_refuses_hours_that_do_not_add_up(version):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        CourseVersion.objects.filter(pk=version.pk).update(total_hours=D(81))
