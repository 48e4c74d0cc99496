"""The inbox, the choices, and the delivery log in the back office."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.enums import AccountRelation, Channel, JobState
from cms.jobs import JobKind, job_kinds, start_job
from cms.jobs.running import carry_out
from cms.messaging import message_kinds, withdraw_messages
from cms.messaging.gateways import SmsRefusedError
from cms.messaging.sending import deliver_due
from cms.models import Delivery, Message, Organisation, Person, Region, User
from cms.roles import Role
from cms.services.memberships import grant_role, sync_roles
from tests.cms.message_world import (
    GATEWAY,
    NOON,
    Gateway,
    bind,
    make_kind,
    make_learner,
    make_organisation,
    make_person,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    kinds = [
        make_kind(link=lambda message: "/me/data/"),
        make_kind("must", label="停课", why_necessary="不告诉您会白跑一趟。"),
        make_kind("office_only", label="备案退回", for_staff=True),
        message_kinds.get("job_finished"),
    ]
    monkeypatch.setattr(message_kinds, "_items", {kind.name: kind for kind in kinds})
    monkeypatch.setattr(Gateway, "sent", [])
    monkeypatch.setattr(Gateway, "answers", [])
    settings.SMS_GATEWAY = GATEWAY


@pytest.fixture
def school() -> Organisation:
    return make_organisation()


@pytest.fixture
def learner(school: Organisation) -> tuple[Person, User]:
    person, user = make_learner()
    tell("van_comes", school, person)
    deliver_due(NOON)
    return person, user


def text_of(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    return page.content.decode()


def address(message: Message) -> str:
    return f"/me/messages/{message.pk}/"


def test_reading_a_message_takes_it_off_the_badge(client: Client, learner: tuple[Person, User]) -> None:
    client.force_login(learner[1])
    assert "有 1 条没看" in text_of(client, "/me/")
    assert "没看" in text_of(client, "/me/messages/")
    message = Message.objects.get()
    assert client.head(address(message)).status_code == 200
    assert Message.objects.unread_by(learner[1]).count() == 1
    assert "大篷车3月14日到村里。" in text_of(client, address(message))
    assert "没看" not in text_of(client, "/me/messages/")
    assert "有 1 条没看" not in text_of(client, "/me/")


def test_strangers_do_not_know_of_a_message(client: Client, learner: tuple[Person, User]) -> None:
    message = Message.objects.get()
    assert client.get(address(message)).status_code == 302
    client.force_login(User.objects.create(username="stranger"))
    assert client.get(address(message)).status_code == 404
    assert client.post(f"{address(message)}go/").status_code == 404
    assert "还没有消息" in text_of(client, "/me/messages/")


def test_a_helper_sees_for_whom_and_goes_on_in_her_place(client: Client, school: Organisation) -> None:
    helper = User.objects.create(username="helper")
    people = [make_person(name, "") for name in ("王桂花", "李小红")]
    for person in people:
        bind(helper, person, AccountRelation.COORDINATOR)
        tell("van_comes", school, person)
    deliver_due(NOON)
    client.force_login(helper)
    text = text_of(client, "/me/messages/")
    assert "给 王桂花" in text
    assert "给 李小红" in text
    message = Message.objects.get(person=people[1])
    assert "替 李小红 去看" in text_of(client, address(message))
    assert client.post(f"{address(message)}go/").headers["Location"] == "/me/data/"
    assert "正在替 李小红 办事" in text_of(client, "/me/")
    assert client.get(f"{address(message)}go/").status_code == 405


def test_all_can_be_marked_at_once_and_a_void_message_says_so(
    client: Client, school: Organisation, learner: tuple[Person, User]
) -> None:
    client.force_login(learner[1])
    assert client.post("/me/messages/read/").status_code == 302
    assert not Message.objects.unread_by(learner[1]).exists()
    withdraw_messages("van_comes", school, at=NOON)
    assert "已作废" in text_of(client, "/me/messages/")
    assert "这条消息作废了" in text_of(client, address(Message.objects.get()))


def test_a_message_of_a_newer_version_does_not_break_the_inbox(
    client: Client, learner: tuple[Person, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(learner[1])
    monkeypatch.setattr(message_kinds, "_items", {})
    assert "一条消息" in text_of(client, "/me/messages/")
    assert text_of(client, address(Message.objects.get()))


def test_the_inbox_costs_the_same_for_many_messages(
    client: Client, school: Organisation, django_assert_max_num_queries: Any
) -> None:
    helper = User.objects.create(username="helper")
    client.force_login(helper)
    counts = []
    for number in (2, 18):
        for place in range(number):
            person = make_person(f"学员{number}{place}", "")
            bind(helper, person, AccountRelation.COORDINATOR)
            tell("van_comes", school, person)
        deliver_due(NOON)
        client.get("/me/messages/")
        with django_assert_max_num_queries(20) as seen:
            text_of(client, "/me/messages/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_choices_are_kept_and_the_necessary_ones_say_why(
    client: Client, learner: tuple[Person, User]
) -> None:
    client.force_login(learner[1])
    text = text_of(client, "/me/messages/settings/")
    assert "不告诉您会白跑一趟。" in text
    assert "must-sms" not in text
    assert "备案退回" not in text  # a learner gets none of it
    answer = client.post("/me/messages/settings/", {"language": "en", "van_comes-email": "on"})
    assert answer.status_code == 302
    kept = {(row.kind, row.channel): row.is_wanted for row in learner[1].message_choices.all()}
    assert kept == {("van_comes", "sms"): False, ("van_comes", "email"): True}
    assert learner[1].message_language.language == "en"
    assert client.post("/me/messages/settings/", {"language": "fr"}).status_code == 200


def test_without_text_and_mail_the_page_promises_none(
    client: Client, learner: tuple[Person, User], settings: Any
) -> None:
    settings.SMS_GATEWAY, settings.SENDS_EMAIL = "", False
    client.force_login(learner[1])
    text = text_of(client, "/me/messages/settings/")
    assert "没有开通短信和邮件" in text
    assert "van_comes-sms" not in text


# The back office -----------------------------------------------------------------------------------


def make_county() -> Region:
    return Region.objects.create(code="990101000000", name="星河县", level=3, valid_from=dt.date(2020, 1, 1))


def make_officer(
    organisation: Organisation, role: Role = Role.PLANNER, regions: tuple[Region, ...] = ()
) -> User:
    sync_roles()
    user = User.objects.create(username=f"officer{User.objects.count()}", display_name="教务")
    grant_role(
        user, role, organisation, by=None, at=timezone.now(), regions=regions, valid_from=dt.date(2020, 1, 1)
    )
    return user


@pytest.fixture
def refused(school: Organisation) -> Delivery:
    Gateway.answers = [SmsRefusedError("no", "INVALID_PHONE")]
    tell("van_comes", school, make_person())
    deliver_due(NOON)
    return Delivery.objects.get(channel=Channel.SMS)


def test_the_log_shows_ways_and_not_people(client: Client, school: Organisation, refused: Delivery) -> None:
    client.force_login(make_officer(school))
    for path in ("/admin/deliveries/", f"/admin/deliveries/inspect/{refused.pk}/"):
        text = text_of(client, path)
        assert "李**" in text
        assert "李小红" not in text
        assert "13900000418" not in text
        assert "网关说：INVALID_PHONE" in text
    text = text_of(client, "/admin/deliveries/?state=sent")
    assert "网关说：INVALID_PHONE" not in text
    assert "没送到的短信和邮件" in text_of(client, "/admin/")


def test_another_organisation_sees_nothing_of_it(client: Client, refused: Delivery) -> None:
    client.force_login(make_officer(make_organisation("别县家政公司")))
    assert "李**" not in text_of(client, "/admin/deliveries/")
    assert client.get(f"/admin/deliveries/inspect/{refused.pk}/").status_code == 404
    assert client.post(f"/admin/deliveries/{refused.pk}/retry/").status_code == 404


def test_the_office_sends_again(client: Client, school: Organisation, refused: Delivery) -> None:
    client.force_login(make_officer(school))
    assert client.get(f"/admin/deliveries/{refused.pk}/retry/").status_code == 405
    assert "再发一次" in text_of(client, f"/admin/deliveries/inspect/{refused.pk}/")
    assert client.post(f"/admin/deliveries/{refused.pk}/retry/").status_code == 302
    refused.refresh_from_db()
    assert refused.state == "queued"
    assert "排上了" in text_of(client, "/admin/")
    assert "再发一次" not in text_of(client, f"/admin/deliveries/inspect/{refused.pk}/")


def test_who_only_reads_cannot_send_again(client: Client, school: Organisation, refused: Delivery) -> None:
    client.force_login(make_officer(school, Role.APPROVER, (make_county(),)))
    assert "再发一次" not in text_of(client, f"/admin/deliveries/inspect/{refused.pk}/")
    assert client.post(f"/admin/deliveries/{refused.pk}/retry/").status_code == 403
    refused.refresh_from_db()
    assert refused.state == "refused"


def test_the_log_costs_the_same_for_many_rows(
    client: Client, school: Organisation, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make_officer(school))
    counts = []
    for number in (2, 18):
        for place in range(number):
            tell("van_comes", school, make_person(f"学员{number}{place}"))
        deliver_due(NOON)
        client.get("/admin/deliveries/")
        with django_assert_max_num_queries(30) as seen:
            text_of(client, "/admin/deliveries/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_quiet_hours_are_added_by_the_administrator_alone(client: Client, school: Organisation) -> None:
    region = make_county()
    facts = {"region": region.pk, "starts": "20:00", "ends": "09:00", "valid_from": "2026-01-01"}
    client.force_login(make_officer(school))
    assert client.post("/admin/quiet-hours/new/", facts).status_code == 403
    assert "20:00" not in text_of(client, "/admin/quiet-hours/")
    client.force_login(make_officer(school, Role.SYSTEM_ADMIN))
    assert client.post("/admin/quiet-hours/new/", facts).status_code == 302
    assert "20:00—09:00" in text_of(client, "/admin/quiet-hours/")
    again = client.post("/admin/quiet-hours/new/", facts)
    assert "时间重叠" in again.content.decode()


# Jobs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_the_end_of_a_job_is_told_to_who_started_it(
    client: Client, school: Organisation, monkeypatch: pytest.MonkeyPatch, state: JobState
) -> None:
    def plan(job: Any) -> Any:
        if state == JobState.FAILED:
            raise RuntimeError
        return []

    kind = JobKind("told", plan=plan, do_items=lambda job, keys: [])
    monkeypatch.setattr(job_kinds, "_items", {"told": kind})
    planner = make_officer(school)
    job = start_job("told", title="检查花名册", by=planner, at=NOON, organisation=school)
    carry_out(str(job.pk))
    carry_out(str(job.pk))
    deliver_due(timezone.now())
    message = Message.objects.get()
    assert (message.user, message.kind, message.about["state"]) == (planner, "job_finished", state)
    client.force_login(planner)
    assert "检查花名册" in text_of(client, "/me/messages/")
    assert client.post(f"{address(message)}go/").headers["Location"] == f"/admin/jobs/{job.pk}/"
    assert Delivery.objects.get(channel=Channel.EMAIL).reason == "opted_out"  # until she asks for mails
