"""Every rule of a scheme says yes, no or no data, on and around its boundary."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.subsidies.assessment import Assessment, assess
from certificates.subsidies.enums import Outcome, RateUnit
from certificates.subsidies.facts import (
    ClaimFacts,
    EarlierClaim,
    GroupFact,
    InsuranceFact,
    ProofFact,
    RateFact,
    SchemeFact,
)
from certificates.subsidies.rules import claim_deadline

YES, NO, NO_DATA = Outcome.YES, Outcome.NO, Outcome.NO_DATA
ISSUED = dt.date(2026, 3, 24)
ON = dt.date(2026, 6, 1)
SCHEME = SchemeFact(
    code="a", name="职业培训补贴", scheme_type="training_subsidy", valid_from=dt.date(2025, 1, 1), valid_until=None,
    certificate_kind="training", external_kind="", needs_register_check=False, claim_window_months=12,
    rates=(RateFact(None, None, Decimal(800), RateUnit.PER_PERSON),),
)  # fmt: skip
PROOF = ProofFact(
    kind="training", kind_label="培训合格证书", number="XH-PX-2026-000001", issued_on=ISSUED, is_ours=True, is_issued=True,
    occupation_id=1, skill_level=5, attended_hours=Decimal(80), course_hours=Decimal(80),
)  # fmt: skip
PERSON = ClaimFacts(proof=PROOF, sex="female", birth_date=dt.date(1980, 5, 6))


def ask(person: ClaimFacts = PERSON, scheme: SchemeFact = SCHEME, on: dt.date = ON) -> Assessment:
    return assess(person, [scheme], on)[0]


def rule(
    code: str, person: ClaimFacts = PERSON, scheme: SchemeFact = SCHEME, on: dt.date = ON
) -> Outcome | None:
    return next((item.outcome for item in ask(person, scheme, on).rules if item.code == code), None)


def with_proof(**changes: Any) -> ClaimFacts:
    return replace(PERSON, proof=replace(PROOF, **changes))


def test_a_plain_case_is_eligible_with_its_amount_and_last_day() -> None:
    answer = ask()
    assert (answer.outcome, answer.amount, answer.deadline) == (YES, Decimal("800.00"), dt.date(2027, 3, 24))


def test_what_a_scheme_does_not_ask_is_not_answered() -> None:
    asked = {item.code for item in ask().rules}
    assert asked == {"in_force", "certificate_kind", "in_time", "once", "rate"}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (dt.date(2025, 1, 1), YES),
        (dt.date(2025, 12, 31), YES),
        (dt.date(2024, 12, 31), NO),
        (dt.date(2026, 1, 1), NO),
    ],
)
def test_a_scheme_is_in_force_on_its_first_and_last_day(on: dt.date, expected: Outcome) -> None:
    scheme = replace(SCHEME, valid_until=dt.date(2025, 12, 31))
    assert rule("in_force", scheme=scheme, on=on) == expected


@pytest.mark.parametrize(("on", "expected"), [(dt.date(2027, 3, 24), YES), (dt.date(2027, 3, 25), NO)])
def test_the_last_day_is_in_time(on: dt.date, expected: Outcome) -> None:
    assert rule("in_time", on=on) == expected


@pytest.mark.parametrize(
    ("issued", "months", "last"),
    [
        (dt.date(2018, 2, 15), 12, dt.date(2019, 2, 15)),
        (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
        (dt.date(2025, 8, 31), 6, dt.date(2026, 2, 28)),
    ],
)
def test_the_last_day_is_the_same_calendar_day(issued: dt.date, months: int, last: dt.date) -> None:
    assert claim_deadline(issued, months) == last


def test_certificates_of_the_wrong_kind_or_revoked_or_not_issued_do_not_fit() -> None:
    assert rule("certificate_kind") == YES
    assert rule("certificate_kind", with_proof(kind="completion")) == NO
    assert rule("certificate_kind", with_proof(is_ours=False)) == NO, "ours is no external one"
    assert rule("certificate_kind", with_proof(is_issued=False)) == NO
    assert rule("certificate_kind", on=ISSUED - dt.timedelta(days=1)) == NO
    revoked = with_proof(revoked_on=dt.date(2026, 6, 2))
    assert rule("certificate_kind", revoked) == YES, "it was good on that day"
    assert rule("certificate_kind", revoked, on=dt.date(2026, 6, 2)) == NO


def test_the_register_says_yes_no_or_nothing_yet() -> None:
    scheme = replace(SCHEME, certificate_kind="", external_kind="training", needs_register_check=True)
    checked = dt.date(2026, 4, 1)
    for found, expected in ((True, YES), (False, NO), (None, NO_DATA)):
        person = with_proof(is_ours=False, is_in_register=found, register_checked_on=checked)
        assert rule("register", person, scheme) == expected
        assert rule("register", person, scheme, on=dt.date(2026, 3, 31)) == NO_DATA


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, YES),
        ({"checked_on": None}, NO_DATA),
        ({"checked_on": ON + dt.timedelta(days=1)}, NO_DATA),
        ({"group": "college_graduate"}, NO),
        ({"valid_until": ISSUED}, YES),
        ({"valid_until": ISSUED - dt.timedelta(days=1)}, NO),
        ({"valid_from": ISSUED + dt.timedelta(days=1)}, NO),
    ],
)
def test_the_group_holds_verified_on_the_day_of_the_certificate(
    facts: dict[str, Any], expected: Outcome
) -> None:
    scheme = replace(SCHEME, groups=(("rural_transfer", "农村转移就业劳动者"),))
    held = GroupFact("rural_transfer", "农村转移就业劳动者", dt.date(2026, 1, 5), dt.date(2026, 1, 1), None)
    person = replace(PERSON, groups=(replace(held, **facts),))
    assert rule("group", person, scheme) == expected


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        (dt.date(2010, 3, 24), YES),  # sixteen on the day
        (dt.date(2010, 3, 25), NO),
        (dt.date(1970, 3, 25), YES),  # fifty-five until the next day
        (dt.date(1970, 3, 24), NO),
        (None, NO_DATA),
    ],
)
def test_age_is_counted_to_the_day_of_the_certificate(birth: dt.date | None, expected: Outcome) -> None:
    scheme = replace(SCHEME, min_age=16, max_age_women=55, max_age_men=60)
    assert rule("age", replace(PERSON, birth_date=birth), scheme) == expected


def test_the_limit_of_age_is_that_of_the_sex_and_an_unknown_sex_is_no_answer() -> None:
    scheme = replace(SCHEME, max_age_women=55, max_age_men=60)
    fifty_eight = replace(PERSON, birth_date=dt.date(1968, 1, 1))
    assert rule("age", fifty_eight, scheme) == NO
    assert rule("age", replace(fifty_eight, sex="male"), scheme) == YES
    assert rule("age", replace(fifty_eight, sex=""), scheme) == NO_DATA


@pytest.mark.parametrize(("attended", "expected"), [("64", YES), ("63.5", NO), (None, NO_DATA)])
def test_exactly_eighty_percent_is_enough(attended: str | None, expected: Outcome) -> None:
    scheme = replace(SCHEME, min_attendance_percent=80)
    hours = Decimal(attended) if attended else None
    assert rule("attendance", with_proof(attended_hours=hours), scheme) == expected


@pytest.mark.parametrize(("attended", "expected"), [("40", YES), ("39.5", NO), (None, NO_DATA)])
def test_hours_are_counted(attended: str | None, expected: Outcome) -> None:
    scheme = replace(SCHEME, min_attended_hours=Decimal(40))
    hours = Decimal(attended) if attended else None
    assert rule("hours", with_proof(attended_hours=hours), scheme) == expected


def test_unknown_months_are_no_answer_and_never_nought() -> None:
    scheme = replace(SCHEME, min_insured_months=12)
    assert rule("insured", scheme=scheme) == NO_DATA
    answers = (InsuranceFact(dt.date(2026, 4, 1), 11), InsuranceFact(dt.date(2026, 5, 10), 12))
    person = replace(PERSON, insurance=answers)
    assert rule("insured", person, scheme) == YES, "the latest answer counts"
    assert rule("insured", person, scheme, on=dt.date(2026, 5, 9)) == NO
    assert rule("insured", person, scheme, on=dt.date(2026, 3, 31)) == NO_DATA


def earlier(day: dt.date, **changes: Any) -> EarlierClaim:
    claim = EarlierClaim("b", "training_subsidy", 2, 4, day, "XH-PX-2025-000009")
    return replace(claim, **changes)


def test_claims_of_the_calendar_year_count_against_the_limit() -> None:
    scheme = replace(SCHEME, max_claims_a_year=2)
    last_year, first, second = earlier(dt.date(2025, 12, 31)), earlier(dt.date(2026, 1, 1)), earlier(ON)
    assert rule("yearly_limit", replace(PERSON, earlier=(last_year, first)), scheme) == YES
    assert rule("yearly_limit", replace(PERSON, earlier=(first, second)), scheme) == NO
    other = replace(second, scheme_type="living_subsidy")
    assert rule("yearly_limit", replace(PERSON, earlier=(first, other)), scheme) == YES


def test_one_occupation_and_level_is_paid_once_whatever_the_scheme() -> None:
    same = earlier(dt.date(2024, 1, 1), occupation_id=1, skill_level=5, scheme_type="skill_upgrade_subsidy")
    assert rule("once", replace(PERSON, earlier=(same,))) == NO
    assert rule("once", replace(PERSON, earlier=(replace(same, skill_level=4),))) == YES
    assert rule("once", replace(PERSON, earlier=(replace(same, work_type_id=7),))) == YES
    assert (
        rule("once", replace(PERSON, earlier=(same,)), replace(SCHEME, once_per_occupation_level=False))
        is None
    )


def test_a_hole_in_the_rates_is_no_data_and_never_nought() -> None:
    scheme = replace(SCHEME, rates=(RateFact(2, None, Decimal(800), RateUnit.PER_PERSON),))
    answer = ask(scheme=scheme)
    assert (answer.outcome, answer.amount) == (NO_DATA, None)


def test_the_most_exact_rate_counts_and_the_cap_holds() -> None:
    rates = (
        RateFact(None, None, Decimal(1), RateUnit.PER_PERSON),
        RateFact(None, 5, Decimal(2), RateUnit.PER_PERSON),
        RateFact(1, None, Decimal(3), RateUnit.PER_PERSON),
        RateFact(1, 5, Decimal("10.555"), RateUnit.PER_HOUR, cap=Decimal(1000)),
    )
    assert ask(scheme=replace(SCHEME, rates=rates)).amount == Decimal("844.40")
    assert ask(scheme=replace(SCHEME, rates=rates[:3])).amount == Decimal("3.00")
    assert ask(scheme=replace(SCHEME, rates=rates[:2])).amount == Decimal("2.00")
    capped = replace(rates[3], cap=Decimal(500))
    assert ask(scheme=replace(SCHEME, rates=(capped,))).amount == Decimal("500.00")


DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2028, 12, 31))
SCHEMES = st.builds(
    replace,
    st.just(SCHEME),
    valid_until=st.none() | DAYS,
    min_insured_months=st.none() | st.integers(1, 36),
    min_attendance_percent=st.none() | st.integers(0, 100),
    max_claims_a_year=st.none() | st.integers(1, 3),
    min_age=st.none() | st.integers(16, 50),
    groups=st.sampled_from([(), (("rural_transfer", "农村转移就业劳动者"),)]),
    needs_register_check=st.booleans(),
)
PEOPLE = st.builds(
    ClaimFacts,
    proof=st.builds(
        replace,
        st.just(PROOF),
        attended_hours=st.none() | st.integers(0, 80).map(Decimal),
        revoked_on=st.none() | DAYS,
        is_in_register=st.none() | st.booleans(),
        register_checked_on=st.none() | DAYS,
    ),
    sex=st.sampled_from(["", "female", "male"]),
    birth_date=st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2012, 1, 1)),
    groups=st.lists(
        st.builds(
            GroupFact,
            group=st.just("rural_transfer"),
            label=st.just("农村转移就业劳动者"),
            checked_on=st.none() | DAYS,
            valid_from=st.just(dt.date(2025, 1, 1)),
            valid_until=st.none() | DAYS,
        ),
        max_size=2,
    ).map(tuple),
    insurance=st.lists(
        st.builds(InsuranceFact, checked_on=DAYS, months=st.integers(0, 40)),
        max_size=3,
        unique_by=lambda item: item.checked_on,
    ).map(tuple),
    earlier=st.lists(DAYS.map(earlier), max_size=4).map(tuple),
)


@given(person=PEOPLE, scheme=SCHEMES, on=DAYS)
def test_the_outcome_is_the_worst_of_the_rules(person: ClaimFacts, scheme: SchemeFact, on: dt.date) -> None:
    answer = ask(person, scheme, on)
    said = [item.outcome for item in answer.rules]
    expected = NO if NO in said else NO_DATA if NO_DATA in said else YES
    assert answer.outcome == expected
    assert all(item.explanation for item in answer.rules)
    assert len({item.code for item in answer.rules}) == len(said)


@given(person=PEOPLE, scheme=SCHEMES, on=DAYS)
def test_nothing_known_after_the_day_changes_its_answer(
    person: ClaimFacts, scheme: SchemeFact, on: dt.date
) -> None:
    proof = person.proof
    known = replace(
        person,
        proof=replace(
            proof,
            revoked_on=proof.revoked_on if proof.revoked_on and proof.revoked_on <= on else None,
            is_in_register=proof.is_in_register
            if proof.register_checked_on and proof.register_checked_on <= on
            else None,
        ),
        groups=tuple(
            replace(item, checked_on=item.checked_on if item.checked_on and item.checked_on <= on else None)
            for item in person.groups
        ),
        insurance=tuple(item for item in person.insurance if item.checked_on <= on),
        earlier=tuple(item for item in person.earlier if item.submitted_on <= on),
    )
    assert ask(person, scheme, on) == ask(known, scheme, on)


@pytest.mark.parametrize(
    ("unit", "attended", "words"),
    [(RateUnit.PER_DAY, Decimal(80), "按天计"), (RateUnit.PER_HOUR, None, "出勤学时")],
)
def test_an_amount_that_cannot_be_worked_out_is_never_a_yes(
    unit: RateUnit, attended: Decimal | None, words: str
) -> None:
    scheme = replace(SCHEME, rates=(RateFact(None, None, Decimal(30), unit),))
    answer = ask(with_proof(attended_hours=attended), scheme)
    assert (answer.outcome, answer.amount) == (NO_DATA, None)
    assert words in next(item.explanation for item in answer.rules if item.code == "rate")
