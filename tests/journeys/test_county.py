"""The demo county: every state that a service can reach, on any day, and the same each time."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import models
from hypothesis import example, given
from hypothesis import strategies as st

from caravan.enums import ClassState, EnrolmentState, EventKind, FilingDecision, Mark, SessionState, StopState
from caravan.models import (
    AttendanceEvent,
    AttendanceMark,
    ClassFiling,
    Enrolment,
    Session,
    Stop,
    TrainingClass,
)
from certificates.demo.dates import (
    CLAIM_MONTHS,
    CLASSES,
    FIRST_DAY,
    GRACE_DAYS,
    INTERVAL_MONTHS,
    ROSTERS,
    WINDOW_DAYS,
    issued_for_deadline,
    issued_too_early,
    worker_cases,
)
from certificates.demo.invented import invented_line, school_lines
from certificates.demo.rosters import ROUNDS_FIRST
from certificates.demo.size import LARGEST, SMALLEST, USUAL, Size
from certificates.issuing.enums import CertificateState, RevocationReason
from certificates.issuing.models import Certificate
from certificates.refreshers.enums import EarlyCompletion, RefresherState
from certificates.refreshers.facts import Completion, Period, RefresherFacts, RuleVersion
from certificates.refreshers.status import status
from certificates.subsidies.enums import BatchState, ClaimState, PaymentOutcome, RecoveryEntryKind
from certificates.subsidies.models import Claim, ClaimBatch, Payment, RecoveryEntry
from certificates.subsidies.rules import claim_deadline
from cms.enums import ImportState, ItemState, JobState, RowOutcome
from cms.models import DataImport, ImportRow, Job, JobItem
from courses.enums import RecordState
from courses.models import TrainingRecord
from tests.harness.demo import PEOPLE, SEEDED, DemoApp
from tests.journeys.commands import cache_of, office_on_sqlite

AT_WORK = "a worker is at it for a moment; nothing is unfinished when the county is ready"
NO_SERVICE = "no service leads there yet"
STATES: tuple[tuple[type[models.Model], str, type[models.TextChoices], dict[str, str]], ...] = (
    (TrainingClass, "state", ClassState, {}),
    (Stop, "state", StopState, {StopState.DONE: NO_SERVICE, StopState.CANCELLED: NO_SERVICE}),
    (Session, "state", SessionState, {}),
    (ClassFiling, "decision", FilingDecision, {}),
    (AttendanceEvent, "kind", EventKind, {}),
    (AttendanceMark, "mark", Mark, {}),
    (
        Enrolment, "state", EnrolmentState,
        {
            EnrolmentState.REQUESTED: NO_SERVICE, EnrolmentState.REJECTED: NO_SERVICE,
            EnrolmentState.NO_SHOW: NO_SERVICE, EnrolmentState.TRANSFERRED: NO_SERVICE,
        },
    ),
    (TrainingRecord, "state", RecordState, {}),
    (Certificate, "state", CertificateState, {}),
    (
        Certificate, "revocation_reason", RevocationReason,
        {RevocationReason.NOT_EARNED: "a reason, not a state", RevocationReason.OTHER: "a reason, not a state"},
    ),
    (Claim, "state", ClaimState, {}),
    (Payment, "outcome", PaymentOutcome, {}),
    (RecoveryEntry, "kind", RecoveryEntryKind, {}),
    (ClaimBatch, "state", BatchState, {BatchState.FROZEN: "a batch not exported yet is one click away"}),
    (Job, "state", JobState, {JobState.QUEUED: AT_WORK, JobState.RUNNING: AT_WORK}),
    (
        JobItem, "state", ItemState,
        {ItemState.PENDING: AT_WORK, ItemState.SET_ASIDE: "only a fault of the program sets an item aside"},
    ),
    (DataImport, "state", ImportState, {ImportState.CHECKING: AT_WORK, ImportState.IMPORTING: AT_WORK}),
    (ImportRow, "outcome", RowOutcome, {}),
)  # fmt: skip


@contextmanager
def rows_of(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("model", "field", "choices", "absent"), STATES, ids=[f"{row[0].__name__}.{row[1]}" for row in STATES]
)
def test_every_state_that_a_service_reaches_can_be_seen(
    model: type[models.Model],
    field: str,
    choices: type[models.TextChoices],
    absent: dict[str, str],
    demo_app: DemoApp,
) -> None:
    with rows_of(demo_app.var / SEEDED) as rows:
        found = {row[0] for row in rows.execute(f"SELECT DISTINCT {field} FROM {model._meta.db_table}")}
    # Both ways: what is reached one day leaves the list of the absent.
    assert found - {""} == set(choices.values) - set(absent)


def test_the_clock_gives_every_answer(demo_app: DemoApp) -> None:
    line = next(line for line in demo_app.printed.splitlines() if line.startswith("g  "))
    for state in RefresherState:
        assert str(state.label) in line


def test_a_job_was_cancelled_and_went_on(demo_app: DemoApp) -> None:
    with rows_of(demo_app.var / SEEDED) as rows:
        resumed = rows.execute("SELECT object_id FROM cms_auditentry WHERE action = 'job.resume'").fetchall()
        done = {row[0] for row in rows.execute("SELECT id FROM cms_job WHERE state = 'done'")}
    assert {row[0].replace("-", "") for row in resumed} <= done
    assert resumed


# --- the same each time ----------------------------------------------------------------------------

# Random, keyed or of the moment of loading; ids of those that are random too.
LEFT_OUT = re.compile(
    r"(_at|_token|_digest|_sha256|token|nonce|salt|digest|stamp|signature|sha256|password|username|kid|key_id"
    r"|public_jwk|offer_until|valid_from|complete_until|size|snapshot|about|occasion|object_id|first_id|last_id"
    r"|entry_id|file_id|job_id|message_id|client_id|subject_id|object_label|data|content|root|at)$"
)
# Kept by the machinery beside the world, or made of what is left out; digests stand in their own order.
OTHER_TABLES = (
    "cms_documentdigest",
    "cms_auditnote",
    "cms_auditseal",
    "cms_auditsealentry",
    "cms_sealchain",
    "cms_heartbeat",
)


def facts_of(path: Path) -> dict[str, str]:
    """Return a digest of each table's rows without what chance made."""
    found = {}
    with rows_of(path) as rows:
        names = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            if not name.startswith(("cms_", "courses_", "caravan_", "certificates_")) or name in OTHER_TABLES:
                continue
            columns = [
                column for _no, column, kind, *_rest in rows.execute(f"PRAGMA table_info({name})")
                if not LEFT_OUT.search(column) and not kind.startswith("char(32)")
            ]  # fmt: skip
            chosen = ", ".join(f'"{column}"' for column in columns)
            lines = map(repr, rows.execute(f"SELECT {chosen} FROM {name}"))
            # Numbers with a random part: of claims and of exports.
            bare = sorted(re.sub(r"(SL|DC)-(\d{8})-\w{6}", r"\1-\2", line) for line in lines)
            found[name] = hashlib.sha256("\n".join(bare).encode()).hexdigest()
    return found


@pytest.mark.deep
def test_two_worlds_of_one_day_are_the_same(
    demo_app: DemoApp, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    office = office_on_sqlite(tmp_path / "office", cache_of(pytestconfig))
    office.manage("seed_demo", "--people", str(PEOPLE))
    again = shutil.copyfile(office.var / "caravan.sqlite3", tmp_path / SEEDED)
    assert facts_of(again) == facts_of(demo_app.var / SEEDED)


# --- on any day ------------------------------------------------------------------------------------

DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2060, 12, 31))
EDGES = (
    dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2028, 2, 28), dt.date(2028, 2, 29), dt.date(2028, 3, 1),
    dt.date(2029, 2, 28), dt.date(2030, 2, 28), dt.date(2030, 3, 1), dt.date(2027, 8, 31),
)  # fmt: skip


def on_edges(test):
    for day in EDGES:
        test = example(day)(test)
    return test


@on_edges
@given(DAYS)
def test_every_case_stands_on_its_side_of_the_boundary(today: dt.date) -> None:
    asked = 0
    for case in worker_cases(today):
        place = case.spells[-1].place
        grace = GRACE_DAYS if place == "grace" else 0
        rule = RuleVersion(
            INTERVAL_MONTHS, WINDOW_DAYS, grace, EarlyCompletion.FROM_COMPLETION, dt.date(2025, 1, 1)
        )
        done = (Completion(case.refreshed_on, "回炉"),) if case.refreshed_on else ()
        facts = RefresherFacts(tuple(Period(spell.start, spell.end) for spell in case.spells), done)
        answer = status(facts, [] if place == "no_rule" else [rule], today)
        if case.state is not None:
            assert answer.state == case.state, case.key
            asked += 1
        if case.key.endswith("29_february"):
            assert answer.due_on is not None
            assert (answer.due_on.month, answer.due_on.day) == (2, 28)
    # Nothing of two years leads to 29 February; three cases stand on one boundary at most.
    assert asked >= len(worker_cases(today)) - 5


@on_edges
@given(DAYS)
def test_claims_are_in_time_and_a_day_late(on: dt.date) -> None:
    in_time = claim_deadline(issued_for_deadline(on), CLAIM_MONTHS)
    assert on <= in_time <= on + dt.timedelta(days=1)
    late = issued_too_early(on)
    assert claim_deadline(late, CLAIM_MONTHS) < on
    assert claim_deadline(late + dt.timedelta(days=1), CLAIM_MONTHS) >= on


@pytest.mark.parametrize("key", CLASSES)
def test_a_class_is_opened_filled_taught_and_closed_in_this_order(key: str) -> None:
    days = CLASSES[key]
    assert FIRST_DAY < ROSTERS < days.opened < days.enrolled < days.starts <= days.ends < days.closed
    # What is told happened before today; what is told of today is told with the moment of loading.
    assert days.opened < 0
    assert days.closed < 0 or days.ends >= 0


def test_invented_people_differ_from_each_other_and_from_the_roster() -> None:
    lines = [invented_line(place) for place in range(ROUNDS_FIRST + LARGEST)]
    numbers = {line[4] for line in lines}
    assert len(numbers) == len(lines)
    assert not numbers & {line[4] for line in school_lines()}


@pytest.mark.parametrize("people", [SMALLEST, 151, 399, USUAL, USUAL + 1, 5_000, LARGEST])
def test_a_size_adds_up(people: int) -> None:
    size = Size(people)
    assert size.roster + size.workers + size.rival + sum(size.rounds) == people
    assert size.workers > len(worker_cases(dt.date(2026, 11, 22)))


@pytest.mark.parametrize("people", [0, SMALLEST - 1, LARGEST + 1])
def test_a_size_that_cannot_be_is_refused(people: int) -> None:
    with pytest.raises(ValueError, match="people"):
        Size(people)
