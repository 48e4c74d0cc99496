"""The gate of the back office, what the side bar shows, and what waits on its home screen."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from wagtail.models import GroupPagePermission

from cms.backoffice.waiting import imports_to_confirm, licences_ending
from cms.enums import FileKind, ImportState, JobState
from cms.models import DataImport, HomePage, Job, Licence, Organisation, Region, StoredFile, User
from cms.roles import BACKOFFICE_ROLES, REGION_ROLES, Role
from cms.services.memberships import grant_role, sync_roles
from cms.services.site import publish_home_page

STOCK = (
    "/admin/choose-page/",
    "/admin/reports/site-history/",
    "/admin/tag-autocomplete/?term=a",
    "/admin/api/main/pages/",
)
EDITING = ("/admin/pages/", "/admin/images/", "/admin/documents/", "/admin/choose-page/")


@pytest.fixture
def office(db: None) -> Organisation:
    sync_roles()
    publish_home_page(by=None, at=timezone.now())
    Region.objects.create(code="990101000000", name="星河县", level=3, valid_from=dt.date(2020, 1, 1))
    return Organisation.objects.create(name="星河县家政学校", short_code="XH", region_code="990101000000")


def visitor(office: Organisation, role: Role, name: str = "何静") -> tuple[User, Client]:
    user = User.objects.create(username=f"u-{role}", display_name=name)
    places = list(Region.objects.filter(code="990101000000")) if role in REGION_ROLES else []
    grant_role(
        user, role, office, by=None, at=timezone.now(), regions=places,
        valid_until=timezone.localdate() + dt.timedelta(days=9),
    )  # fmt: skip
    client = Client()
    client.force_login(user)
    return user, client


def side_bar(client: Client) -> Any:
    page = client.get("/admin/").content.decode()
    found = re.search(
        r'<script id="wagtail-sidebar-props" type="application/json">(.*?)</script>', page, re.S
    )
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("role", sorted(BACKOFFICE_ROLES - {Role.SYSTEM_ADMIN, Role.EDITOR}))
def test_an_office_role_has_our_menu_and_nothing_of_wagtails(office: Organisation, role: Role) -> None:
    _user, client = visitor(office, role)
    assert [url for url in STOCK + EDITING if client.get(url).status_code != 403] == []
    words = json.dumps(side_bar(client), ensure_ascii=False)
    assert '"何静"' in words and "星河县家政学校" in words
    for stock in (
        "/admin/pages/",
        "/admin/images/",
        "/admin/documents/",
        "site-history",
        "aging-pages",
        "whats-new",
    ):
        assert stock not in words, stock
    home = client.get("/admin/").content.decode()
    assert (
        "星河县家政学校" in home
        and "/admin/pages/" not in home.partition("</head>")[2].split("wagtail-config")[0]
    )


def test_the_system_administrator_edits_the_site(office: Organisation) -> None:
    _user, client = visitor(office, Role.SYSTEM_ADMIN)
    assert [url for url in EDITING if client.get(url).status_code != 200] == []
    home = HomePage.objects.get()
    assert client.get(f"/admin/pages/{home.pk}/edit/").status_code == 200
    assert "/admin/pages/" in json.dumps(side_bar(client))
    # Accounts and groups are given by appointment, not by Wagtail's screens.
    assert client.get("/admin/users/").status_code == 403
    assert client.get("/admin/failwhale/").status_code == 403


def test_page_rights_end_with_the_role(office: Organisation) -> None:
    user, client = visitor(office, Role.SYSTEM_ADMIN)
    user.memberships.update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    assert client.get("/admin/pages/").status_code == 403


def test_an_editor_of_a_branch_has_wagtails_own_rights(office: Organisation) -> None:
    user, client = visitor(office, Role.PLANNER)
    home = HomePage.objects.get()
    group = Group.objects.create(name="新闻编辑")
    right = Permission.objects.get(content_type__app_label="wagtailcore", codename="change_page")
    GroupPagePermission.objects.create(group=group, page=home, permission=right)
    user.groups.add(group)
    assert client.get(f"/admin/pages/{home.pk}/edit/").status_code == 200
    assert client.get("/admin/images/").status_code == 403


def test_ones_own_settings_ask_for_the_language_alone(office: Organisation) -> None:
    user, client = visitor(office, Role.PLANNER)
    page = client.get("/admin/account/").content.decode()
    assert "locale-preferred_language" in page
    assert "password-old_password" not in page and "name_email" not in page
    assert client.post("/admin/account/", {"locale-preferred_language": "en"}).status_code == 302
    assert user.wagtail_userprofile.preferred_language == "en"


def test_what_waits_is_counted_in_scope_and_its_links_list_it(office: Organisation) -> None:
    other = Organisation.objects.create(name="别家", short_code="BJ", region_code="990201000000")
    user, client = visitor(office, Role.ORG_ADMIN)
    stranger = User.objects.create(username="stranger", display_name="外人")
    now = timezone.now()
    for organisation, by in ((office, user), (other, stranger)):
        file = StoredFile.objects.create(
            kind=FileKind.ROSTER, name=f"{organisation}花名册.xlsx", content_type="x", size=1, sha256="0" * 64,
            created_at=now, created_by=by, organisation=organisation,
        )  # fmt: skip
        DataImport.objects.create(
            file=file, organisation=organisation, state=ImportState.CHECKED, created_by=by, created_at=now
        )
        Job.objects.create(
            kind="import_check", title=f"{organisation}任务", state=JobState.FAILED, created_by=by,
            organisation=organisation, created_at=now,
        )  # fmt: skip
        Licence.objects.create(
            organisation=organisation, number="1", authority="教育局", valid_from=dt.date(2020, 1, 1),
            valid_until=timezone.localdate() + dt.timedelta(days=10),
        )  # fmt: skip
    page = client.get("/admin/").content.decode()
    shown = dict(re.findall(r'<a href="([^"]+)"><b>(\d+)</b>', page))
    assert sorted(url.partition("?")[0] for url in shown) == [
        "/admin/imports/", "/admin/jobs/", "/admin/memberships/", "/admin/organisations/",
    ]  # fmt: skip
    assert set(shown.values()) == {"1"}
    for url in shown:
        listing = client.get(url.replace("&amp;", "&")).content.decode()
        rows = re.search(r"<tbody>(.*?)</tbody>", listing, re.S)
        assert rows and len(re.findall(r"<tr[ >]", rows[1])) == 1, url
        assert "别家" not in listing


def test_an_empty_home_says_so(office: Organisation) -> None:
    user, client = visitor(office, Role.APPROVER)
    assert "眼下没有等您办的事。" in client.get("/admin/").content.decode()
    assert imports_to_confirm(user) is None


def test_a_licence_that_was_renewed_waits_for_nobody(office: Organisation) -> None:
    user, _client = visitor(office, Role.ORG_ADMIN)
    today = timezone.localdate()
    Licence.objects.create(
        organisation=office, number="1", authority="教育局", valid_from=dt.date(2020, 1, 1), valid_until=today
    )
    waits = licences_ending(user)
    assert waits is not None and waits.count == 1
    Licence.objects.create(organisation=office, number="2", authority="教育局", valid_from=today)
    renewed = licences_ending(user)
    assert renewed is not None and renewed.count == 0
