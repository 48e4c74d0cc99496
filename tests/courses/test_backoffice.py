"""课程 in the back office: who sees what, and what a form refuses."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.enums import AffiliationKind, IdType
from cms.identity import demo_number
from cms.models import Affiliation, Organisation, Person
from cms.models.audit import AuditEntry
from cms.roles import Role
from cms.services.memberships import sync_roles
from cms.services.people import register_person
from courses.enums import Component, ExternalKind
from courses.models import Course, ExternalCertificate, Occupation
from courses.services.catalogue import load_catalogue, load_menus
from courses.services.external import number_warning, record_external_certificate
from courses.services.records import record_component
from tests.courses.conftest import AT, REGION

pytestmark = pytest.mark.django_db

FORM = {
    "code": "JZ-100",
    "title": "宠物照看",
    "training_type": "special",
    "total_hours": "16",
    "theory_hours": "6",
    "practice_hours": "10",
    "community_hours": "0",
    "audience": "全体",
    "min_attendance_percent": "80",
    "theory_pass_score": "",
    "practice_pass_score": "60",
    "certificate_kind": "training",
}


@pytest.fixture(autouse=True)
def roles(db):
    sync_roles()


@pytest.fixture
def admin(make_user, client):
    client.force_login(make_user("admin", Role.SYSTEM_ADMIN))
    return client


@pytest.fixture
def planner(make_user, client):
    client.force_login(make_user("planner", Role.PLANNER))
    return client


def test_a_course_is_created_with_its_first_version(admin, home, occupation):
    answer = admin.post(reverse("course:add"), {**FORM, "occupation": occupation.pk, "is_on_caravan": "on"})
    assert answer.status_code == 302
    course = Course.objects.get(code="JZ-100")
    assert course.is_on_caravan
    assert course.versions.get().practice_pass_score == 60
    assert course.page.get_url() == "/courses/jz-100/"
    assert AuditEntry.objects.filter(action="course.create", actor_id__isnull=False).count() == 1


def test_hours_that_do_not_add_up_are_said_at_the_field(admin, occupation):
    answer = admin.post(reverse("course:add"), {**FORM, "occupation": occupation.pk, "total_hours": "18"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["total_hours"] == [
        "总学时 18，理论、实操、社区场景实训加起来是 16，对不上。"
    ]
    assert not Course.objects.exists()


def test_a_new_version_starts_as_a_copy(admin, course, version, occupation):
    address = reverse("course_version:add")
    form = admin.get(f"{address}?from={version.pk}").context["form"]
    assert form.initial["total_hours"] == version.total_hours
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    data.pop("counts_as_refresher")
    answer = admin.post(address, {**data, "min_attendance_percent": "90"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert course.versions.get(number=2).min_attendance_percent == 90
    assert admin.post(address, {**data, "min_attendance_percent": "90"}).status_code == 200  # nothing differs


def test_a_version_in_use_is_not_changed_by_the_form(admin, version, person, open_for):
    address = reverse("course_version:edit", args=[version.pk])
    data = {
        name: "" if value is None else value
        for name, value in admin.get(address).context["form"].initial.items()
    }
    data.pop("counts_as_refresher")
    open_for(person, version)
    answer = admin.post(address, {**data, "audience": "全体"})
    assert "已经有班级或培训记录在用" in str(answer.context["form"].non_field_errors())
    version.refresh_from_db()
    assert version.audience != "全体"


@pytest.mark.parametrize("name", ["course", "course_version", "menu", "occupation", "training_record"])
def test_the_planner_reads_and_does_not_write(planner, version, home, name):
    load_menus([], by=None, at=AT)
    assert planner.get(reverse(f"{name}:index")).status_code == 200
    assert planner.get(reverse(f"{name}:add")).status_code in {403, 404}


def test_a_planner_cannot_post_a_course(planner, occupation):
    planner.post(reverse("course:add"), {**FORM, "occupation": occupation.pk})
    assert not Course.objects.exists()


def test_records_are_scoped(planner, person, version, open_for, school):
    mine = open_for(person, version)
    elsewhere = Organisation.objects.create(name="云岭乡学校", short_code="YL", region_code="990102000000")
    stranger = Person.objects.create(legal_name="别处学员")
    other = open_for(stranger, version)
    type(other).objects.filter(pk=other.pk).update(organisation=elsewhere, region_code="990102000000")
    html = planner.get(reverse("training_record:index")).content.decode()
    assert "王桂花" in html and "别处学员" not in html
    assert planner.get(reverse("training_record:inspect", args=[mine.pk])).status_code == 200
    for address in ("inspect", "history", "usage"):
        assert planner.get(reverse(f"training_record:{address}", args=[other.pk])).status_code == 404


def test_a_record_shows_results_and_what_is_outstanding(planner, person, version, open_for):
    record = open_for(person, version)
    record_component(record, Component.THEORY_HOURS, 24, evidence="", by=None, at=AT)
    html = planner.get(reverse("training_record:inspect", args=[record.pk])).content.decode()
    assert "理论学时 24" in html
    assert "理论还没考" in html


def test_a_menu_shows_its_parts(planner, home):
    from courses.importers import read_catalogue
    from courses.models import MenuVersion

    load_catalogue(read_catalogue(), by=None, at=AT)
    load_menus(by=None, at=AT)
    menu = MenuVersion.objects.get(menu__code="TC-04")
    html = planner.get(reverse("menu:inspect", args=[menu.pk])).content.decode()
    assert "任选（2 门里选 1 门）：JZ-009" in html


def queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_lists_cost_the_same_at_2_and_20_rows(
    planner, person, version, open_for, make_standard, occupation, school
):
    from courses.services.versions import create_course

    def add(number: int) -> None:
        standard = make_standard(title=f"课 {number}")
        course = create_course(f"T-{number:03}", standard, is_on_caravan=False, by=None, at=AT)
        someone = Person.objects.create(legal_name=f"学员{number}")
        open_for(someone, course.versions.get())
        record_external_certificate(
            someone, organisation=school, kind=ExternalKind.SPECIAL_ABILITY, number=f"Z{number}",
            occupation=occupation, issuer="某评价机构", issued_on=dt.date(2025, 1, 1), by=None, at=AT,
        )  # fmt: skip

    names = ["course", "course_version", "training_record", "external_certificate"]
    for number in range(2):
        add(number)
    few = {name: queries(planner, reverse(f"{name}:index")) for name in names}
    for number in range(2, 20):
        add(number)
    assert {name: queries(planner, reverse(f"{name}:index")) for name in names} == few


@pytest.fixture
def known(school):
    """Somebody the planner's organisation sees, with a document."""
    number = demo_number(dt.date(1980, 5, 6), 12, "female")
    person, _created = register_person(
        legal_name="王桂花", id_type=IdType.CITIZEN_ID, number=number, organisation=school,
        kind=AffiliationKind.ROSTER, region_code=REGION, source="测试", by=None, at=AT,
    )  # fmt: skip
    return person, number


def certificate_form(
    school: Organisation, occupation: Occupation, document: str, **changes: str
) -> dict[str, object]:
    return {
        "id_type": IdType.CITIZEN_ID, "id_number": document, "organisation": school.pk, "kind": "skill_level",
        "number": "Y000199000001260500001"[:22], "occupation": occupation.pk, "skill_level": "5",
        "issuer": "某评价机构", "issued_on": "2025-10-20", "is_in_register": "unknown", **changes,
    }  # fmt: skip


def test_an_external_certificate_is_recorded(planner, school, occupation, known):
    person, number = known
    answer = planner.post(
        reverse("external_certificate:add"), certificate_form(school, occupation, number.lower())
    )
    assert answer.status_code == 302, answer.context["form"].errors
    row = ExternalCertificate.objects.get()
    assert (row.person, row.organisation, row.region_code) == (person, school, school.region_code)
    entry = AuditEntry.objects.get(action="external_certificate.record")
    assert number not in str(entry.data)


def test_an_unusual_number_wants_a_second_look(planner, school, occupation, known):
    data = certificate_form(school, occupation, known[1], number="粤专 123")
    answer = planner.post(reverse("external_certificate:add"), data)
    assert "字母 Y 或 S 加 21 位数字" in str(answer.context["form"].errors["number"])
    assert (
        planner.post(reverse("external_certificate:add"), {**data, "number_checked": "on"}).status_code == 302
    )


def test_a_person_out_of_sight_looks_like_an_unknown_one(planner, school, occupation, known):
    person, number = known
    Affiliation.objects.filter(person=person).delete()
    hidden = planner.post(reverse("external_certificate:add"), certificate_form(school, occupation, number))
    nobody = demo_number(dt.date(1981, 5, 6), 14, "female")
    unknown = planner.post(reverse("external_certificate:add"), certificate_form(school, occupation, nobody))
    assert hidden.context["form"].errors["id_number"] == unknown.context["form"].errors["id_number"]
    assert not ExternalCertificate.objects.exists()


def test_what_an_external_certificate_is_refused_for(planner, school, occupation, known):
    address = reverse("external_certificate:add")
    for changes, field in (
        ({"issued_on": "2999-01-01"}, "issued_on"),
        ({"skill_level": ""}, "skill_level"),
        ({"register_checked_on": "2026-01-01"}, "register_checked_on"),
    ):
        answer = planner.post(address, certificate_form(school, occupation, known[1], **changes))
        assert list(answer.context["form"].errors) == [field]
    assert planner.post(address, certificate_form(school, occupation, known[1])).status_code == 302
    again = planner.post(address, certificate_form(school, occupation, known[1]))
    assert again.context["form"].errors["number"] == ["这个编号已经登记过了。"]
    assert ExternalCertificate.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "number", "is_usual"),
    [
        (ExternalKind.SKILL_LEVEL, "Y000199000001260500001", True),
        (ExternalKind.SKILL_LEVEL, "s000199000001 260500001", True),
        (ExternalKind.SKILL_LEVEL, "A000199000001260500001", False),
        (ExternalKind.SKILL_LEVEL, "Y00019900000126050000", False),
        (ExternalKind.QUALIFICATION, "1999010000500001", True),
        (ExternalKind.QUALIFICATION, "199901000050000", False),
        (ExternalKind.SPECIAL_ABILITY, "随便", True),
    ],
)
def test_usual_numbers(kind, number, is_usual):
    assert (number_warning(kind, number) is None) == is_usual
