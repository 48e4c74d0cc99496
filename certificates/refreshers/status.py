"""The refresher clock: a pure function of facts, rules and a day.

Source: 在岗人员每两年至少得到 1 次"回炉"培训 (S2 item 16); the interval and all else are rule data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from certificates.refreshers.enums import EarlyCompletion, RefresherState
from certificates.refreshers.facts import Completion, Period, RefresherFacts, RuleVersion
from cms.dates import add_months
from cms.ui.dates import full_date


@dataclass(frozen=True)
class RefresherStatus:
    """The answer for one day. ``due_on`` is the last day in time (inclusive); ``reason`` is for people.

    ``basis`` is the reason without the days left or over, for where these stand beside it.
    """

    state: RefresherState
    reason: str
    due_on: dt.date | None = None
    window_opens_on: dt.date | None = None
    based_on: dt.date | None = None
    last_completion: Completion | None = None
    basis: str = ""


def status(facts: RefresherFacts, rules: Sequence[RuleVersion], on: dt.date) -> RefresherStatus:
    """Say how ``facts`` stand ``on`` a local day under the region's ``rules`` (versions in time order).

    The version in force on that day decides, so answers for old days stay what they were. Facts after
    ``on`` are not looked at.
    """
    spell = _spell_on(facts.in_post, on)
    if spell is None:
        return RefresherStatus(RefresherState.NOT_COVERED, _("这一天不在岗，不用回炉。"))
    rule = rule_on(rules, on)
    if rule is None:
        return RefresherStatus(RefresherState.NO_RULE, _("当地这一天没有回炉规定，请问窗口。"))
    done = sorted((item for item in facts.completions if item.on <= on), key=lambda item: item.on)
    clock = _run(spell.start, done, rule)
    return _answer(clock, rule, on)


def rule_on(rules: Iterable[RuleVersion], on: dt.date) -> RuleVersion | None:
    """Return the version in force ``on``; of two, the later one."""
    live = [
        rule
        for rule in rules
        if rule.valid_from <= on and (rule.valid_until is None or on <= rule.valid_until)
    ]
    return max(live, key=lambda rule: rule.valid_from, default=None)


def _spell_on(periods: Iterable[Period], on: dt.date) -> Period | None:
    """Return the unbroken time in post around ``on``: overlaps and same or next-day changes run on."""
    spell: Period | None = None
    for period in sorted(periods, key=lambda item: item.start):
        if spell is not None and (spell.end is None or period.start <= spell.end + dt.timedelta(days=1)):
            end = None if spell.end is None or period.end is None else max(spell.end, period.end)
            spell = Period(spell.start, end)
        else:
            if spell is not None and _holds(spell, on):
                return spell
            spell = period
    return spell if spell is not None and _holds(spell, on) else None


def _holds(period: Period, on: dt.date) -> bool:
    return period.start <= on and (period.end is None or on <= period.end)


@dataclass(frozen=True)
class _Clock:
    baseline: dt.date
    months: int
    last: Completion | None

    @property
    def due(self) -> dt.date:
        return add_months(self.baseline, self.months)


def _run(start: dt.date, completions: Iterable[Completion], rule: RuleVersion) -> _Clock:
    clock = _Clock(start, rule.interval_months, None)
    for completion in completions:
        opens = clock.due - dt.timedelta(days=rule.window_days)
        if completion.on >= opens or rule.early == EarlyCompletion.FROM_COMPLETION:
            # Work may begin after the refresher: the clock then runs from the refresher all the same.
            clock = _Clock(completion.on, rule.interval_months, completion)
        elif rule.early == EarlyCompletion.DUE_UNCHANGED and completion.on >= start:
            clock = _Clock(clock.baseline, clock.months + rule.interval_months, completion)
    return clock


def _answer(clock: _Clock, rule: RuleVersion, on: dt.date) -> RefresherStatus:
    due = clock.due
    opens = due - dt.timedelta(days=rule.window_days)
    last_day = due + dt.timedelta(days=rule.grace_days)
    if on > last_day:
        state, tail = RefresherState.OVERDUE, _("已经过了 %(days)s 天。") % {"days": (on - due).days}
    elif on > due:
        state, tail = RefresherState.IN_GRACE, _("宽限到%(day)s。") % {"day": full_date(last_day)}
    elif on >= opens:
        state, tail = RefresherState.DUE_SOON, _("还有 %(days)s 天。") % {"days": (due - on).days}
    else:
        state, tail = RefresherState.CURRENT, ""
    basis = _reason(clock, rule)
    return RefresherStatus(state, basis + tail, due, opens, clock.baseline, clock.last, basis)


def _reason(clock: _Clock, rule: RuleVersion) -> str:
    words = {"months": rule.interval_months, "due": full_date(clock.due), "from": full_date(clock.baseline)}
    if clock.last is None:
        return _("从%(from)s上岗起，%(months)s 个月内要回炉一次，最晚 %(due)s。") % words
    words |= {"course": clock.last.course_title, "last": full_date(clock.last.on)}
    return _("上次回炉是%(last)s（%(course)s），每 %(months)s 个月一次，最晚 %(due)s。") % words
