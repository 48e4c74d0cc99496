"""A rule as one sentence with a worked example: nobody has to read bare fields."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from certificates.refreshers.enums import EarlyCompletion
from certificates.refreshers.facts import Period, RefresherFacts
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.reading import version_of
from certificates.refreshers.status import status
from cms.dates import add_months
from cms.ui.dates import full_date


def rule_sentence(rule: RefresherRule, place: str) -> str:
    """Return the rule in one sentence, for ``place``."""
    words = {
        "place": place,
        "months": rule.interval_months,
        "days": rule.window_days,
        "grace": rule.grace_days,
        "start": full_date(rule.valid_from),
    }
    opening = _(
        "自%(start)s起，%(place)s的在岗人员每 %(months)s 个月至少回炉一次，到期当天还算按时，提前 %(days)s 天提醒"
    )
    parts = [opening % words]
    if rule.grace_days:
        parts.append(_("到期后宽限 %(grace)s 天") % words)
    parts.append(_early(rule))
    if rule.upskill_counts:
        parts.append(_("提升类课程也算回炉"))
    return _("，").join(parts) + _("。")


def _early(rule: RefresherRule) -> str:
    return {
        EarlyCompletion.FROM_COMPLETION: _("提前回炉也算，下次从这次完成那天起算"),
        EarlyCompletion.DUE_UNCHANGED: _("提前回炉也算，下次仍从原来的到期日起算"),
        EarlyCompletion.IGNORE: _("提醒期以前的回炉不算"),
    }[EarlyCompletion(rule.early)]


def worked_example(rule: RefresherRule, start: dt.date) -> list[str]:
    """Return what the rule says to somebody who began to work on ``start``: made by the clock itself."""
    version = version_of(rule)
    worker = RefresherFacts((Period(start),))
    due = add_months(start, rule.interval_months)
    days = [due - dt.timedelta(days=rule.window_days), due, due + dt.timedelta(days=rule.grace_days + 1)]
    lines = [_("例：%(start)s上岗，没有回炉过。") % {"start": full_date(start)}]
    for day in days:
        answer = status(worker, [version], day)
        lines.append(_("%(day)s问：%(state)s。") % {"day": full_date(day), "state": answer.state.label})
    return lines
