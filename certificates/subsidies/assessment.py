"""May this person claim under this scheme? Advice with every rule's outcome, never a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from certificates.subsidies.enums import Outcome, RateUnit
from certificates.subsidies.facts import ClaimFacts, SchemeFact
from certificates.subsidies.rules import RULES, RuleOutcome, claim_deadline, rate_of

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Assessment:
    """The answer for one scheme: 符合, 不符合 or 待核, with the rules behind it, the last day, the amount in 元."""

    scheme_code: str
    outcome: Outcome
    rules: tuple[RuleOutcome, ...]
    deadline: dt.date
    amount: Decimal | None

    def reasons(self) -> list[RuleOutcome]:
        """Return the rules that do not say yes."""
        return [rule for rule in self.rules if rule.outcome != Outcome.YES]


def assess(facts: ClaimFacts, schemes: Iterable[SchemeFact], on: dt.date) -> list[Assessment]:
    """Evaluate every rule of every scheme ``on`` a local day; nothing after that day is looked at."""
    return [_assess_one(facts, scheme, on) for scheme in schemes]


def _assess_one(facts: ClaimFacts, scheme: SchemeFact, on: dt.date) -> Assessment:
    answers = tuple(answer for rule in RULES if (answer := rule(facts, scheme, on)) is not None)
    deadline = claim_deadline(facts.proof.issued_on, scheme.claim_window_months)
    return Assessment(scheme.code, _worst(answers), answers, deadline, amount_of(facts, scheme))


def weigh(assessment: Assessment, rules: tuple[RuleOutcome, ...]) -> Assessment:
    """Return the assessment with ``rules`` in place of its own, and the outcome that follows from them."""
    return replace(assessment, rules=rules, outcome=_worst(rules))


def _worst(answers: Iterable[RuleOutcome]) -> Outcome:
    outcomes = {answer.outcome for answer in answers}
    if Outcome.NO in outcomes:
        return Outcome.NO
    return Outcome.NO_DATA if Outcome.NO_DATA in outcomes else Outcome.YES


def amount_of(facts: ClaimFacts, scheme: SchemeFact) -> Decimal | None:
    """Return the amount in 元, or None where the scheme has no rate or the counted hours are unknown."""
    rate = rate_of(facts, scheme)
    if rate is None:
        return None
    if rate.unit == RateUnit.PER_PERSON:
        amount = rate.amount
    elif rate.unit == RateUnit.PER_HOUR and facts.proof.attended_hours is not None:
        amount = rate.amount * facts.proof.attended_hours
    else:
        return None
    if rate.cap is not None:
        amount = min(amount, rate.cap)
    return amount.quantize(CENT, ROUND_HALF_UP)
