"""The public pages of courses ask the database as often for the whole catalogue as for two courses."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.importers import read_catalogue
from courses.models import CoursePage
from courses.services.catalogue import MENUS_FILE, load_catalogue, load_menus
from tests.courses.conftest import AT
from tests.courses.test_public_pages import page

pytestmark = pytest.mark.django_db


def queries(client, address: str) -> int:
    page(client, address)  # fills Wagtail's own caches
    with CaptureQueriesContext(connection) as captured:
        page(client, address)
    return len(captured)


def test_two_courses_and_28_cost_the_same_queries(home, client):
    addresses = ["/courses/", "/courses/?caravan=1&q=家政", "/", "/courses/jz-001/"]
    rows = read_catalogue()
    load_catalogue(rows[:2], by=None, at=AT)
    few = [queries(client, address) for address in addresses]
    load_catalogue(rows, by=None, at=AT)
    assert CoursePage.objects.count() == 28
    assert [queries(client, address) for address in addresses] == few


def test_seven_menus_cost_no_more_than_one(home, client):
    load_catalogue(read_catalogue(), by=None, at=AT)
    menus = json.loads(MENUS_FILE.read_text(encoding="utf-8"))
    load_menus(menus[:1], by=None, at=AT)
    few = queries(client, "/courses/")
    load_menus(menus, by=None, at=AT)
    assert queries(client, "/courses/") == few
