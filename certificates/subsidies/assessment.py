"""May this person claim under this scheme? Advice with every rule's outcome, never a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from certificates.subsidies.enums import Outcome
from certificates.subsidies.facts import ClaimFacts, SchemeFact
from certificates.subsidies.rules import RULES, RuleOutcome, amount_of, claim_deadline


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
