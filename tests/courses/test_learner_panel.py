"""What a trainee is told about the course being learned."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from cms.models import Person
from courses.enums import Component
from courses.panels import CurrentRecordsPanel
from courses.services.assessments import record_score
from courses.services.records import abandon_record, record_component
from courses.services.versions import create_course
from tests.courses.conftest import AT

pytestmark = pytest.mark.django_db


def shown(person: Person) -> str:
    request = RequestFactory().get("/me/")
    panel = CurrentRecordsPanel()
    with translation.override("zh-hans"):
        html = render_to_string(panel.template, panel.context(request, person))
    return " ".join(html.split())


def test_hours_by_kind_and_what_is_missing(person, version, open_for):
    record = open_for(person, version)
    for component, value in (
        (Component.THEORY_HOURS, 24),
        (Component.PRACTICE_HOURS, 42),
        (Component.COMMUNITY_HOURS, 8),
    ):
        record_component(record, component, D(value), evidence="", by=None, at=AT)
    record_score(record, Component.THEORY_SCORE, D(55), evidence="", by=None, at=AT)
    html = shown(person)
    for words in (
        "80 学时，学了 74",
        "<b>还差实操 6 学时</b>",
        "42 / 48 学时",
        "还差 6",
        "学完了",
        "55 分，要 60 分",
        "要补考",
        "还没考",
    ):
        assert words in html


def test_only_ones_own_open_records_are_shown(person, version, open_for):
    other = Person.objects.create(legal_name="别人")
    open_for(other, version)
    record = open_for(person, version)
    assert version.title in shown(person)
    abandon_record(record, ended_on=AT.date(), reason="退学", by=None, at=AT)
    assert shown(person) == ""


def test_many_records_cost_the_same_queries(
    person, version, open_for, make_standard, django_assert_num_queries
):
    request = RequestFactory().get("/me/")
    open_for(person, version)
    with django_assert_num_queries(2):  # records with their versions, components
        CurrentRecordsPanel().context(request, person)
    for number in range(20):
        course = create_course(f"T-{number}", make_standard(), is_on_caravan=False, by=None, at=AT)
        open_for(person, course.versions.get())
    with django_assert_num_queries(2):
        assert len(CurrentRecordsPanel().context(request, person)["records"]) == 21
