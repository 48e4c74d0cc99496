"""What the tests of courses begin with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from wagtail.models import Page, Site

from cms.models import HomePage, Organisation, Person, User
from cms.roles import Role
from cms.services.memberships import grant_role
from courses.enums import CertificateKind, TrainingType
from courses.importers import read_catalogue
from courses.models import Course, CourseVersion, Occupation, TrainingRecord
from courses.services.catalogue import load_catalogue, load_menus
from courses.services.records import open_record
from courses.services.versions import create_course
from courses.standards import CourseStandard

AT = dt.datetime(2026, 3, 14, 2, 0, tzinfo=dt.UTC)  # 10:00 in Shanghai
REGION = "990101100000"


def make_home() -> HomePage:
    """Make a site with a home page."""
    page = HomePage(title="首页", slug="window")
    Page.get_first_root_node().add_child(instance=page)
    Site.objects.update_or_create(
        is_default_site=True, defaults={"hostname": "testserver", "root_page": page}
    )
    return page


@pytest.fixture
def home(db: None) -> HomePage:
    """A site with a home page."""
    return make_home()


@pytest.fixture(scope="module")
def catalogue(module_rows: None, django_db_blocker: Any) -> None:
    """The catalogue and the menus that ship, loaded once for the module."""
    with django_db_blocker.unblock():
        make_home()
        load_catalogue(read_catalogue(), by=None, at=AT)
        load_menus(by=None, at=AT)


@pytest.fixture
def school(db: None) -> Organisation:
    return Organisation.objects.create(name="星河县家政学校", short_code="XH", region_code="990101000000")


@pytest.fixture
def make_user(school: Organisation) -> Callable[..., User]:
    def make(name: str, *roles: Role, organisation: Organisation | None = None) -> User:
        user = User(username=name, email=None)
        user.set_password("demo-pass-1")
        user.save()
        for role in roles:
            grant_role(user, role, organisation or school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
        return user

    return make


@pytest.fixture
def occupation(db: None) -> Occupation:
    return Occupation.objects.create(name="家政服务员", valid_from=dt.date(2020, 1, 1))


@pytest.fixture
def make_standard(occupation: Occupation) -> Callable[..., CourseStandard]:
    def make(**changes: Any) -> CourseStandard:
        facts = {
            "title": "家务服务员（初级）",
            "training_type": TrainingType.PRE_JOB,
            "occupation": occupation,
            "work_type": None,
            "skill_level": 5,
            "total_hours": Decimal(80),
            "theory_hours": Decimal(24),
            "practice_hours": Decimal(48),
            "community_hours": Decimal(8),
            "audience": "登记失业人员；社区退休人员",
            "theory_pass_score": 60,
            "practice_pass_score": 60,
            "certificate_kind": CertificateKind.TRAINING,
            "counts_as_refresher": False,
        }
        return CourseStandard(**{**facts, **changes})

    return make


@pytest.fixture
def course(make_standard: Callable[..., CourseStandard]) -> Course:
    return create_course(
        "JZ-006", make_standard(), is_on_caravan=True, valid_from=dt.date(2020, 1, 1), by=None, at=AT
    )


@pytest.fixture
def version(course: Course) -> CourseVersion:
    return course.versions.get()


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create(legal_name="王桂花")


@pytest.fixture
def open_for(school: Organisation) -> Callable[..., TrainingRecord]:
    def make(person: Person, version: CourseVersion, source: str = "class:XH-2026-0001") -> TrainingRecord:
        return open_record(
            person, version, organisation=school, region_code=REGION, source=source,
            started_on=dt.date(2026, 3, 1), by=None, at=AT,
        )  # fmt: skip

    return make
