"""The office's screens of one class: the list, enrolling from the roster, withdrawing, closing."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.enums import ClassState, EnrolmentState
from caravan.models import Enrolment
from caravan.services.enrolment import enrol_many, withdraw
from cms.enums import AffiliationKind, FileKind, ImportState, RowOutcome
from cms.models import DataImport, ImportRow, Person, StoredFile
from cms.roles import Role
from cms.services.affiliations import affiliate_many
from cms.services.memberships import grant_role, sync_roles
from cms.services.policies import load_policies
from tests.caravan.roll_world import (
    NOW,
    give_document,
    make_class,
    make_organisation,
    make_people,
    make_person,
    make_planner,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def before_the_class():
    sync_roles()
    with time_machine.travel(NOW):
        yield


def on_roster(people: list[Person], organisation) -> list[Person]:
    affiliate_many(
        people, organisation, AffiliationKind.ROSTER, region_code=organisation.region_code, source="", at=NOW
    )
    return people


def office(training_class) -> Client:
    client = Client()
    client.force_login(make_planner(training_class.organisation))
    return client


def list_url(training_class) -> str:
    return reverse("caravan_class_enrolments", args=[training_class.pk])


def people_url(training_class) -> str:
    return reverse("caravan_class_enrol_people", args=[training_class.pk])


def test_the_list_shows_states_numbers_and_masked_documents() -> None:
    training_class = make_class(capacity=1)
    person = make_person("马兰英")
    give_document(person, "4408")
    enrol_many([person, *make_people(1)], training_class, by=None, at=NOW)
    page = office(training_class).get(list_url(training_class)).content.decode()
    assert "马兰英" in page
    assert "9****************8" in page
    assert "候补 1 号" in page
    only = office(training_class).get(list_url(training_class), {"state": "waiting"}).content.decode()
    assert "马兰英" not in only


def test_chosen_people_are_enrolled_and_each_outcome_is_told() -> None:
    training_class = make_class(capacity=2)
    people = on_roster(
        [*make_people(3), make_person("小囡", birth=dt.date(2015, 1, 1))], training_class.organisation
    )
    client = office(training_class)
    answer = client.post(people_url(training_class), {"person": [one.pk for one in people], "override": ""})
    page = answer.content.decode()
    assert (page.count("报上了，学号"), page.count("排在候补里"), page.count("要满 16 岁")) == (2, 1, 1)
    assert "小囡" in page
    assert Enrolment.objects.filter(training_class=training_class).count() == 3
    assert people[0].legal_name not in client.get(people_url(training_class)).content.decode()


def test_a_reason_sets_the_age_aside() -> None:
    training_class = make_class()
    [child] = on_roster([make_person(birth=dt.date(2015, 1, 1))], training_class.organisation)
    office(training_class).post(
        people_url(training_class), {"person": [child.pk], "override": "跟着妈妈听课"}
    )
    assert Enrolment.objects.get(person=child).state == EnrolmentState.ENROLLED


def test_a_roster_is_enrolled_as_a_whole_and_nobody_beside_it() -> None:
    training_class = make_class()
    organisation = training_class.organisation
    people = on_roster(make_people(5), organisation)
    planner = make_planner(organisation)
    file = StoredFile.objects.create(
        kind=FileKind.ROSTER, name="三月.xlsx", content_type="x", size=1, sha256="0" * 64, created_at=NOW
    )
    upload = DataImport.objects.create(
        file=file, organisation=organisation, created_by=planner, created_at=NOW, state=ImportState.IMPORTED
    )
    for number, person in enumerate(people[:3]):
        ImportRow.objects.create(upload=upload, number=number, outcome=RowOutcome.NEW, person=person)
    for state in (ImportState.UNREADABLE, ImportState.CHECKED):
        other = StoredFile.objects.create(
            kind=FileKind.ROSTER,
            name=f"{state}.xlsx",
            content_type="x",
            size=1,
            sha256="1" * 64,
            created_at=NOW,
        )
        DataImport.objects.create(
            file=other, organisation=organisation, created_by=planner, created_at=NOW, state=state
        )
    client = Client()
    client.force_login(planner)
    url = f"{people_url(training_class)}?roster={upload.pk}"
    page = client.get(url).content.decode()
    assert "三月.xlsx" in page and "checked.xlsx" not in page and "unreadable.xlsx" not in page
    page = client.post(url, {"whole": "1", "override": ""}).content.decode()
    assert "要给 3 个人报名" in page
    assert not Enrolment.objects.exists(), "asked first"
    page = client.post(url, {"whole": "1", "sure": "1", "override": ""}).content.decode()
    assert f"?roster={upload.pk}" in page, "going on keeps the roster"
    assert set(Enrolment.objects.values_list("person", flat=True)) == {one.pk for one in people[:3]}


def test_people_of_others_cannot_be_enrolled_by_a_forged_form() -> None:
    training_class = make_class()
    [stranger] = on_roster(make_people(1), make_organisation())
    client = office(training_class)
    client.post(people_url(training_class), {"person": [stranger.pk], "override": ""})
    client.post(people_url(training_class), {"person": ["x", ""], "override": ""})
    assert not Enrolment.objects.exists()


def test_withdrawing_needs_a_reason_and_an_offer_is_accepted_for_somebody() -> None:
    training_class = make_class(capacity=1)
    first, second = (one.enrolment for one in enrol_many(make_people(2), training_class, by=None, at=NOW))
    client = office(training_class)
    url = reverse("caravan_class_withdraw", args=[training_class.pk, first.pk])
    assert client.post(url, {"reason": ""}).status_code == 200
    assert client.post(url, {"reason": "电话里说不来了"}).status_code == 302
    first.refresh_from_db()
    assert (first.state, first.end_reason) == (EnrolmentState.WITHDRAWN, "电话里说不来了")
    assert client.get(url).status_code == 404
    accept = reverse("caravan_class_accept", args=[training_class.pk, second.pk])
    assert client.get(accept).status_code == 405
    client.post(accept)
    second.refresh_from_db()
    assert second.state == EnrolmentState.ENROLLED


def test_closing_from_the_office() -> None:
    training_class = make_class(state=ClassState.FILED)
    enrol_many(make_people(2), training_class, by=None, at=NOW)
    training_class.state = ClassState.RUNNING
    training_class.save()
    client = office(training_class)
    url = reverse("caravan_class_close", args=[training_class.pk])
    assert "理论还没考" in client.get(url).content.decode()
    client.post(url, {"step": "end_teaching", "reason": ""})
    assert "缺成绩" in client.post(url, {"step": "close", "reason": ""}).content.decode()
    client.post(url, {"step": "close", "reason": "没有人来考"})
    training_class.refresh_from_db()
    assert training_class.state == ClassState.CLOSED
    page = client.get(url).content.decode()
    assert "结业 0 人，未结业 2 人" in page
    assert "还差" not in page, "the result stands in place of what was lacking"


def test_who_lacks_hours_is_named_beforehand_and_needs_no_reason() -> None:
    unscored = {"theory_pass_score": None, "practice_pass_score": None}
    training_class = make_class(versions=[make_version(**unscored), make_version(**unscored)])
    enrol_many(make_people(2), training_class, by=None, at=NOW)
    training_class.state = ClassState.ASSESSING
    training_class.save()
    client = office(training_class)
    url = reverse("caravan_class_close", args=[training_class.pk])
    assert "2 个人会记成未结业。缺学时不用写原因" in client.get(url).content.decode()
    client.post(url, {"step": "close", "reason": ""})
    training_class.refresh_from_db()
    assert training_class.state == ClassState.CLOSED
    page = client.get(url).content.decode()
    assert (page.count("未结业"), page.count("未合格")) == (1 + 4, 4), (
        "each person's result, and each course's"
    )


@pytest.mark.parametrize(
    "name", ["caravan_class_enrolments", "caravan_class_enrol_people", "caravan_class_close"]
)
def test_out_of_scope_is_404_and_no_right_is_403(name: str) -> None:
    training_class = make_class()
    url = reverse(name, args=[training_class.pk])
    assert office(make_class()).get(url).status_code == 404
    auditor = make_user()
    from cms.models import Region

    county = Region.objects.create(code="990101000000", name="星河县", level=3, valid_from=NOW.date())
    grant_role(
        auditor, Role.AUDITOR, make_organisation(), by=None, at=NOW, regions=[county],
        valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2030, 1, 1),
    )  # fmt: skip
    client = Client()
    client.force_login(auditor)
    page = client.get(url)
    if name == "caravan_class_enrolments":
        assert page.status_code == 200
        assert "从花名册报名" not in page.content.decode()
    else:
        # Wagtail's own guard turns 403 in the back office into its home page with a message.
        assert page.status_code == 403
        assert client.post(url, {"step": "close", "whole": "1"}).status_code == 403
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize(
    "name", ["caravan_class_enrolments", "caravan_class_enrol_people", "caravan_class_close"]
)
def test_as_many_queries_for_20_as_for_2(name: str) -> None:
    def queries(count: int) -> int:
        training_class = make_class(capacity=count, state=ClassState.FILED)
        people = on_roster(make_people(count * 2), training_class.organisation)
        outcomes = enrol_many(people[: count + 2], training_class, by=None, at=NOW)
        withdraw(outcomes[0].enrolment, reason="", by=None, at=NOW)
        training_class.state = ClassState.RUNNING
        training_class.save()
        client = office(training_class)
        client.get(reverse(name, args=[training_class.pk]))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse(name, args=[training_class.pk])).status_code == 200
        return len(caught)

    assert queries(3) == queries(20)


def test_papers_signed_are_recorded_with_the_enrolment_and_without_them_nobody_enters() -> None:
    load_policies(since=NOW.date(), by=None, at=NOW)
    training_class = make_class()
    [person] = on_roster(make_people(1), training_class.organisation)
    client = office(training_class)
    data = {"person": [person.pk], "override": "跟着妈妈听课"}
    page = client.post(people_url(training_class), data).content.decode()
    assert "还没有同意要签的说明" in page, "no reason sets a consent aside"
    assert "请先看" not in page, "the planner is told what she can do"
    assert "有 1 个人还没有同意" in client.post(people_url(training_class), {"whole": "1"}).content.decode()
    papers = {"whole": "1", "paper": "on", "signed_on": NOW.date().isoformat()}
    assert "<dt>能报上</dt><dd>1<" in client.post(people_url(training_class), papers).content.decode()
    page = client.post(people_url(training_class), {**data, "paper": "on", "signed_on": ""}).content.decode()
    assert "请填纸上的签字日期" in page
    assert f'value="{person.pk}" id="person-{person.pk}" checked' in page, "the ticks stay"
    assert not Enrolment.objects.exists()
    client.post(people_url(training_class), {**data, "paper": "on", "signed_on": NOW.date().isoformat()})
    assert Enrolment.objects.get(person=person).state == EnrolmentState.ENROLLED
    kept = person.consents.exclude(given_by=None).values_list("way", "kept_by")
    assert list(kept) == [("paper", training_class.organisation_id)] * 2


def test_enrolling_all_asks_with_seats_queue_and_refusals_named() -> None:
    training_class = make_class(capacity=2)
    child = make_person("小囡", birth=dt.date(2015, 1, 1))
    on_roster([*make_people(3), child], training_class.organisation)
    client = office(training_class)
    page = client.post(people_url(training_class), {"whole": "1"}).content.decode()
    told = [
        f"<dt>{label}</dt><dd>{n}"
        for label, n in [("空着的名额", 2), ("能报上", 2), ("要候补", 1), ("不能报", 1)]
    ]
    assert all(one in page for one in told)
    assert "都会收到消息" in page
    done = client.post(people_url(training_class), {"whole": "1", "sure": "1"}).content.decode()
    assert (done.count("报上了，学号"), done.count("排在候补里"), done.count("要满 16 岁")) == (2, 1, 1)
