"""Read facts and rules from the rows: five queries for any number of people."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from certificates.refreshers.enums import EarlyCompletion
from certificates.refreshers.facts import Completion, Period, RefresherFacts, RuleVersion
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.status import RefresherStatus, rule_on, status
from cms.models import InPostPeriod, Person
from cms.querysets import live_on
from cms.regional import rule_for
from cms.scope import succession_rows
from cms.territory import Succession, contains, places_of
from courses.enums import TrainingType
from courses.models import TrainingRecord


@dataclass(frozen=True)
class RefresherLine:
    """One worker on a list: who, where, and the clock's answer."""

    person: Person
    period: InPostPeriod
    status: RefresherStatus


def lines_on(periods: Iterable[InPostPeriod], on: dt.date) -> list[RefresherLine]:
    """Return one line a person among ``periods`` (rows with person and organisation joined), ``on`` a day."""
    chosen: dict[int, InPostPeriod] = {}
    for period in periods:
        known = chosen.get(period.person_id)
        if known is None or period.started_on > known.started_on:
            chosen[period.person_id] = period
    rules = list(RefresherRule.objects.order_by("valid_from"))
    successions = succession_rows()
    facts = facts_of(chosen)
    return [
        RefresherLine(
            period.person,
            period,
            _ask(facts[person_id], rules_of(rules, period.region_code, on, successions), on),
        )
        for person_id, period in chosen.items()
    ]


@dataclass(frozen=True)
class _PersonRows:
    in_post: tuple[Period, ...]
    records: tuple[tuple[dt.date, str, bool], ...]


def facts_of(person_ids: Iterable[int]) -> dict[int, _PersonRows]:
    """Return periods and completions of the people, known today."""
    wanted = list(person_ids)
    periods: dict[int, list[Period]] = defaultdict(list)
    for person_id, start, end in (
        InPostPeriod.objects.current()
        .filter(person_id__in=wanted)
        .values_list("person_id", "started_on", "ended_on")
    ):
        periods[person_id].append(Period(start, end))
    records: dict[int, list[tuple[dt.date, str, bool]]] = defaultdict(list)
    counted = Q(course_version__counts_as_refresher=True) | Q(
        course_version__training_type=TrainingType.UPSKILL
    )
    for person_id, on, title, flagged in (
        TrainingRecord.objects.completed()
        .filter(counted, person_id__in=wanted)
        .values_list(
            "person_id", "completed_on", "course_version__title", "course_version__counts_as_refresher"
        )
    ):
        if on is not None:
            records[person_id].append((on, title, flagged))
    return {pk: _PersonRows(tuple(periods[pk]), tuple(records[pk])) for pk in wanted}


def rules_of(
    rules: Iterable[RefresherRule],
    region_code: str,
    on: dt.date,
    successions: Iterable[Succession] = (),
) -> list[RefresherRule]:
    """Return all versions of the smallest region around ``region_code`` that has a rule ``on``, in time order.

    A county whose own rule is over, or has not begun, follows its province meanwhile; one that has gone over
    into another follows that one.
    """
    rows = list(successions)
    places = places_of(region_code, rows, on)
    around = [rule for rule in rules if any(contains(rule.region_code, place) for place in places)]
    decides = rule_for(around, region_code, on, rows)
    return [rule for rule in around if decides and rule.region_code == decides.region_code]


def _ask(rows: _PersonRows, rules: list[RefresherRule], on: dt.date) -> RefresherStatus:
    versions = [version_of(rule) for rule in rules]
    in_force = rule_on(versions, on)
    upskill = any(
        rule.upskill_counts for rule in rules if in_force and rule.valid_from == in_force.valid_from
    )
    completions = tuple(Completion(day, title) for day, title, flagged in rows.records if flagged or upskill)
    return status(RefresherFacts(rows.in_post, completions), versions, on)


def version_of(rule: RefresherRule) -> RuleVersion:
    """Return the rule as plain values."""
    return RuleVersion(
        interval_months=rule.interval_months,
        window_days=rule.window_days,
        grace_days=rule.grace_days,
        early=EarlyCompletion(rule.early),
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
        document=rule.document,
    )


def person_status(person: Person, on: dt.date) -> RefresherStatus | None:
    """Return one person's status ``on`` a day, or None if she never was in post."""
    periods = list(
        InPostPeriod.objects.current().filter(person=person).select_related("person", "organisation")
    )
    # The place of the work on that day decides; later work elsewhere brings its own rule then.
    known = [row for row in periods if row.started_on <= on and (row.ended_on is None or on <= row.ended_on)]
    lines = lines_on(known or periods, on)
    return lines[0].status if lines else None


def periods_on(on: dt.date) -> Q:
    """Periods that hold ``on``."""
    return live_on(on, start="started_on", end="ended_on")
