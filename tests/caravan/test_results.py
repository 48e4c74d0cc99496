"""Scores: only by an assessor who did not teach the class; all of a page or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.enums import ClassState, SessionKind, StaffRole
from caravan.services.enrolment import enrol_many
from caravan.services.results import Score, record_results
from cms.errors import DomainError
from cms.roles import Role
from cms.services.memberships import grant_role
from courses.enums import Component
from courses.models import RecordComponent, TrainingRecord
from courses.services.assessments import record_score
from tests.caravan.roll_world import (
    NOW,
    assign,
    make_class,
    make_people,
    make_session,
    make_trainer,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def make_assessor(training_class):
    user = make_user("考评员")
    grant_role(user, Role.ASSESSOR, training_class.organisation, by=None, at=NOW, valid_from=NOW.date())
    assign(training_class, user, StaffRole.ASSESSOR)
    return user


@pytest.fixture
def training_class():
    training_class = make_class(
        versions=[
            make_version("急救"),
            make_version("讲座", theory_pass_score=None, practice_pass_score=None),
            make_version("收纳", theory_pass_score=None),
        ]
    )
    enrol_many(make_people(3), training_class, by=None, at=NOW)
    training_class.state = ClassState.ASSESSING
    training_class.save()
    return training_class


@pytest.fixture
def assessor(client, training_class):
    client.force_login(make_assessor(training_class))
    return client


def url(training_class) -> str:
    return reverse("caravan:results", args=[training_class.class_no])


def names(client, training_class) -> list[str]:
    return list(client.get(url(training_class)).context["form"].fields)


def test_the_table_has_a_field_for_each_score_asked(assessor, training_class) -> None:
    assert len(names(assessor, training_class)) == 3 * 3
    page = assessor.get(url(training_class)).content.decode()
    assert "60 分合格" in page


def test_scores_are_stored_and_shown_again(assessor, training_class) -> None:
    theory, practice, tidy, *_rest = names(assessor, training_class)
    answer = assessor.post(url(training_class), {theory: "88.5", practice: "60", tidy: ""})
    assert answer.status_code == 302
    assert sorted(RecordComponent.objects.values_list("component", "value")) == [
        ("practice_score", Decimal("60.0")), ("theory_score", Decimal("88.5")),
    ]  # fmt: skip
    assert 'value="88.5"' in assessor.get(url(training_class)).content.decode()
    assert RecordComponent.objects.first().evidence == training_class.class_no


def test_one_bad_score_stores_nothing_and_everything_typed_stays(assessor, training_class) -> None:
    theory, practice, tidy, *_rest = names(assessor, training_class)
    page = assessor.post(url(training_class), {theory: "90", practice: "101", tidy: "七十"}).content.decode()
    assert not RecordComponent.objects.exists()
    for typed in ("90", "101", "七十"):
        assert f'value="{typed}"' in page
    assert "还有 2 处要改" in page
    assert page.count("填 0 到 100") >= 4  # twice in the summary, twice at the fields


@pytest.mark.parametrize("typed", ["-1", "100.5", "88.25", "88.3", "NaN", "1e5"])
def test_a_score_is_0_to_100_in_half_points(assessor, training_class, typed: str) -> None:
    theory = names(assessor, training_class)[0]
    assert assessor.post(url(training_class), {theory: typed}).status_code == 200
    assert not RecordComponent.objects.exists()


def test_a_resit_replaces_and_nothing_is_emptied(assessor, training_class) -> None:
    theory = names(assessor, training_class)[0]
    assessor.post(url(training_class), {theory: "40"})
    assert "不能空着" in assessor.post(url(training_class), {theory: ""}).content.decode()
    assessor.post(url(training_class), {theory: "72"})
    current = RecordComponent.objects.get(superseded_at__isnull=True)
    assert current.value == 72
    assert RecordComponent.objects.count() == 2


def test_who_taught_the_class_is_refused_in_words(client, training_class) -> None:
    user = make_assessor(training_class)
    make_session(training_class, trainer=make_trainer(training_class.organisation, user))
    client.force_login(user)
    page = client.get(url(training_class)).content.decode()
    assert "您给这个班上过课" in page
    assert '<input type="text"' not in page
    assert client.post(url(training_class), {}).status_code == 403


def test_who_holds_the_assessment_itself_enters_its_scores(client, training_class) -> None:
    user = make_assessor(training_class)
    make_session(
        training_class, trainer=make_trainer(training_class.organisation, user), kind=SessionKind.ASSESSMENT,
        hours=Decimal(0),
    )  # fmt: skip
    client.force_login(user)
    theory = names(client, training_class)[0]
    assert client.post(url(training_class), {theory: "88"}).status_code == 302
    assert RecordComponent.objects.get().value == 88


def test_the_registry_refuses_who_taught_whatever_the_screen(training_class) -> None:
    trainer = make_session(training_class).trainer.user
    record = TrainingRecord.objects.filter(source__endswith=training_class.class_no).first()
    with pytest.raises(DomainError) as refused:
        record_score(record, Component.THEORY_SCORE, Decimal(80), evidence="", by=trainer, at=NOW)
    assert refused.value.code == "assessor_conflict"


def test_only_an_assessor_of_this_class_opens_the_table(client, training_class) -> None:
    client.force_login(make_user())
    assert client.get(url(training_class)).status_code == 403
    client.force_login(make_assessor(make_class()))
    assert client.get(url(training_class)).status_code == 404
    colleague = make_user()
    grant_role(colleague, Role.ASSESSOR, training_class.organisation, by=None, at=NOW, valid_from=NOW.date())
    assign(training_class, colleague, StaffRole.INVIGILATOR)
    client.force_login(colleague)
    assert client.get(url(training_class)).status_code == 403


@pytest.mark.parametrize("state", [ClassState.FILED, ClassState.CLOSED, ClassState.CANCELLED])
def test_a_class_outside_its_time_takes_no_score(assessor, training_class, state: ClassState) -> None:
    theory = names(assessor, training_class)[0]
    training_class.state = state
    training_class.save()
    assert 'inputmode="decimal"' not in assessor.get(url(training_class)).content.decode()
    assert "不能登记成绩" in assessor.post(url(training_class), {theory: "80"}).content.decode()
    assert not RecordComponent.objects.exists()


def test_the_service_stores_all_or_none(training_class) -> None:
    assessor = make_assessor(training_class)
    record = TrainingRecord.objects.filter(course_version__title="急救").first()
    lecture = TrainingRecord.objects.filter(course_version__title="讲座").first()
    scores = [
        Score("a", record, Component.THEORY_SCORE, Decimal(80)),
        Score("b", lecture, Component.THEORY_SCORE, Decimal(80)),
    ]
    with pytest.raises(DomainError) as refused:
        record_results(training_class, scores, by=assessor, at=NOW)
    assert [(one.code, one.field) for one in refused.value.refusals] == [("score_not_asked", "b")]
    assert not RecordComponent.objects.exists()


def test_as_many_queries_for_20_as_for_2() -> None:
    from django.test import Client

    def queries(people: int) -> int:
        training_class = make_class(state=ClassState.RUNNING)
        enrol_many(make_people(people), training_class, by=None, at=NOW)
        client = Client()
        client.force_login(make_assessor(training_class))
        client.get(url(training_class))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url(training_class)).status_code == 200
        return len(caught)

    assert queries(2) == queries(20)
