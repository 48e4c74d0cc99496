"""大篷车 and 班级 in the back office: who sees, who opens, who files, who answers."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from caravan.enums import ClassState, StaffRole
from caravan.models import Stop, Tour, TrainerProfile, TrainingClass, Vehicle, Venue
from caravan.services.filing import return_filing, submit_class
from caravan.services.planning import create_tour
from cms.models import Organisation, User
from cms.roles import Role
from cms.services.memberships import grant_role
from courses.models import MenuItem
from tests.caravan.planning_world import (
    FIRST,
    LAST,
    NOW,
    VILLAGE,
    World,
    local,
    make_course,
    make_user,
    make_world,
)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rival(world: World) -> User:
    """A planner of another organisation."""
    other = Organisation.objects.create(name="别家学校", short_code="BJ", region_code="990102000000")
    user = make_user("rival")
    grant_role(user, Role.PLANNER, other, by=None, at=NOW)
    return user


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def forbidden(response: Any) -> bool:
    """403, or Wagtail's way of saying it: a message on the office's home page."""
    return bool(
        response.status_code == 403 or response.headers.get("Location") == reverse("wagtailadmin_home")
    )


LISTS = ("tours", "stops", "venues", "vehicles", "kits", "trainers", "classes", "filings")


def class_form(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "menu_version": world.menu.pk, "courses": [world.course.pk], "organisation": world.provider.pk,
        "title": "家务初级第 9 班", "venue": world.venue.pk, "stop": "", "capacity": 40, "starts_on": str(FIRST),
        "ends_on": str(LAST), "enrol_until": "2031-03-09 17:00", **changes,
    }  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_lists_open_for_the_planner_only_in_the_office(world: World, name: str) -> None:
    address = reverse(f"{name}:index")
    assert as_user(world.planner).get(address).status_code == 200
    assert as_user(world.trainer.user).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_class_is_opened_in_two_steps(world: World) -> None:
    client, address = as_user(world.planner), reverse("classes:add")
    assert "上岗套餐" in client.get(address).content.decode()
    second = client.get(f"{address}?menu={world.menu.pk}").content.decode()
    assert "家务服务员（初级）" in second
    assert "沟通" in second
    answer = client.post(address, class_form(world))
    opened = TrainingClass.objects.get()
    assert answer.headers["Location"] == reverse("classes:inspect", args=[opened.pk])
    assert opened.class_no == "XH-2031-0001"
    assert opened.enrol_until == local(9, 17)


def test_refusals_stand_at_their_fields_and_nothing_is_saved(world: World) -> None:
    answer = as_user(world.planner).post(
        reverse("classes:add"),
        class_form(world, courses=[world.extra.pk], capacity=60, starts_on="2031-02-01"),
    )
    errors = answer.context["form"].errors
    assert {"courses", "capacity", "starts_on"} <= set(errors)
    assert not TrainingClass.objects.exists()


def test_dates_in_the_wrong_order_and_no_seats_are_said_at_their_fields(world: World) -> None:
    client = as_user(world.planner)
    backwards = {"starts_on": str(LAST), "ends_on": str(FIRST)}
    tour = {"organisation": world.provider.pk, "title": "春季巡回", "vehicle": "", **backwards}
    trip = create_tour(
        organisation=world.provider, title="夏季巡回", starts_on=FIRST, ends_on=LAST, by=None, at=NOW
    )
    stop = {
        "tour": trip.pk, "venue": world.venue.pk, "contact_name": "李秀英", "contact_phone": "1",
        "expected_people": 40, **backwards,
    }  # fmt: skip
    opened = world.open()
    new, changed = reverse("classes:add"), reverse("classes:edit", args=[opened.pk])
    for address, data, fields in [
        (reverse("tours:add"), tour, {"ends_on"}),
        (reverse("stops:add"), stop, {"ends_on"}),
        (new, class_form(world, capacity=0, **backwards), {"ends_on", "capacity"}),
        (changed, class_form(world, capacity=0, **backwards), {"ends_on", "capacity"}),
    ]:
        form = client.post(address, data).context["form"]
        assert fields <= set(form.errors), address
        assert "约束" not in str(form.errors), address
    assert (Tour.objects.count(), Stop.objects.count(), TrainingClass.objects.count()) == (1, 0, 1)


def test_nobody_opens_a_class_for_others(world: World, rival: User) -> None:
    answer = as_user(rival).post(reverse("classes:add"), class_form(world))
    assert answer.status_code == 200
    assert "organisation" in answer.context["form"].errors
    assert forbidden(as_user(world.officer).get(reverse("classes:add")))
    assert not TrainingClass.objects.exists()


def test_a_class_of_others_is_absent(world: World, rival: User) -> None:
    opened = world.open()
    client = as_user(rival)
    for name in ("inspect", "edit", "plan", "new_session"):
        assert client.get(reverse(f"classes:{name}", args=[opened.pk])).status_code == 404
    assert client.post(reverse("classes:act", args=[opened.pk, "submit"])).status_code == 404
    assert client.post(reverse("classes:staff", args=[opened.pk])).status_code == 404
    assert opened.title not in client.get(reverse("classes:index")).content.decode()


def test_the_class_page_says_what_is_missing_and_takes_it(world: World) -> None:
    opened = world.open()
    client = as_user(world.planner)
    page = reverse("classes:inspect", args=[opened.pk])
    html = client.get(page).content.decode()
    assert "还没有班主任。" in html
    assert "按学时自动排课" in html
    for user, role in ((world.teacher, StaffRole.CLASS_TEACHER), (world.assessor, StaffRole.ASSESSOR)):
        client.post(reverse("classes:staff", args=[opened.pk]), {"user": user.pk, "role": role})
    plan = {"trainer": world.trainer.pk, "room": world.room.pk, "weekdays": [0, 1, 2, 3, 4]}
    assert client.post(reverse("classes:plan", args=[opened.pk]), plan).status_code == 302
    html = client.get(page).content.decode()
    assert "报备前还差" not in html
    answer = client.post(reverse("classes:act", args=[opened.pk, "submit"]), follow=True)
    assert "报上去了" in answer.content.decode()
    opened.refresh_from_db()
    assert opened.state == ClassState.SUBMITTED
    assert "按学时自动排课" not in client.get(page).content.decode()


def test_only_legal_buttons_work(world: World) -> None:
    opened = world.open()
    client = as_user(world.planner)
    assert forbidden(client.post(reverse("classes:act", args=[opened.pk, "close"])))
    assert client.post(reverse("classes:act", args=[opened.pk, "explode"])).status_code == 404
    refused = client.post(reverse("classes:act", args=[opened.pk, "submit"]), follow=True).content.decode()
    assert "还没有班主任。" in refused
    assert client.get(reverse("classes:staff", args=[opened.pk])).status_code == 405
    assert as_user(world.officer).get(reverse("classes:inspect", args=[opened.pk])).status_code == 200
    assert forbidden(as_user(world.officer).post(reverse("classes:act", args=[opened.pk, "submit"])))
    assert forbidden(as_user(world.officer).get(reverse("classes:plan", args=[opened.pk])))


def test_cancelling_asks_why(world: World) -> None:
    opened = world.open()
    client, address = as_user(world.planner), reverse("classes:act", args=[opened.pk, "cancel"])
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": ""}).status_code == 200
    assert client.post(address, {"reason": "人不够"}).status_code == 302
    opened.refresh_from_db()
    assert opened.state == ClassState.CANCELLED


def test_sessions_are_made_moved_and_cancelled_in_the_office(world: World) -> None:
    opened = world.open()
    client = as_user(world.planner)
    course = opened.class_courses.get()
    form = {
        "what": f"{course.pk}:theory", "content": "家电", "day": "2031-03-10", "starts": "08:30", "ends": "11:45",
        "hours": "4", "room": world.room.pk, "trainer": world.trainer.pk,
    }  # fmt: skip
    assert client.post(reverse("classes:new_session", args=[opened.pk]), form).status_code == 302
    clash = client.post(reverse("classes:new_session", args=[opened.pk]), form).content.decode()
    assert "没有排上：柳林村妇女之家 大教室有人用，撞了 195 分钟" in clash
    session = opened.sessions.get()
    moved = client.post(
        reverse("classes:session", args=[opened.pk, session.pk]), {**form, "day": "2031-03-11"}
    )
    assert moved.status_code == 302
    cancel = reverse("classes:drop_session", args=[opened.pk, session.pk])
    assert client.post(cancel, {"reason": ""}).status_code == 200
    assert client.post(cancel, {"reason": "停电"}).status_code == 302
    session.refresh_from_db()
    assert session.state == "cancelled"
    assert client.get(reverse("classes:session", args=[opened.pk, 999999])).status_code == 404


def test_a_filed_class_is_changed_with_a_reason(world: World) -> None:
    filed = world.filed()
    client, address = as_user(world.planner), reverse("classes:edit", args=[filed.pk])
    form = {
        "title": filed.title, "capacity": 20, "starts_on": str(FIRST), "ends_on": str(LAST),
        "enrol_until": "2031-03-09 17:00", "reason": "",
    }  # fmt: skip
    assert "reason" in client.post(address, form).context["form"].errors
    filed.refresh_from_db()
    assert filed.capacity == 40
    assert client.post(address, {**form, "reason": "教室小"}).status_code == 302
    filed.refresh_from_db()
    assert filed.capacity == 20
    assert forbidden(as_user(world.officer).get(address))


def test_the_officers_inbox(world: World, rival: User) -> None:
    filing = submit_class(world.ready(), by=world.planner, at=NOW)
    address = reverse("filings:inspect", args=[filing.pk])
    answer = reverse("filings:answer", args=[filing.pk])
    assert as_user(rival).get(address).status_code == 404
    assert as_user(world.other_officer).get(address).status_code == 404
    assert as_user(world.planner).get(address).status_code == 200
    assert forbidden(as_user(world.planner).post(answer, {"decision": "accept"}))
    officer = as_user(world.officer)
    assert "准予备案" in officer.get(address).content.decode()
    assert officer.get(answer).status_code == 405
    officer.post(answer, {"decision": "return", "remarks": ""})
    filing.refresh_from_db()
    assert filing.decision == ""
    officer.post(answer, {"decision": "return", "remarks": "教室太小"})
    filing.refresh_from_db()
    assert (filing.decision, filing.remarks) == ("returned", "教室太小")
    again = submit_class(filing.training_class, by=world.planner, at=NOW)
    officer.post(reverse("filings:answer", args=[again.pk]), {"decision": "accept"})
    filing.training_class.refresh_from_db()
    assert filing.training_class.state == ClassState.FILED


def test_a_venue_is_kept_with_its_rooms(world: World) -> None:
    client = as_user(world.planner)
    form = {
        "organisation": world.provider.pk, "name": "文化礼堂", "venue_type": "village_hall", "region_code": VILLAGE,
        "address": "村口", "directions": "", "rooms": "礼堂 80\n东屋 30",
    }  # fmt: skip
    assert client.post(reverse("venues:add"), form).status_code == 302
    venue = Venue.objects.get(name="文化礼堂")
    assert dict(venue.rooms.values_list("name", "capacity")) == {"礼堂": 80, "东屋": 30}
    for rooms in ("礼堂", "礼堂 很多", ""):
        wrong = client.post(reverse("venues:add"), {**form, "name": "另一处", "rooms": rooms})
        assert "rooms" in wrong.context["form"].errors
    unknown = client.post(reverse("venues:add"), {**form, "name": "另一处", "region_code": "990101999999"})
    assert "region_code" in unknown.context["form"].errors
    edit = reverse("venues:edit", args=[venue.pk])
    assert client.post(edit, {**form, "rooms": "礼堂 90"}).status_code == 302
    assert dict(venue.rooms.values_list("name", "capacity")) == {"礼堂": 90}


def test_a_shared_venue_is_seen_by_others_not_changed(world: World, rival: User) -> None:
    Venue.objects.filter(pk=world.venue.pk).update(is_shared=True)
    client = as_user(rival)
    assert client.get(reverse("venues:inspect", args=[world.venue.pk])).status_code == 200
    assert forbidden(client.get(reverse("venues:edit", args=[world.venue.pk])))
    assert forbidden(client.post(reverse("venues:edit", args=[world.venue.pk]), {"name": "我的了"}))
    world.venue.refresh_from_db()
    assert world.venue.name == "柳林村妇女之家"


def test_tours_stops_vehicles_and_trainers_are_made(world: World) -> None:
    client = as_user(world.planner)
    own = world.provider.pk
    assert (
        client.post(reverse("vehicles:add"), {"organisation": own, "name": "二号车", "plate": ""}).status_code
        == 302
    )
    assert (
        client.post(reverse("kits:add"), {"organisation": own, "name": "急救箱", "contents": ""}).status_code
        == 302
    )
    vehicle = Vehicle.objects.get(name="二号车")
    tour = {
        "organisation": own,
        "title": "春季巡回",
        "vehicle": vehicle.pk,
        "starts_on": str(FIRST),
        "ends_on": str(LAST),
    }
    assert client.post(reverse("tours:add"), tour).status_code == 302
    stop = {
        "tour": Tour.objects.get().pk, "venue": world.venue.pk, "starts_on": str(FIRST), "ends_on": str(FIRST),
        "contact_name": "李秀英", "contact_phone": "1", "expected_people": 40, "audience": "", "notes": "",
    }  # fmt: skip
    assert client.post(reverse("stops:add"), stop).status_code == 302
    twice = client.post(reverse("stops:add"), stop)
    assert "春季巡回" in str(twice.context["form"].non_field_errors())
    assert Stop.objects.count() == 1
    stranger = {"organisation": own, "user": world.people["outsider"].pk, "name": "谁", "title": ""}
    assert "user" in client.post(reverse("trainers:add"), stranger).context["form"].errors
    assert TrainerProfile.objects.count() == 2


@pytest.mark.parametrize("name", ["classes", "filings", "venues", "stops"])
def test_queries_do_not_grow(world: World, name: str, django_assert_max_num_queries: Any) -> None:
    """User, memberships, permissions; the rows with their joins and counts; filters' choices."""
    client, counts = as_user(world.planner), []
    for number in range(20):
        _grow(world, name, number)
        if number in {1, 19}:
            client.get(reverse(f"{name}:index"))
            with django_assert_max_num_queries(40) as queries:
                assert client.get(reverse(f"{name}:index")).status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1], counts


def _grow(world: World, name: str, number: int) -> None:
    if name in {"classes", "filings"}:
        opened = world.open(title=f"第 {number} 班")
        if name == "filings":
            opened.filings.create(snapshot={"sessions": []}, submitted_by=world.planner, submitted_at=NOW)
    elif name == "venues":
        Venue.objects.create(
            organisation=world.provider,
            name=f"场地 {number}",
            venue_type="idle_plant",
            region_code=VILLAGE,
            address="x",
        )
    else:
        tour = Tour.objects.create(
            organisation=world.provider, title=f"{number}", starts_on=FIRST, ends_on=LAST
        )
        tour.stops.create(
            organisation=world.provider, order=1, venue=world.venue, region_code=VILLAGE, starts_on=FIRST,
            ends_on=LAST, contact_name="x", contact_phone="1", expected_people=1,
        )  # fmt: skip


def test_the_class_page_has_a_fixed_number_of_queries(
    world: World, django_assert_max_num_queries: Any
) -> None:
    filed = world.filed()
    client, page = as_user(world.planner), reverse("classes:inspect", args=[filed.pk])
    client.get(page)
    with django_assert_max_num_queries(60) as few:
        client.get(page)
    for day in range(10, 20):
        world.schedule(
            filed, class_course=None, kind="lecture", hours=0, starts_at=local(day, 18), ends_at=local(day, 19),
            reason="加讲",
        )  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        client.get(page)


def test_a_returned_class_says_why_before_its_buttons(world: World) -> None:
    training_class = world.ready()
    filing = submit_class(training_class, by=world.planner, at=NOW)
    return_filing(filing, remarks="缺一位班主任的电话", by=world.officer, at=NOW)
    page = as_user(world.planner).get(reverse("classes:inspect", args=[training_class.pk])).content.decode()
    assert 0 < page.index("缺一位班主任的电话") < page.index("review-bar")
    filed = as_user(world.officer).get(reverse("filings:inspect", args=[filing.pk])).content.decode()
    for html in (page, filed):
        assert "结业考核" in html
        assert "结业考核 · 结业考核" not in html


def test_a_choice_of_one_is_not_a_range(world: World) -> None:
    section = world.menu.sections.get(title="必选")
    MenuItem.objects.create(section=section, order=2, course=make_course("JZ-C", "收纳", 8, 0))
    page = as_user(world.planner).get(f"{reverse('classes:add')}?menu={world.menu.pk}").content.decode()
    assert "必选：2 门里选 1 门（家务服务员（初级）、收纳）" in page
