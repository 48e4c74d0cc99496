"""Log lines: one shape, ids of request and job, nothing personal in them whoever wrote them."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars, get_contextvars

from caravan.models import Enrolment
from cms.logs import worker
from cms.logs.config import logging_config
from cms.logs.identifiers import accepted_request_id, new_request_id
from cms.logs.masking import mask_text
from cms.models import Person, User
from cms.roles import Role
from cms.services import accounts
from tests.caravan.roll_world import NOW as CLASS_NOW
from tests.caravan.roll_world import bind, make_class, make_organisation, make_session
from tests.cms.test_accounts import registered
from tests.cms.test_imports import OTHER as OTHER_NUMBER
from tests.cms.test_imports import checked, csv_of, imported, row_of, user_with
from tests.cms.test_sign_in import NUMBER, PASSWORD, form_data, sign_in

PHONE = "13900000417"
ROSTER_PHONE = "13711112222"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged at any level, as the office writes it."""
    text = io.StringIO()
    config = logging_config("json", "DEBUG")["formatters"]["events"]
    handler = logging.StreamHandler(text)
    handler.setFormatter(config["()"](**{key: value for key, value in config.items() if key != "()"}))
    root = logging.getLogger()
    level, quiet = root.level, {name: logging.getLogger(name).level for name in ("wagtail", "modelsearch")}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in quiet:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"no {NUMBER} here", f"no {NUMBER[0]}{'*' * 16}{NUMBER[-1]} here"),
        ("电话13900000417，", "电话1*********7，"),
        ("+86 139-0000-0417", "+" + "*" * 15 + "7"),
        ("0531-88886666", "0***********6"),
        ("passport E12345678", "passport E*******8"),
        ("bank 6222021234567890123", "bank 6*****************3"),
        ("１３９００００００４１７", "１**********７"),
        ("slip ACDE3467 and ACDE-3467", "slip ******** and ********"),
        ("mail hua.hua@example.com", "mail ***@example.com"),
        ("GET /v/AbC-123_x/ and /account/slip/?code=ACD", "GET /v/…/ and /account/slip/…"),
        (
            "DETAIL:  Key (legal_name)=(王桂花) already exists.",
            "DETAIL:  Key (legal_name)=(…) already exists.",
        ),
        ("Failing row contains (7, 王桂花, null).", "Failing row contains (…)."),
        ("job 019a1111-2222-7333-8444-555566667777 took 1234 ms", None),
        ("class XH-2026-0007 at 2026-11-22 09:00, request K7R4W-93MXP", None),
    ],
)
def test_what_looks_personal_is_masked_and_nothing_else(text: str, masked: str | None) -> None:
    if masked == "GET /v/…/ and /account/slip/…":
        masked = mask_text(text)
        assert "AbC" not in masked and "ACD" not in masked
    assert mask_text(text) == (text if masked is None else masked)


@given(st.text(), st.text())
def test_a_number_is_found_between_any_words_that_do_not_touch_it(before: str, after: str) -> None:
    assert NUMBER not in mask_text(f"{before} {NUMBER} {after}")


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [
        ("a1b2c3d4-trace", True),
        ("short", False),
        ("x" * 65, False),
        ("line\nbreak-1234", False),
        (PHONE, False),
        ("ACDE3467", False),
    ],
)
def test_a_callers_id_is_kept_if_it_is_a_plain_word(given_id: str, kept: bool) -> None:
    assert (accepted_request_id(given_id) == given_id) is kept
    assert mask_text(new_request_id()) != ""


@pytest.mark.django_db
def test_a_request_has_one_id_in_answer_lines_and_on_the_error_page(client: Client, log: io.StringIO) -> None:
    page = client.get("/v/no-such-token/", headers={"X-Request-ID": "caller-0001"})
    assert page.headers["X-Request-ID"] == "caller-0001"
    made = client.get("/nowhere-at-all/")
    own = made.headers["X-Request-ID"]
    assert own in made.content.decode()  # what a caller reads out
    access = [line for line in lines(log) if line["logger"] == "cms.access"]
    assert [(line["request_id"], line["method"], line["status"]) for line in access] == [
        ("caller-0001", "GET", page.status_code),
        (own, "GET", 404),
    ]
    assert access[0]["route"] == "certificates:verify"
    assert {"time", "level", "ms", "user"} <= access[0].keys()
    assert all(line["request_id"] == own for line in lines(log) if line.get("route") == "wagtail_serve")
    assert "no-such-token" not in log.getvalue()
    assert get_contextvars() == {}


def test_a_job_and_the_request_behind_it_stand_on_every_line_of_the_worker(log: io.StringIO) -> None:
    headers: dict[str, Any] = {}
    with bound_contextvars(request_id="caller-0002"):
        worker.send_request_id(headers=headers)
    task = SimpleNamespace(
        name="cms.tasks.carry_out_job", request=SimpleNamespace(**headers), app=current_app
    )
    worker.bind_ids(task_id="t-1", task=task, args=["019a-job"])
    logging.getLogger("cms.jobs").info("in the middle")
    worker.tell_and_unbind(task_id="t-1", task=task, state="SUCCESS")
    found = lines(log)
    assert [line["event"] for line in found] == ["in the middle", "task"]
    assert all((line["job_id"], line["request_id"]) == ("019a-job", "caller-0002") for line in found)
    assert get_contextvars() == {}


def test_a_line_for_people_is_one_line_and_a_trace_follows_it() -> None:
    config = logging_config("line", "INFO")["formatters"]["events"]
    formatter = config["()"](**{key: value for key, value in config.items() if key != "()"})
    record = logging.makeLogRecord({"name": "cms", "levelname": "INFO", "msg": "said", "status": 200})
    assert formatter.format(record).endswith("INFO cms said status=200")
    with pytest.raises(ValueError, match="neither line nor json"):
        logging_config("xml", "INFO")


@pytest.mark.django_db
def test_nothing_personal_of_a_whole_journey_is_in_the_log(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, time_machine_at: Any
) -> None:
    cache.clear()
    visitor = Client(raise_request_exception=False)
    # Signing up, and a wrong try.
    visitor.post("/account/sign-up/", form_data())
    assert User.objects.filter(phone=PHONE).exists()
    sign_in(Client(), PHONE, "wrong-password-77")
    # A slip and what its bearer types; a wrong code.
    school = make_organisation()
    planner = user_with(Role.PLANNER, school, "planner")
    person = registered(school, OTHER_NUMBER, "李冬梅")
    code = accounts.make_slip(person, school, by=planner, at=timezone.now())[1]
    bearer = Client()
    bearer.get(f"/account/slip/?code={code}")
    bearer.post("/account/slip/", {"code": code})
    bearer.post("/account/slip/", {"code": "ACDE3467"})
    # Enrolling.
    trainee = Client()
    account = User.objects.create(username="trainee")
    bind(account, person)
    trainee.force_login(account)
    training_class = make_class(organisation=school)
    make_session(training_class)
    trainee.post(f"/classes/{training_class.class_no}/enrol/", {"person": person.pk})
    assert Enrolment.objects.exists()
    # A roster with right and wrong rows.
    rows = csv_of(row_of("赵秀兰", 联系电话=ROSTER_PHONE), row_of("钱小红", NUMBER[:-1] + "0"))
    imported(checked(rows, school, planner), planner)
    assert Person.objects.filter(legal_name="赵秀兰").exists()
    # A fault of ours that quotes what it was given, and the database's own way of quoting a row.
    visitor.get("/v/TokenThatOpens7/")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"cannot use {NUMBER} of {PHONE}: {code}\nDETAIL:  Key (legal_name)=(王桂花) already exists."
        )

    monkeypatch.setattr(accounts, "find_slip", fail)
    broken = visitor.post("/account/slip/", {"code": code})
    assert broken.status_code == 500
    assert broken.headers["X-Request-ID"] in broken.content.decode()

    written = log.getvalue()
    assert "RuntimeError" in written
    assert len([line for line in lines(log) if line["logger"] == "cms.access"]) >= 8
    names = ("王桂花", "李冬梅", "赵秀兰", "钱小红")
    numbers = (NUMBER, NUMBER[:-1], NUMBER[:-1] + "0", PHONE, OTHER_NUMBER, "139 0000 0417", ROSTER_PHONE)
    secrets = (code, "ACDE3467", PASSWORD, "wrong-password-77", "TokenThatOpens7")
    assert not [one for one in (*names, *numbers, *secrets) if one in written]


@pytest.fixture
def time_machine_at() -> Iterator[None]:
    """The day on which the class of the journey takes enrolments."""
    import time_machine

    with time_machine.travel(CLASS_NOW):
        yield
