"""A menu allows exactly the picks that meet every section and the budget."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from courses.menus import MenuFacts, Pick, SectionFacts, picks_refused

COURSES = list(range(1, 9))


@st.composite
def sections(draw):
    order = draw(st.permutations(COURSES))
    cut = draw(st.integers(1, 7))
    found = []
    for name, offered in (("一", order[:cut]), ("二", order[cut:6] if cut < 6 else order[7:])):
        least = draw(st.integers(0, len(offered)))
        found.append(SectionFacts(name, frozenset(offered), least, draw(st.integers(least, 8))))
    return found


@given(
    sections=sections(),
    budget=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    chosen=st.lists(st.sampled_from(COURSES), max_size=8),
    hours=st.lists(st.integers(1, 20), min_size=8, max_size=8),
)
def test_it_refuses_exactly_what_breaks_a_rule(sections, budget, chosen, hours):
    low, high = sorted(budget)
    menu = MenuFacts(sections, Decimal(low), Decimal(high))
    picks = [Pick(one, f"课{one}", Decimal(hours[one - 1])) for one in chosen]
    refused = picks_refused(menu, picks)
    total = sum(hours[one - 1] for one in chosen)
    offered = set().union(*(section.courses for section in sections))
    allowed = (
        len(chosen) == len(set(chosen))
        and set(chosen) <= offered
        and all(one.min_picks <= len(one.courses & set(chosen)) <= one.max_picks for one in sections)
        and low <= total <= high
    )
    assert (refused == []) == allowed
    assert all(str(one) and one.code for one in refused)
    assert ("pick_twice" in {one.code for one in refused}) == (len(chosen) != len(set(chosen)))
