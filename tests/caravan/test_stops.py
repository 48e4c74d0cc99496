"""What the public sees: the road, a stop, a class, the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from wagtail.models import Page, Site

from caravan.enums import EnrolmentState, EnrolmentWay
from caravan.models import Enrolment, SchedulePage, Stop, StopsPage
from caravan.panels import NextStops, next_class_starts
from caravan.services.pages import publish_caravan_pages
from caravan.services.planning import add_stop, create_tour
from cms.models import AuditEntry, HomePage, Person
from cms.ui import dates
from tests.caravan.planning_world import FIRST, LAST, NOW, World, local, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def pages(world: World) -> None:
    home = HomePage.objects.first()
    if home is None:
        home = Page.objects.get(depth=1).add_child(instance=HomePage(title="首页", slug="home-of-tests"))
        Site.objects.all().delete()
        Site.objects.create(hostname="testserver", root_page=home, is_default_site=True)
    publish_caravan_pages(by=None, at=NOW)


def make_stop(world: World, number: int = 1, **facts: Any) -> Stop:
    tour = create_tour(
        organisation=world.provider,
        title=f"巡回 {number}",
        starts_on=FIRST,
        ends_on=LAST,
        by=world.planner,
        at=NOW,
    )
    return add_stop(
        tour, venue=world.venue, starts_on=FIRST, ends_on=LAST, contact_name="李秀英", contact_phone="0000-812 6620",
        expected_people=40, audience="全体村民", by=world.planner, at=NOW, **facts,
    )  # fmt: skip


def take_seats(training_class: Any, count: int, state: str = EnrolmentState.ENROLLED) -> None:
    start = Enrolment.objects.count()
    for number in range(start, start + count):
        person = Person.objects.create(legal_name=f"王桂花{number}", created_at=NOW)
        Enrolment.objects.create(
            training_class=training_class, person=person, state=state, way=EnrolmentWay.SELF, requested_at=NOW
        )


def test_a_stop_shows_seats_what_where_and_whom_to_ring(world: World, client: Client) -> None:
    stop = make_stop(world)
    filed = world.filed(stop=stop)
    take_seats(filed, 28)
    html = client.get(reverse("caravan:stop", args=[stop.pk])).content.decode()
    assert "还有 12 个名额" in html
    assert "一共 40 个，已报 28 个" in html
    assert "我要报名" in html
    assert reverse("caravan:enrol", args=[filed.class_no]) in html
    for words in (
        "河湾镇柳林村妇女之家",
        "大篷车第 1 站，共 1 站",
        "家务服务员（初级）",
        "全体村民",
        "0000-812 6620",
        "8:30",
    ):
        assert words in html
    assert "王桂花" not in html
    assert "陈国梁" not in html


def test_a_full_stop_offers_the_waiting_list(world: World, client: Client) -> None:
    stop = make_stop(world)
    filed = world.filed(stop=stop, capacity=3)
    take_seats(filed, 3)
    take_seats(filed, 4, EnrolmentState.WAITING)
    html = client.get(reverse("caravan:stop", args=[stop.pk])).content.decode()
    for words in ("名额满了", "前面有 4 个人候补", "排队候补", "您有 24 小时决定来不来"):
        assert words in html


def test_nothing_is_offered_after_the_deadline(world: World, client: Client) -> None:
    filed = world.filed()
    with time_machine.travel(local(9, 17, 1), tick=False):
        html = client.get(reverse("caravan:class", args=[filed.class_no])).content.decode()
    assert "报名已截止" in html
    assert "我要报名" not in html


def test_a_class_is_public_only_once_filed(world: World, client: Client) -> None:
    draft = world.open()
    assert client.get(reverse("caravan:class", args=[draft.class_no])).status_code == 404
    filed = world.filed(title="第二班")
    assert client.get(reverse("caravan:class", args=[filed.class_no])).status_code == 200


def test_absent_and_cancelled_stops_are_not_found(world: World, client: Client) -> None:
    stop = make_stop(world)
    Stop.objects.filter(pk=stop.pk).update(state="cancelled")
    assert client.get(reverse("caravan:stop", args=[stop.pk])).status_code == 404
    assert client.get(reverse("caravan:stop", args=[999999])).status_code == 404
    assert client.get("/classes/XH-1999-0001/").status_code == 404
    assert client.post(reverse("caravan:stop", args=[stop.pk])).status_code == 405


def test_the_road_lists_coming_stops_by_town(world: World, client: Client, pages: None) -> None:
    stop = make_stop(world)
    world.filed(stop=stop)
    html = client.get("/stops/").content.decode()
    assert "河湾镇柳林村妇女之家" in html
    assert "还有 40 个名额" in html
    assert "河湾镇柳林村妇女之家" in client.get("/stops/?town=990101002000").content.decode()
    assert client.get("/stops/?town=%27nonsense").status_code == 200
    with time_machine.travel(local(30, 9), tick=False):
        assert "眼下没有安排" in client.get("/stops/").content.decode()


def test_the_calendar_shows_each_class_once_a_day(world: World, client: Client, pages: None) -> None:
    filed = world.filed()
    html = client.get("/schedule/?from=2031-03-10").content.decode()
    days = {session.starts_at.date() for session in filed.sessions.all()}
    assert html.count(reverse("caravan:class", args=[filed.class_no])) == len(days)
    assert "8:30—11:45" in html
    assert "这两周没有课" in client.get("/schedule/?from=2031-05-01").content.decode()
    assert client.get("/schedule/?from=9999-99-99").status_code == 200


def test_pages_are_published_once(world: World, pages: None) -> None:
    publish_caravan_pages(by=world.planner, at=NOW)
    assert (StopsPage.objects.count(), SchedulePage.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(action="page.publish").count() == 2


def test_home_shows_three_stops_and_how_many_there_are(world: World, rf: Any) -> None:
    for number in range(4):
        make_stop(world, number)
    shown = NextStops().context(rf.get("/"), None)
    assert len(shown["cards"]) == 3
    assert shown["count"] == 4


def test_a_course_knows_its_next_class(world: World, rf: Any) -> None:
    world.filed()
    found = next_class_starts(rf.get("/"), [world.course.pk, world.extra.pk])
    assert set(found) == {world.course.pk}
    assert found[world.course.pk].place == "柳林村妇女之家"


def test_a_full_class_gives_way_to_a_later_one_with_seats(world: World, rf: Any) -> None:
    full, later = world.filed(), world.filed()
    classes = type(full).objects
    take_seats(full, 1)
    take_seats(later, 1)
    classes.filter(pk=full.pk).update(capacity=1)
    classes.filter(pk=later.pk).update(starts_on=later.starts_on + dt.timedelta(days=1))
    shown = next_class_starts(rf.get("/"), [world.course.pk])[world.course.pk]
    assert (shown.day, "名额" in shown.words) == (dates.day(later.starts_on + dt.timedelta(days=1)), True)
    classes.update(capacity=1)
    shown = next_class_starts(rf.get("/"), [world.course.pk])[world.course.pk]
    assert (shown.day, shown.words) == (dates.day(full.starts_on), "已满，可以候补")


@pytest.mark.parametrize("address", ["/stops/", "/schedule/?from=2031-03-10"])
def test_queries_do_not_grow(
    world: World, client: Client, pages: None, address: str, django_assert_max_num_queries: Any
) -> None:
    """Stops, their classes, seats, courses, versions, towns; sessions and towns; site and menus."""
    counts = []
    for number in range(1, 11):
        stop = make_stop(world, number)
        opened = world.open(stop=stop, title=f"第 {number} 班")
        world.schedule(
            opened,
            starts_at=local(10 + number % 10, 8 + number // 10),
            ends_at=local(10 + number % 10, 11 + number // 10),
        )
        type(opened).objects.filter(pk=opened.pk).update(state="filed")
        if number in {2, 10}:
            client.get(address)
            with django_assert_max_num_queries(40) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_a_stop_is_shown_in_a_fixed_number_of_queries(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    stop = make_stop(world)
    world.filed(stop=stop)
    with django_assert_max_num_queries(20):
        client.get(reverse("caravan:stop", args=[stop.pk]))


@pytest.mark.browser
def test_stop_and_road_can_be_read_by_everybody(
    transactional_db: None, phone: Any, desk: Any, assert_accessible: Any
) -> None:
    world = make_world()
    stop = make_stop(world)
    world.filed(stop=stop)
    for page in (phone, desk):
        page.goto(reverse("caravan:stop", args=[stop.pk]))
        assert "还有 40 个名额" in page.locator("main").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert_accessible(page)
        page.locator("summary", has_text="每天上什么").click()
        assert_accessible(page)
