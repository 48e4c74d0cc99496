"""The completion rule: pure, exact, said in words."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from courses.completion import VersionFacts, outstanding
from courses.enums import Component, HourKind

D = Decimal


def facts(
    theory=24, practice=48, community=8, percent=80, theory_score=60, practice_score=60
) -> VersionFacts:
    planned = {
        HourKind.THEORY: D(theory),
        HourKind.PRACTICE: D(practice),
        HourKind.COMMUNITY: D(community),
    }
    return VersionFacts(planned, percent, theory_score, practice_score)


def values(theory=0, practice=0, community=0, **scores) -> dict[Component, Decimal]:
    found = {
        Component.THEORY_HOURS: D(theory),
        Component.PRACTICE_HOURS: D(practice),
        Component.COMMUNITY_HOURS: D(community),
    }
    return found | {Component(name): D(score) for name, score in scores.items()}


PASSED = {"theory_score": 60, "practice_score": 60}


def texts(*args) -> list[str]:
    return [one.text for one in outstanding(*args)]


def test_everything_done_is_complete():
    assert outstanding(facts(), values(24, 48, 8, **PASSED)) == []


def test_the_boundary_of_80_percent_counts_and_half_an_hour_less_does_not():
    assert outstanding(facts(), values(24, 40, 0, **PASSED)) == []
    assert [one.code for one in outstanding(facts(), values(24, 39.5, 0, **PASSED))] == ["hours_short"]


def test_a_share_that_is_no_round_figure_is_kept_exact():
    # 80 % of 22 is 17.6: 17.5 is too little, 18 is enough.
    rule = facts(22, 0, 0, theory_score=None, practice_score=None)
    assert texts(rule, values(17.5)) == ["还差理论 0.1 学时"]
    assert texts(rule, values(18)) == []


def test_words_say_what_is_missing():
    rule = facts(percent=100)
    assert texts(rule, values(24, 42, 8, theory_score=60)) == ["还差实操 6 学时", "技能还没考"]
    assert texts(rule, values(24, 48, 8, practice_score=55)) == ["理论还没考", "技能 55 分，要 60 分"]
    assert texts(rule, values(24, 40, 0, **PASSED)) == ["还差 16 学时（实操、社区场景实训还没上完）"]
    assert texts(rule, values(24, 48, 8, theory_score=59.5, practice_score=60)) == ["理论 59.5 分，要 60 分"]


def test_hours_of_one_kind_stand_in_for_no_other():
    assert [one.code for one in outstanding(facts(), values(80, 0, 0, **PASSED))] == ["hours_short"]


def test_a_part_that_is_not_examined_is_not_asked():
    assert outstanding(facts(theory_score=None, practice_score=None), values(24, 48, 8)) == []


hours = st.integers(0, 400).map(lambda halves: D(halves) / 2)
scores = st.none() | st.integers(0, 200).map(lambda halves: D(halves) / 2)


@given(
    planned=st.tuples(hours, hours, hours).filter(lambda three: sum(three) > 0),
    done=st.tuples(hours, hours, hours),
    percent=st.integers(0, 100),
    needed=st.tuples(st.none() | st.integers(0, 100), st.none() | st.integers(0, 100)),
    got=st.tuples(scores, scores),
)
def test_it_completes_exactly_when_each_part_is_met(planned, done, percent, needed, got):
    rule = VersionFacts(dict(zip(HourKind, planned, strict=True)), percent, *needed)
    found = {Component.hours_of(kind): value for kind, value in zip(HourKind, done, strict=True)}
    parts = zip((Component.THEORY_SCORE, Component.PRACTICE_SCORE), got, strict=True)
    found |= {component: score for component, score in parts if score is not None}
    counted = sum(min(one, plan) for one, plan in zip(done, planned, strict=True))
    enough = counted * 100 >= percent * sum(planned)
    passed = all(
        need is None or (score is not None and score >= need) for need, score in zip(needed, got, strict=True)
    )
    missing = outstanding(rule, found)
    assert (missing == []) == (enough and passed)
    assert all(one.text and one.code for one in missing)


@given(done=st.tuples(hours, hours, hours), more=st.tuples(hours, hours, hours))
def test_more_hours_never_make_it_worse(done, more):
    rule = facts(theory_score=None, practice_score=None)
    before = outstanding(rule, values(*done))
    after = outstanding(rule, values(*(one + two for one, two in zip(done, more, strict=True))))
    assert len(after) <= len(before)
