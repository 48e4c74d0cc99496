"""Pages that no app's own tests count: they ask the database as often for twenty rows as for two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, Site

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay, StaffRole
from caravan.models import (
    AttendanceRule,
    DayHoursRule,
    Enrolment,
    EnrolmentRule,
    Kit,
    TrainerProfile,
    TrainingClass,
    Vehicle,
)
from caravan.services.pages import publish_caravan_pages
from caravan.services.planning import add_stop, assign_staff, create_tour
from certificates.refreshers.models import RefresherRule
from certificates.subsidies.models import SubsidyScheme
from cms.enums import AffiliationKind, IdType
from cms.identity import demo_number
from cms.models import HomePage, User
from cms.roles import Role
from cms.services.memberships import grant_role
from cms.services.people import register_person
from courses.models import Menu, MenuVersion, Occupation
from tests.caravan.planning_world import COUNTY, FIRST, LAST, NOW, VILLAGE, World, local, make_world

LISTS = {
    "/": "",
    "/stops/?town=990101002000": "",
    "/schedule/?from=2031-03-10": "",
    "/admin/": "planner",
    "/admin/tours/": "planner",
    "/admin/vehicles/": "planner",
    "/admin/kits/": "planner",
    "/admin/trainers/": "planner",
    "/admin/classes/?starts_from=2031-03-01": "planner",
    "/admin/classes/new/": "planner",
    "/admin/menu/": "root",
    "/admin/occupation/": "root",
    "/admin/refresher-rules/": "root",
    "/admin/enrolment-rules/": "planner",
    "/admin/attendance-rules/": "planner",
    "/admin/day-hours-rules/": "planner",
    "/admin/schemes/": "root",
    "/admin/people/": "root",
    "/admin/audit/": "root",
    "/admin/subsidies/new-claims/": "planner",
    "/admin/subsidies/new-batch/": "officer",
    "/teach/?week=2031-03-10": "teacher",
    "/teach/classes/": "teacher",
}
# These show the next few or a figure, however many there are.
BOUNDED = {"/", "/admin/"}


@pytest.fixture
def world(db: None) -> World:
    """The planning world with its public pages and a system administrator."""
    made = make_world()
    if not HomePage.objects.exists():
        home = Page.objects.get(depth=1).add_child(instance=HomePage(title="首页", slug="home-of-tests"))
        Site.objects.all().delete()
        Site.objects.create(hostname="testserver", root_page=home, is_default_site=True)
    root = User.objects.create(username="root", display_name="root")
    grant_role(root, Role.SYSTEM_ADMIN, made.office, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    made.people["root"] = root
    return made


def grow(world: World, number: int) -> None:
    """Add one of everything that the lists show."""
    add_things(world, number)
    tour = create_tour(
        organisation=world.provider, title=f"巡回 {number}", starts_on=FIRST, ends_on=LAST, by=world.planner, at=NOW
    )  # fmt: skip
    stop = add_stop(
        tour, venue=world.venue, starts_on=FIRST, ends_on=LAST, contact_name="李秀英", contact_phone="0000-8126620",
        expected_people=40, audience="全体村民", by=world.planner, at=NOW,
    )  # fmt: skip
    opened = world.open(stop=stop, title=f"第 {number} 班")
    day, hour = 10 + (number % 5), 8 + number // 5
    world.schedule(opened, starts_at=local(day, hour), ends_at=local(day, hour, 45), hours=1)
    assign_staff(opened, world.teacher, StaffRole.CLASS_TEACHER, by=world.planner, at=NOW)
    state = ClassState.FILED if number % 2 else ClassState.SUBMITTED
    TrainingClass.objects.filter(pk=opened.pk).update(state=state)
    person, _created = register_person(
        legal_name=f"王桂{'一二三四五六七八九'[number % 9]}", id_type=IdType.CITIZEN_ID,
        number=demo_number(dt.date(1980, 1, 1), number, "female"), organisation=world.provider,
        kind=AffiliationKind.ROSTER, region_code=VILLAGE, source="花名册", by=world.planner, at=NOW,
    )  # fmt: skip
    Enrolment.objects.create(
        training_class=opened, person=person, state=EnrolmentState.ENROLLED, way=EnrolmentWay.ROSTER, roll_no=1,
        requested_at=NOW, enrolled_at=NOW,
    )  # fmt: skip


def add_things(world: World, number: int) -> None:
    """Add one of each thing that stands alone."""
    Vehicle.objects.create(organisation=world.provider, name=f"{number} 号车")
    Kit.objects.create(organisation=world.provider, name=f"{number} 号箱")
    user = User.objects.create(username=f"trainer{number}", display_name=f"讲师 {number}")
    TrainerProfile.objects.create(organisation=world.provider, user=user, name=user.display_name)
    Occupation.objects.create(name=f"职业 {number}", valid_from=dt.date(2020, 1, 1))
    menu = Menu.objects.create(code=f"T{number}", title=f"套餐 {number}")
    MenuVersion.objects.create(menu=menu, number=1, min_hours=8, max_hours=40, valid_from=dt.date(2025, 1, 1))
    RefresherRule.objects.create(
        region_code=COUNTY, interval_months=24, window_days=90, document=f"文件 {number}",
        valid_from=dt.date(2000 + number, 1, 1), valid_until=dt.date(2000 + number, 12, 31),
    )  # fmt: skip
    for rule, facts in ((EnrolmentRule, {}), (AttendanceRule, {}), (DayHoursRule, {"max_hours_a_day": 8})):
        rule.objects.create(
            region_code=COUNTY, valid_from=dt.date(1990 + number, 1, 1), valid_until=dt.date(1990 + number, 12, 31),
            **facts,
        )  # fmt: skip
    SubsidyScheme.objects.create(
        code=f"S{number}", name=f"政策 {number}", region_code=COUNTY, certificate_kind="training", claim_window_months=12,
        valid_from=dt.date(2025, 1, 1),
    )  # fmt: skip


def count_queries(client_of: Callable[[str], Client], address: str, account: str) -> tuple[int, int]:
    """Return queries and size of one visit; the one before fills the caches of site and content types."""
    client = client_of(account)
    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as seen:
        size = len(client.get(address).content)
    return len(seen), size


def test_pages_cost_the_same_at_2_and_at_20_rows(world: World) -> None:
    clients: dict[str, Client] = {}

    def client_of(account: str) -> Client:
        if account not in clients:
            clients[account] = Client()
            if account:
                clients[account].force_login(world.people[account])
        return clients[account]

    counts: dict[str, list[tuple[int, int]]] = {address: [] for address in LISTS}
    with time_machine.travel(NOW, tick=False):
        publish_caravan_pages(by=None, at=NOW)
        for number in range(1, 21):
            grow(world, number)
            if number in {2, 20}:
                for address, account in LISTS.items():
                    counts[address].append(count_queries(client_of, address, account))
    growing = {address: pair for address, pair in counts.items() if pair[0][0] != pair[1][0]}
    assert not growing
    still = {address for address, ((_few, small), (_many, large)) in counts.items() if large < small + 500}
    assert not still - BOUNDED, "these pages do not show what was added"
