"""The roll in Chromium on a phone, with the script and without it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from caravan.enums import ClassState, Mark
from caravan.models import AttendanceEvent, AttendanceMark
from cms.roles import Role
from cms.services.memberships import grant_role
from tests.caravan.roll_world import give_document, make_class, make_enrolment, make_session
from tests.harness.browser import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def session():
    now = timezone.now()
    session = make_session(
        make_class(state=ClassState.RUNNING), starts_at=now - dt.timedelta(minutes=10),
        ends_at=now + dt.timedelta(hours=3),
    )  # fmt: skip
    trainer = session.trainer.user
    grant_role(trainer, Role.TRAINER, session.training_class.organisation, by=None, at=now)
    for last_four in ("4408", "1183", "7730"):
        give_document(make_enrolment(session.training_class).person, last_four)
    return session


def test_a_tap_folds_the_row_without_leaving_the_page(
    phone, session, sign_in_page, assert_accessible
) -> None:
    sign_in_page(phone, session.trainer.user)
    phone.goto(f"/field/sessions/{session.pk}/")
    assert_accessible(phone)
    phone.evaluate("window.stayed = true")
    phone.locator("[data-open] [data-row] >> nth=1").get_by_role("button", name="迟到").dblclick()
    phone.wait_for_selector("[data-marked] [data-row]")
    assert phone.evaluate("window.stayed")
    assert phone.locator("[data-open] [data-row]").count() == 2
    assert phone.locator("[data-counts]").inner_text().split()[:2] == ["2", "没点"]
    assert_accessible(phone)
    assert list(AttendanceMark.objects.values_list("mark", flat=True)) == [Mark.LATE]
    assert AttendanceEvent.objects.count() == 1


def test_an_answer_that_never_came_is_sent_again_and_counted_once(phone, session, sign_in_page) -> None:
    sign_in_page(phone, session.trainer.user)
    phone.goto(f"/field/sessions/{session.pk}/")
    # The server takes the tap, the answer is lost on the way: the plain form sends the same event again.
    phone.route("**/events/", lambda route: (route.fetch(), route.abort()), times=1)
    phone.locator("[data-open] [data-row] >> nth=0").get_by_role("button", name="到", exact=True).click()
    phone.wait_for_selector("[data-marked] [data-row]")
    assert AttendanceEvent.objects.count() == 1


def test_it_works_without_script(open_page, session, sign_in_page) -> None:
    page = open_page(**PHONE, java_script_enabled=False)
    sign_in_page(page, session.trainer.user)
    page.goto(f"/field/sessions/{session.pk}/")
    page.get_by_role("button", name="缺勤").first.click()
    page.wait_for_url("**#row-*")
    assert list(AttendanceMark.objects.values_list("mark", flat=True)) == [Mark.ABSENT]
    assert page.locator("[data-marked] [data-row]").count() == 1
