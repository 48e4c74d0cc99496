"""Organisations and appointments: who may register, change and appoint."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from cms.demo import load_demo_organisations, load_demo_regions
from cms.errors import DomainError
from cms.models import (
    Affiliation,
    AuditEntry,
    GroupTag,
    Licence,
    Membership,
    Organisation,
    Person,
    Region,
    User,
)
from cms.roles import Role
from cms.services.licences import add_licence
from cms.services.memberships import grant_role, sync_roles
from cms.services.organisations import appoint, change_organisation, create_organisation
from cms.services.successions import succeed_region

pytestmark = pytest.mark.django_db
NOW = timezone.now()
FACTS: dict[str, Any] = {
    "name": "新机构",
    "short_code": "xj",
    "region_code": "990101000000",
    "kinds": ["provider", "school"],
    "uscc": "52990101MA0DEM03XF",
}


@pytest.fixture
def demo() -> dict[str, Organisation]:
    load_demo_regions()
    sync_roles()
    return load_demo_organisations()


def user_with(role: Role, organisation: Organisation, name: str, **options: Any) -> User:
    user = User.objects.create(username=name)
    grant_role(user, role, organisation, by=None, at=NOW, **options)
    return User.objects.get(pk=user.pk)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_demo_organisations_are_made_once(demo: dict[str, Organisation]) -> None:
    assert set(demo) == {"XHRS", "XHFL", "XH", "YL", "QS", "LL"}
    assert {code: one.pk for code, one in load_demo_organisations().items()} == {
        code: one.pk for code, one in demo.items()
    }
    assert Licence.objects.filter(organisation=demo["XH"]).count() == 1
    assert set(demo["XH"].kinds.values_list("kind", flat=True)) == {"provider", "school"}
    for organisation in demo.values():
        organisation.full_clean()  # the check characters are right


def test_an_organisation_is_registered_with_its_kinds(demo: dict[str, Organisation]) -> None:
    Organisation.objects.filter(pk=demo["XH"].pk).update(uscc=None)
    made = create_organisation(**FACTS, by=None, at=NOW)
    assert (made.short_code, made.uscc) == ("XJ", "52990101MA0DEM03XF")
    assert AuditEntry.objects.filter(action="organisation.create", object_id=str(made.pk)).exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"uscc": "52990101MA0DEM03XA"}, "uscc_wrong"),
        ({"kinds": [], "uscc": ""}, "kinds_missing"),
        ({"region_code": "110101000000", "uscc": ""}, "region_unknown"),
        ({"short_code": "XH", "uscc": ""}, "organisation_exists"),
        ({"name": "星河县巾帼家政培训学校", "uscc": ""}, "organisation_exists"),
        ({}, "organisation_exists"),  # the number is the school's
    ],
)
def test_a_wrong_organisation_leaves_nothing(demo: dict[str, Organisation], wrong: dict, code: str) -> None:
    before = Organisation.objects.count()
    with pytest.raises(DomainError) as refusal:
        create_organisation(**{**FACTS, **wrong}, by=None, at=NOW)
    assert refusal.value.code == code
    assert Organisation.objects.count() == before
    assert not AuditEntry.objects.filter(action="organisation.create", data__code="XJ").exists()


def test_a_change_is_on_record_and_the_code_stays(demo: dict[str, Organisation]) -> None:
    school = demo["XH"]
    changed = change_organisation(school, kinds=["provider"], contact_name="李老师", by=None, at=NOW)
    assert changed.contact_name == "李老师" and changed.uscc == school.uscc
    entry = AuditEntry.objects.get(action="organisation.change")
    assert (entry.data["fields"], list(entry.data["changed"])) == (["contact_name"], ["kinds"])
    with pytest.raises(DomainError) as refusal:
        change_organisation(school, kinds=["provider"], short_code="ZZ", by=None, at=NOW)
    assert refusal.value.code == "code_fixed"


def appoint_code(role: Role, place: Organisation, by: User, **options: Any) -> str:
    user = User.objects.create(username=f"new{User.objects.count()}")
    try:
        appoint(user, role, place, by=by, at=NOW, **options)
    except DomainError as error:
        assert not user.memberships.exists()
        return error.code
    return "ok"


def test_an_administrator_appoints_for_the_own_organisation_only(demo: dict[str, Organisation]) -> None:
    admin = user_with(Role.ORG_ADMIN, demo["XH"], "admin")
    town = Region.objects.get(code="990101100000")
    assert appoint_code(Role.PLANNER, demo["XH"], admin) == "ok"
    assert appoint_code(Role.ORG_ADMIN, demo["XH"], admin) == "ok"
    assert appoint_code(Role.PLANNER, demo["QS"], admin) == "not_administrator"
    assert appoint_code(Role.SYSTEM_ADMIN, demo["XH"], admin) == "role_central"
    assert appoint_code(Role.SUBSIDY_OFFICER, demo["XH"], admin, regions=[town]) == "office_only"
    planner = user_with(Role.PLANNER, demo["XH"], "planner")
    assert appoint_code(Role.TRAINER, demo["XH"], planner) == "not_administrator"


def test_an_office_gives_its_own_region_only(demo: dict[str, Organisation]) -> None:
    admin = user_with(Role.ORG_ADMIN, demo["XHRS"], "admin")
    town = Region.objects.get(code="990101100000")
    city = Region.objects.get(code="990100000000")
    assert appoint_code(Role.APPROVER, demo["XHRS"], admin, regions=[town]) == "ok"
    assert appoint_code(Role.APPROVER, demo["XHRS"], admin, regions=[city]) == "region_outside"
    assert appoint_code(Role.APPROVER, demo["XHRS"], admin) == "regions_missing"
    assert appoint_code(Role.AUDITOR, demo["XHRS"], admin, regions=[town]) == "role_central"
    root = user_with(Role.SYSTEM_ADMIN, demo["XHRS"], "root")
    assert appoint_code(Role.AUDITOR, demo["XHRS"], root, regions=[city]) == "end_missing"


def test_the_screens_are_scoped(demo: dict[str, Organisation]) -> None:
    admin = user_with(Role.ORG_ADMIN, demo["XH"], "admin")
    other = user_with(Role.ORG_ADMIN, demo["QS"], "other")
    client = signed_in(admin)
    listing = client.get("/admin/organisations/").content.decode()
    assert demo["XH"].name in listing and demo["QS"].name not in listing
    assert client.get(f"/admin/organisations/inspect/{demo['XH'].pk}/").status_code == 200
    assert client.get(f"/admin/organisations/inspect/{demo['QS'].pk}/").status_code == 404
    theirs = Membership.objects.get(user=other)
    assert client.get(f"/admin/memberships/edit/{theirs.pk}/").status_code == 404
    assert client.get("/admin/organisations/new/").status_code in {
        302,
        403,
    }  # Wagtail sends home, with a message
    assert client.get("/admin/regions/").status_code == 200


def test_appointing_on_screen(demo: dict[str, Organisation]) -> None:
    admin = user_with(Role.ORG_ADMIN, demo["XH"], "admin")
    User.objects.create(username="teacher", phone="19900000001")
    client = signed_in(admin)
    form = {
        "account": "19900000001",
        "organisation": demo["XH"].pk,
        "role": "planner",
        "valid_from": "2026-01-01",
    }
    assert client.post("/admin/memberships/new/", {**form, "organisation": demo["QS"].pk}).status_code == 200
    assert client.post("/admin/memberships/new/", {**form, "account": "nobody"}).status_code == 200
    assert client.post("/admin/memberships/new/", {**form, "role": "system_admin"}).status_code == 200
    assert not Membership.objects.filter(user__username="teacher").exists()
    assert client.post("/admin/memberships/new/", form).status_code == 302
    made = Membership.objects.get(user__username="teacher")
    assert (made.role, made.valid_from) == ("planner", dt.date(2026, 1, 1))
    assert (
        client.post(f"/admin/memberships/edit/{made.pk}/", {"valid_until": "2026-12-31"}).status_code == 302
    )
    made.refresh_from_db()
    assert made.valid_until == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    "name", ["organisations", "memberships", "regions", "successions", "jobs", "audit", "imports"]
)
def test_lists_cost_the_same_at_2_and_at_20_rows(
    demo: dict[str, Organisation], name: str, django_assert_max_num_queries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cms.jobs import start_job
    from cms.services.imports import upload_data

    root = user_with(Role.SYSTEM_ADMIN, demo["XHRS"], "root")
    client = signed_in(root)

    def grow(count: int) -> None:
        for _ in range(count):
            number = User.objects.count()
            user_with(Role.PLANNER, demo["XH"], f"user{number}")
            create_organisation(
                name=f"机构{number}", short_code=f"O{number}", region_code="990101000000",
                kinds=["provider", "school"], by=root, at=NOW,
            )  # fmt: skip
            add_licence(
                Organisation.objects.get(short_code=f"O{number}"), number="1", authority="A",
                valid_from=dt.date(2026, 1, 1), valid_until=None, by=root, at=NOW,
            )  # fmt: skip
            village = Region.objects.create(
                code=f"990101999{number:03d}", name="村", level=5, valid_from=dt.date(2020, 1, 1)
            )
            heir = Region.objects.get(code="990101100000")
            succeed_region(village, heir, on=dt.date(2026, 1, 1), document="A", by=root, at=NOW)
            start_job("import_check", title="Work", by=root, at=NOW, organisation=demo["XH"])
            upload_data("姓名,公民身份号码\n".encode(), f"{number}.csv", demo["XH"], by=root, at=NOW)

    def queries() -> int:
        client.get(f"/admin/{name}/")  # caches of the site and content types
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/admin/{name}/").status_code == 200
        return len(seen)

    grow(2)
    few = queries()
    grow(18)
    assert queries() == few


def test_one_role_at_one_place_is_given_once_at_a_time(demo: dict[str, Organisation]) -> None:
    admin = user_with(Role.ORG_ADMIN, demo["XH"], "boss")
    user = User.objects.create(username="li", display_name="li")

    def give(**options: Any) -> str:
        try:
            appoint(user, Role.PLANNER, demo["XH"], by=admin, at=NOW, **options)
        except DomainError as error:
            assert error.field == "account"
            return error.code
        return "ok"

    today = timezone.localdate(NOW)
    assert give(valid_until=today + dt.timedelta(days=10)) == "ok"
    assert give(valid_from=today + dt.timedelta(days=10)) == "member_already"
    assert give(valid_from=today + dt.timedelta(days=11)) == "ok"
    assert give(valid_from=today - dt.timedelta(days=9), valid_until=today - dt.timedelta(days=1)) == "ok"
    assert give(valid_from=today - dt.timedelta(days=20)) == "member_already"


@pytest.mark.parametrize(
    ("model", "start", "end"), [(GroupTag, "valid_from", "valid_until"), (Affiliation, "since", "until")]
)
def test_nothing_ends_before_it_begins(
    demo: dict[str, Organisation], model: Any, start: str, end: str
) -> None:
    person = Person.objects.create(legal_name="王桂花")
    facts: dict[str, Any] = {start: dt.date(2026, 1, 2), end: dt.date(2026, 1, 1)}
    if model is GroupTag:
        facts |= {"group": "rural_transfer", "recorded_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(person=person, organisation=demo["XH"], region_code="990101000000", **facts)
