"""The roll on the phone: every tap works as a plain form, once, and only for those with the duty."""

from __future__ import annotations

import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.enums import ClassState, EnrolmentState, Mark, StaffRole
from caravan.models import AttendanceEvent, AttendanceMark
from cms.roles import Role
from cms.services.memberships import grant_role
from tests.caravan.roll_world import (
    NOW,
    assign,
    give_document,
    make_class,
    make_enrolment,
    make_person,
    make_session,
    make_user,
    moment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    session = make_session(make_class(state=ClassState.RUNNING))
    grant_role(
        session.trainer.user, Role.TRAINER, session.training_class.organisation, by=None, at=NOW,
        valid_from=NOW.date(),
    )  # fmt: skip
    return session


@pytest.fixture(autouse=True)
def in_class():
    with time_machine.travel(moment(14, 8, 42)):
        yield


@pytest.fixture
def trainer(client, session):
    client.force_login(session.trainer.user)
    return client


def tap(client, session, enrolment, mark=Mark.PRESENT, client_id=None, **headers):
    data = {"enrolment": enrolment.pk, "mark": mark, "client_id": client_id or uuid.uuid4()}
    return client.post(reverse("caravan:roll_event", args=[session.pk]), data, **headers)


def test_the_field_page_lists_today_open_and_coming_sessions(trainer, session) -> None:
    make_session(
        session.training_class,
        trainer=session.trainer,
        content="昨天没点完",
        starts_at=moment(13, 8),
        ends_at=moment(13, 9),
    )
    make_session(
        session.training_class,
        trainer=session.trainer,
        content="明天的课",
        starts_at=moment(15, 8),
        ends_at=moment(15, 9),
    )
    make_session(session.training_class, content="别人的课")
    page = trainer.get(reverse("caravan:field")).content.decode()
    assert [name in page for name in ("居家安全与急救", "昨天没点完", "明天的课", "别人的课")] == [
        True,
        True,
        True,
        False,
    ]


def test_the_roll_shows_names_and_last_four_never_a_number(trainer, session) -> None:
    person = make_person("马兰英", phone="13900000417")
    give_document(person, "4408")
    make_enrolment(session.training_class, person)
    make_enrolment(session.training_class, make_person("候补的人"), EnrolmentState.WAITING)
    page = trainer.get(reverse("caravan:roll", args=[session.pk])).content.decode()
    assert "马兰英" in page
    assert "尾号 4408" in page
    assert "13900000417" not in page
    assert "候补的人" not in page


def test_a_tap_marks_and_comes_back_to_the_row(trainer, session) -> None:
    enrolment = make_enrolment(session.training_class)
    answer = tap(trainer, session, enrolment, Mark.LATE)
    assert answer.status_code == 302
    assert answer.url.endswith(f"#row-{enrolment.pk}")
    assert AttendanceMark.objects.get().mark == Mark.LATE


def test_a_double_tap_is_one_event(trainer, session) -> None:
    enrolment, client_id = make_enrolment(session.training_class), uuid.uuid4()
    tap(trainer, session, enrolment, client_id=client_id)
    tap(trainer, session, enrolment, client_id=client_id)
    assert AttendanceEvent.objects.count() == 1


def test_a_tap_on_a_stale_page_keeps_the_mark_and_says_so(trainer, session) -> None:
    enrolment = make_enrolment(session.training_class)
    tap(trainer, session, enrolment, Mark.ABSENT)
    tap(trainer, session, enrolment, Mark.PRESENT)
    assert AttendanceMark.objects.get().mark == Mark.ABSENT
    assert "已经点过" in trainer.get(reverse("caravan:roll", args=[session.pk])).content.decode()


def test_the_script_gets_the_row_and_the_counts(trainer, session) -> None:
    enrolment = make_enrolment(session.training_class)
    make_enrolment(session.training_class)
    part = tap(trainer, session, enrolment, headers={"X-Part": "row"}).content.decode()
    assert "<html" not in part
    assert "is-marked" in part
    assert "<b>1</b>没点" in part


def test_nobody_elses_roll_can_be_seen_or_marked(client, session) -> None:
    enrolment = make_enrolment(session.training_class)
    url = reverse("caravan:roll", args=[session.pk])
    assert client.get(url).status_code == 302
    stranger = make_session(make_class()).trainer.user
    client.force_login(stranger)
    assert client.get(url).status_code == 403  # no role at all
    grant_role(stranger, Role.TRAINER, make_class().organisation, by=None, at=NOW, valid_from=NOW.date())
    assert client.get(url).status_code == 404
    assert tap(client, session, enrolment).status_code == 404
    assign(session.training_class, stranger, StaffRole.INVIGILATOR)
    assert client.get(url).status_code == 403
    assert tap(client, session, enrolment).status_code == 403
    assert not AttendanceEvent.objects.exists()


def test_bad_taps_change_nothing(trainer, session) -> None:
    other = make_enrolment(make_class())
    assert tap(trainer, session, other).status_code == 404
    enrolment = make_enrolment(session.training_class)
    assert tap(trainer, session, enrolment, mark="vanished").status_code == 404
    assert tap(trainer, session, enrolment, client_id="no-uuid").status_code == 404
    assert trainer.get(reverse("caravan:roll_event", args=[session.pk])).status_code == 405
    assert not AttendanceEvent.objects.exists()


def test_a_correction_needs_its_reason_and_shows_what_was_said(trainer, session) -> None:
    enrolment = make_enrolment(session.training_class)
    tap(trainer, session, enrolment, Mark.ABSENT)
    url = reverse("caravan:roll_correct", args=[session.pk, enrolment.pk])
    page = trainer.get(url)
    client_id = page.context["form"]["client_id"].value()
    refused = trainer.post(url, {"mark": "present", "reason": "", "client_id": client_id})
    assert "请填“原因”" in refused.content.decode()
    trainer.post(url, {"mark": "present", "reason": "坐在后排没看见", "client_id": client_id})
    mark = AttendanceMark.objects.get()
    assert (mark.mark, mark.is_corrected) == (Mark.PRESENT, True)
    page = trainer.get(url).content.decode()
    assert "坐在后排没看见" in page
    trainer.post(url, {"mark": "withdraw", "reason": "不是她", "client_id": uuid.uuid4()})
    assert not AttendanceMark.objects.exists()


def test_closing_says_who_is_left_and_marks_them(trainer, session) -> None:
    here, gone = make_enrolment(session.training_class), make_enrolment(session.training_class)
    tap(trainer, session, here)
    url = reverse("caravan:roll_close", args=[session.pk])
    assert gone.person.legal_name in trainer.get(url).content.decode()
    assert "请选" in trainer.post(url, {}).content.decode()
    assert trainer.post(url, {"rest": "absent"}).status_code == 302
    session.refresh_from_db()
    assert session.roll_closed_at is not None
    assert AttendanceMark.objects.get(enrolment=gone).mark == Mark.ABSENT
    page = trainer.get(reverse("caravan:roll", args=[session.pk])).content.decode()
    assert "data-tap" not in page


def test_the_class_teacher_marks_with_a_reason(client, session) -> None:
    teacher = make_user("班主任")
    grant_role(
        teacher,
        Role.CLASS_TEACHER,
        session.training_class.organisation,
        by=None,
        at=NOW,
        valid_from=NOW.date(),
    )
    assign(session.training_class, teacher, StaffRole.CLASS_TEACHER)
    client.force_login(teacher)
    enrolment = make_enrolment(session.training_class)
    page = client.get(reverse("caravan:roll", args=[session.pk])).content.decode()
    assert "data-tap" not in page
    url = reverse("caravan:roll_correct", args=[session.pk, enrolment.pk])
    client.post(url, {"mark": "present", "reason": "老师手机没电", "client_id": uuid.uuid4()})
    assert AttendanceEvent.objects.get().kind == "mark"


def test_a_closed_class_says_why_it_takes_no_mark(trainer, session) -> None:
    enrolment = make_enrolment(session.training_class)
    session.training_class.state = ClassState.CLOSED
    session.training_class.save()
    page = tap(trainer, session, enrolment, headers={"X-Part": "row"}).content.decode()
    assert "已经结业" in page


@pytest.mark.parametrize("name", ["roll", "field", "roll_close"])
def test_as_many_queries_for_20_as_for_2(trainer, session, name: str) -> None:
    url = reverse(f"caravan:{name}", args=[] if name == "field" else [session.pk])

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert trainer.get(url).status_code == 200
        return len(caught)

    def add(count: int) -> None:
        for _ in range(count):
            give_document(make_enrolment(session.training_class).person, "1234")
            make_session(session.training_class, trainer=session.trainer)

    add(2)
    queries()
    first = queries()
    add(18)
    assert queries() == first
