"""The refresher clock on and around its boundaries."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.refreshers.enums import EarlyCompletion, RefresherState
from certificates.refreshers.facts import Completion, Period, RefresherFacts, RuleVersion
from certificates.refreshers.status import status
from cms.dates import add_months

RULE = RuleVersion(24, 90, 0, EarlyCompletion.FROM_COMPLETION, dt.date(2020, 1, 1))
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


def facts(start: dt.date, *done: dt.date, end: dt.date | None = None) -> RefresherFacts:
    return RefresherFacts((Period(start, end),), tuple(Completion(day, "回炉·家务服务") for day in done))


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (dt.date(2024, 2, 29), dt.date(2026, 2, 28)),
        (dt.date(2023, 8, 31), dt.date(2025, 8, 31)),
        (dt.date(2022, 6, 15), dt.date(2024, 6, 15)),
    ],
)
def test_the_due_day_is_the_same_calendar_day_or_the_months_last(start: dt.date, due: dt.date) -> None:
    assert status(facts(start), [RULE], start).due_on == due


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2026, 3, 16), RefresherState.CURRENT),
        (dt.date(2026, 3, 17), RefresherState.DUE_SOON),
        (dt.date(2026, 6, 15), RefresherState.DUE_SOON),
        (dt.date(2026, 6, 16), RefresherState.OVERDUE),
    ],
)
def test_each_side_of_each_boundary(day: dt.date, expected: RefresherState) -> None:
    assert status(facts(dt.date(2024, 6, 15)), [RULE], day).state == expected


def test_grace_days_come_after_the_due_day() -> None:
    rule = replace(RULE, grace_days=30)
    worker = facts(dt.date(2024, 6, 15))
    assert status(worker, [rule], dt.date(2026, 7, 15)).state == RefresherState.IN_GRACE
    assert status(worker, [rule], dt.date(2026, 7, 16)).state == RefresherState.OVERDUE


def test_somebody_out_of_post_is_not_covered_from_the_day_after() -> None:
    worker = facts(dt.date(2020, 1, 1), end=dt.date(2025, 6, 30))
    assert status(worker, [RULE], dt.date(2025, 6, 30)).state == RefresherState.OVERDUE
    assert status(worker, [RULE], dt.date(2025, 7, 1)).state == RefresherState.NOT_COVERED


def test_a_change_of_employer_without_a_day_between_runs_on() -> None:
    periods = (Period(dt.date(2022, 1, 1), dt.date(2023, 3, 31)), Period(dt.date(2023, 4, 1)))
    answer = status(RefresherFacts(periods), [RULE], dt.date(2023, 6, 1))
    assert answer.based_on == dt.date(2022, 1, 1)


def test_an_early_refresher_counts_as_the_rule_says() -> None:
    start, early = dt.date(2022, 1, 10), dt.date(2022, 12, 1)
    due = {
        EarlyCompletion.FROM_COMPLETION: dt.date(2024, 12, 1),
        EarlyCompletion.IGNORE: dt.date(2024, 1, 10),
        EarlyCompletion.DUE_UNCHANGED: dt.date(2026, 1, 10),
    }
    for choice, expected in due.items():
        rule = replace(RULE, early=choice)
        assert status(facts(start, early), [rule], dt.date(2023, 1, 1)).due_on == expected


def test_a_completion_after_the_day_asked_is_not_known() -> None:
    worker = facts(dt.date(2022, 1, 1), dt.date(2024, 2, 1))
    assert status(worker, [RULE], dt.date(2024, 1, 31)).state == RefresherState.OVERDUE
    assert status(worker, [RULE], dt.date(2024, 2, 1)).state == RefresherState.CURRENT


def test_the_rule_of_the_day_decides_and_old_answers_stay() -> None:
    old = replace(RULE, valid_until=dt.date(2025, 12, 31))
    new = replace(RULE, interval_months=36, valid_from=dt.date(2026, 1, 1))
    worker = facts(dt.date(2023, 6, 1))
    assert status(worker, [old, new], dt.date(2025, 12, 31)).due_on == dt.date(2025, 6, 1)
    assert status(worker, [old, new], dt.date(2026, 1, 1)).due_on == dt.date(2026, 6, 1)


def test_a_day_without_a_rule_says_so() -> None:
    assert status(facts(dt.date(2018, 1, 1)), [RULE], dt.date(2019, 1, 1)).state == RefresherState.NO_RULE


@given(
    start=DAYS,
    done=st.lists(DAYS, max_size=5),
    on=DAYS,
    window=st.integers(0, 200),
    months=st.integers(1, 60),
)
def test_any_history_gives_one_consistent_answer(
    start: dt.date, done: list[dt.date], on: dt.date, window: int, months: int
) -> None:
    rule = replace(RULE, window_days=window, interval_months=months)
    answer = status(facts(start, *done), [rule], on)
    assert answer == status(facts(start, *reversed(done)), [rule], on), "order of facts does not matter"
    if on < start:
        assert answer.state == RefresherState.NOT_COVERED
        return
    assert answer.due_on is not None
    assert answer.reason
    past = [day for day in done if day <= on]
    if past:
        assert answer.due_on == add_months(max(past), months), "under this rule the last refresher counts"
    assert (answer.state == RefresherState.OVERDUE) == (on > answer.due_on)
