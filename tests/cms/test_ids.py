"""Identifiers that sort by time."""

from __future__ import annotations

import datetime as dt

import time_machine

from cms.ids import normalise_spoken, spoken_code, uuid7


def test_identifiers_of_one_moment_keep_their_order() -> None:
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), tick=False):
        made = [uuid7() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}


def test_a_later_identifier_sorts_after_an_earlier_one() -> None:
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), tick=False):
        early = uuid7()
    with time_machine.travel(dt.datetime(2026, 3, 1, 0, 0, 1, tzinfo=dt.UTC), tick=False):
        assert early < uuid7()


def test_a_code_reads_aloud_and_comes_back_as_it_was() -> None:
    code = spoken_code()
    assert normalise_spoken(f" {code[:4].lower()}-{code[4:]} ") == code
