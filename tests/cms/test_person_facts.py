"""Facts with days and moments: what is true on a day, and what was known at a moment."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.enums import Education, EmploymentModel, HealthCheckClass, PersonGroup
from cms.errors import DomainError
from cms.models import (
    EducationRecord,
    GroupTag,
    HealthCertificate,
    InPostPeriod,
    Organisation,
    Person,
)
from cms.roles import Role
from cms.services.education import record_education
from cms.services.health import record_health_certificate
from cms.services.memberships import sync_roles
from cms.services.person_facts import end_in_post, record_in_post, tag_group
from tests.cms.test_merging_backoffice import register, school, staff, walk_in

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 1, 2, 0, tzinfo=dt.UTC)
DAY = dt.date(2025, 1, 1)
FACTS = (InPostPeriod, GroupTag, HealthCertificate, EducationRecord)


@pytest.fixture
def ours() -> Organisation:
    return school()


def work(person: Person, ours: Organisation, at: dt.datetime, day: dt.date, n: int) -> None:
    open_one = InPostPeriod.objects.current().filter(person=person, ended_on=None).first()
    if open_one is not None:
        end_in_post(open_one, ended_on=max(day, open_one.started_on), by=None, at=at)
    else:
        record_in_post(
            person, ours, employment_model=EmploymentModel.EMPLOYEE, started_on=day, ended_on=None,
            region_code=ours.region_code, by=None, at=at,
        )  # fmt: skip


def tag(person: Person, ours: Organisation, at: dt.datetime, day: dt.date, n: int) -> None:
    tag_group(
        person, PersonGroup.RURAL_TRANSFER, ours, proof_number=str(n), checked_by="", checked_on=None, valid_from=day,
        valid_until=day + dt.timedelta(days=n * 100), region_code=ours.region_code, by=None, at=at,
    )  # fmt: skip


def check(person: Person, ours: Organisation, at: dt.datetime, day: dt.date, n: int) -> None:
    record_health_certificate(
        person, ours, check_class=HealthCheckClass.GENERAL, issued_on=day, has_passed=n > 1, by=None, at=at,
        valid_until=day + dt.timedelta(days=n * 100), region_code=ours.region_code,
    )  # fmt: skip


def learn(person: Person, ours: Organisation, at: dt.datetime, day: dt.date, n: int) -> None:
    record_education(
        person, ours, education=[Education.JUNIOR, Education.SENIOR, Education.MASTER][n - 1], major="",
        finished_on=day if n > 1 else None, by=None, at=at,
    )  # fmt: skip


def seen(person: Person, rows: Any, day: dt.date) -> dict[str, set[int]]:
    """Return what each kind of fact says of ``day``, by key."""
    return {
        model.__name__: set(rows(model).valid_on(day).filter(person=person).values_list("pk", flat=True))
        for model in FACTS
    }


steps = st.lists(
    st.tuples(st.sampled_from([work, tag, check, learn]), st.integers(0, 300), st.integers(1, 3)), max_size=8
)


@settings(max_examples=25)
@given(steps=steps, day=st.integers(0, 400))
def test_what_was_known_stays_known(ours: Organisation, steps: list[Any], day: int) -> None:
    """Whatever is recorded later, "true on a day as known then" answers as it did then."""
    on = DAY + dt.timedelta(days=day)
    with transaction.atomic():
        person = walk_in(ours)
        then = []
        for number, (act, since, n) in enumerate(steps):
            at = START + dt.timedelta(hours=number)
            try:
                act(person, ours, at, DAY + dt.timedelta(days=since), n)
            except DomainError as error:
                assert error.code == "in_post_overlap"
            then.append((at, seen(person, lambda model: model.objects.current(), on)))
        for at, answer in then:
            assert seen(person, lambda model, at=at: model.objects.known_at(at), on) == answer
            later = at + dt.timedelta(minutes=59)
            assert seen(person, lambda model, at=later: model.objects.known_at(at), on) == answer
        assert not any(
            seen(person, lambda model: model.objects.known_at(START - dt.timedelta(1)), on).values()
        )
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("day", "holds"),
    [(DAY - dt.timedelta(1), False), (DAY, True), (dt.date(2026, 1, 1), True), (dt.date(2026, 1, 2), False)],
)
def test_both_ends_are_inclusive(ours: Organisation, day: dt.date, holds: bool) -> None:
    person = walk_in(ours)
    check(person, ours, START, DAY, 1)
    HealthCertificate.objects.update(valid_until=dt.date(2026, 1, 1))
    assert HealthCertificate.objects.current().valid_on(day).exists() is holds


def test_the_person_shows_the_highest_current_level(ours: Organisation) -> None:
    person = register(ours, education=Education.SENIOR)
    first = EducationRecord.objects.get()
    assert (first.education, first.organisation) == (Education.SENIOR, ours)

    def record(education: str, **more: Any) -> EducationRecord:
        facts: dict[str, Any] = {"major": "", "finished_on": None, "by": None, "at": START} | more
        return record_education(person, ours, education=education, **facts)

    shown = []
    dated = record(Education.SENIOR, major="护理", finished_on=DAY)
    shown.append(Person.objects.get().education)
    record(Education.JUNIOR)
    shown.append(Person.objects.get().education)
    record(Education.JUNIOR_COLLEGE, replaces=dated)
    shown.append(Person.objects.get().education)
    assert shown == [Education.SENIOR, Education.SENIOR, Education.JUNIOR_COLLEGE]
    first.refresh_from_db()
    dated.refresh_from_db()
    assert first.superseded_at == dated.superseded_at == START
    with pytest.raises(DomainError) as refused:
        record(Education.MASTER, replaces=first)
    assert refused.value.code == "education_replaced"
    assert record(Education.JUNIOR) == record(Education.JUNIOR)


@pytest.mark.parametrize(
    ("issued", "until", "code"),
    [
        (DAY, DAY - dt.timedelta(1), "health_order"),
        (dt.date(2027, 1, 1), dt.date(2028, 1, 1), "health_future"),
    ],
)
def test_impossible_certificates_are_refused(
    ours: Organisation, issued: dt.date, until: dt.date, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        record_health_certificate(
            walk_in(ours), ours, check_class=HealthCheckClass.GENERAL, issued_on=issued, valid_until=until,
            has_passed=True, region_code="", by=None, at=START,
        )  # fmt: skip
    assert refused.value.code == code


def test_the_forms_record_and_the_page_shows_only_ones_own(client: Client, ours: Organisation) -> None:
    sync_roles()
    other = school("别县学校", "BX", "990202000000")
    person = register(ours)
    register(other)
    check(person, other, START, DAY, 1)
    client.force_login(staff("planner", Role.PLANNER, ours))
    facts = {"organisation": ours.pk, "issued_on": "2026-03-01", "valid_until": "2027-02-28"}
    answer = client.post(
        f"/admin/people/{person.pk}/health/", {**facts, "check_class": "mother_baby", "has_passed": "yes"}
    )
    assert answer.status_code == 302
    facts = {"organisation": ours.pk, "education": "senior", "major": "护理", "finished_on": "2010-07-01"}
    assert client.post(f"/admin/people/{person.pk}/education/", facts).status_code == 302
    page = client.get(f"/admin/people/inspect/{person.pk}/").content.decode()
    assert "母婴照护" in page
    assert "护理" in page
    assert "一般家政服务" not in page
    assert "别县学校" not in page
