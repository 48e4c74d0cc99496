"""The trainee's pages: enrol, see where one stands, answer an offer, leave."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay, StaffRole
from caravan.learner_panels import Awaiting, MyClasses, NextClass
from caravan.models import Enrolment
from caravan.services.enrolment import enrol_many, withdraw
from cms.enums import AccountRelation
from cms.services.policies import load_policies
from tests.caravan.roll_world import (
    NOW,
    assign,
    bind,
    make_class,
    make_people,
    make_person,
    make_session,
    make_user,
    moment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def before_the_class():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def trainee(client):
    user, person = make_user("王桂花"), make_person("王桂花")
    bind(user, person)
    client.force_login(user)
    client.person = person
    return client


def enrol_url(training_class) -> str:
    return reverse("caravan:enrol", args=[training_class.class_no])


def test_signing_in_comes_first_and_leads_back(client) -> None:
    url = enrol_url(make_class())
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account:sign_in')}?next={url}"


def test_one_tap_enrols_oneself_and_says_when_to_come(trainee) -> None:
    training_class = make_class()
    make_session(training_class)
    trainee.get(enrol_url(training_class))
    answer = trainee.post(enrol_url(training_class), {"person": trainee.person.pk}, follow=True)
    page = answer.content.decode()
    assert "报上了" in page
    assert "3月14日（周六） 8:30 见，记得带身份证。" in page
    assert Enrolment.objects.get().way == EnrolmentWay.SELF
    again = trainee.post(enrol_url(training_class), {"person": trainee.person.pk})
    assert again.status_code == 302  # the form sent twice leads to the same enrolment
    assert Enrolment.objects.count() == 1


def test_a_full_class_says_who_is_before_you(trainee) -> None:
    training_class = make_class(capacity=1)
    enrol_many(make_people(5), training_class, by=None, at=NOW)
    assert "名额满了，可以排队候补" in trainee.get(enrol_url(training_class)).content.decode()
    page = trainee.post(
        enrol_url(training_class), {"person": trainee.person.pk}, follow=True
    ).content.decode()
    assert "名额满了，前面有 4 个人候补。" in page
    assert "您是候补 5 号" in page


def test_a_coordinator_picks_among_her_people_and_nobody_else(client) -> None:
    user = make_user("社区大姐")
    people = [make_person() for _ in range(3)]
    for person in people:
        bind(user, person, AccountRelation.COORDINATOR)
    client.force_login(user)
    training_class = make_class()
    assert client.post(enrol_url(training_class), {"person": make_person().pk}).status_code == 200
    assert client.post(enrol_url(training_class), {}).status_code == 200
    assert not Enrolment.objects.exists()
    client.post(enrol_url(training_class), {"person": people[1].pk})
    enrolment = Enrolment.objects.get()
    assert (enrolment.person, enrolment.way, enrolment.enrolled_by) == (people[1], EnrolmentWay.PROXY, user)
    page = client.get(enrol_url(training_class)).content.decode()
    assert f"{people[1].legal_name}已经报过这个班" in page


def test_every_reason_stands_on_the_page(trainee) -> None:
    training_class = make_class(enrol_until=moment(1, 0, month=2))
    trainee.person.birth_date = NOW.date()
    trainee.person.save()
    page = trainee.post(enrol_url(training_class), {"person": trainee.person.pk}).content.decode()
    assert "还有 2 处要改" in page
    assert "截止了" in page
    assert "要满 16 岁" in page


def test_a_class_not_public_and_an_account_without_a_person(client) -> None:
    client.force_login(make_user())
    assert client.get(enrol_url(make_class(state=ClassState.DRAFT))).status_code == 404
    assert "还没有连上学员" in client.get(enrol_url(make_class())).content.decode()


def test_others_enrolments_do_not_exist(trainee) -> None:
    training_class = make_class()
    [outcome] = enrol_many(make_people(1), training_class, by=None, at=NOW)
    staff = make_user()
    assign(training_class, staff, StaffRole.CLASS_TEACHER)
    for name in ("enrolment", "withdraw", "offer"):
        assert trainee.get(reverse(f"caravan:{name}", args=[outcome.enrolment.pk])).status_code == 404


def test_leaving_asks_first_and_frees_the_seat(trainee) -> None:
    training_class = make_class(capacity=1)
    mine, other = (
        one.enrolment
        for one in enrol_many([trainee.person, *make_people(1)], training_class, by=None, at=NOW)
    )
    url = reverse("caravan:withdraw", args=[mine.pk])
    assert "真的来不了吗" in trainee.get(url).content.decode()
    mine.refresh_from_db()
    assert mine.state == EnrolmentState.ENROLLED
    trainee.post(url, {"reason": ""})
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, other.state) == (EnrolmentState.WITHDRAWN, EnrolmentState.OFFERED)
    assert trainee.get(url).status_code == 302


@pytest.mark.parametrize(
    ("answer", "state"), [("accept", EnrolmentState.ENROLLED), ("decline", EnrolmentState.WITHDRAWN)]
)
def test_an_offer_is_answered(trainee, answer: str, state: EnrolmentState) -> None:
    first, mine = (
        one.enrolment
        for one in enrol_many([*make_people(1), trainee.person], make_class(capacity=1), by=None, at=NOW)
    )
    withdraw(first, reason="", by=None, at=NOW)
    url = reverse("caravan:offer", args=[mine.pk])
    assert "名额给您留到 2026年3月2日 8:00" in trainee.get(url).content.decode()
    trainee.post(url, {"answer": answer})
    mine.refresh_from_db()
    assert mine.state == state
    assert trainee.get(url).status_code == 302


def test_an_offer_answered_too_late_says_so(trainee) -> None:
    first, mine = (
        one.enrolment
        for one in enrol_many([*make_people(1), trainee.person], make_class(capacity=1), by=None, at=NOW)
    )
    withdraw(first, reason="", by=None, at=NOW)
    with time_machine.travel(moment(2, 8, 1)):
        page = trainee.post(reverse("caravan:offer", args=[mine.pk]), {"answer": "accept"}, follow=True)
    assert "保留的时间过了" in page.content.decode()


def test_the_panels_of_ones_own_page(trainee, rf) -> None:
    training_class = make_class()
    make_session(training_class, starts_at=moment(1, 6), ends_at=moment(1, 7))
    coming = make_session(training_class)
    full = make_class(capacity=1)
    enrol_many([*make_people(1), trainee.person], full, by=None, at=NOW)
    enrol_many([trainee.person], training_class, by=None, at=NOW)
    request = rf.get("/me/")
    assert NextClass().context(request, trainee.person)["session"] == coming
    assert [card.state for card in Awaiting().context(request, trainee.person)["cards"]] == ["waiting"]
    assert [one.training_class for one in MyClasses().context(request, trainee.person)["enrolments"]] == [
        training_class
    ]
    page = trainee.get(reverse("account:home")).content.decode()
    assert "下一次上课" in page
    assert "等名额的课" in page
    assert MyClasses().context(request, make_person())["enrolments"] == []


def test_as_many_queries_for_20_people_as_for_2(client) -> None:
    training_class = make_class()

    def queries(count: int) -> int:
        user = make_user()
        for _ in range(count):
            bind(user, make_person(), AccountRelation.COORDINATOR)
        client.force_login(user)
        client.get(enrol_url(training_class))
        with CaptureQueriesContext(connection) as caught:
            client.get(enrol_url(training_class))
        return len(caught)

    assert queries(2) == queries(20)


def test_who_has_not_agreed_reads_first_and_comes_back(trainee) -> None:
    load_policies(since=NOW.date(), by=None, at=NOW)
    training_class = make_class()
    url = enrol_url(training_class)
    asked = trainee.post(url, {"person": trainee.person.pk})
    assert not Enrolment.objects.exists()
    page = trainee.get(asked.url)
    assert "报名前，请看一看、点同意" in page.content.decode()
    ticked = dict.fromkeys(page.context["form"].needed, "on")
    answer = trainee.post("/me/consents/", {**ticked, "next": page.context["next"]})
    assert answer.url == url
    trainee.post(url, {"person": trainee.person.pk})
    assert Enrolment.objects.get().person == trainee.person
