"""Keep the caravan's rules of a place and time: enrolment, attendance, hours a day."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from caravan.models import AttendanceRule, DayHoursRule, EnrolmentRule
from cms import audit
from cms.errors import DomainError
from cms.models import User
from cms.scope import NATION
from cms.ui.dates import full_date

Rule = TypeVar("Rule", AttendanceRule, DayHoursRule, EnrolmentRule)

_ACTIONS = {
    AttendanceRule: "attendance_rule.save",
    DayHoursRule: "day_hours_rule.save",
    EnrolmentRule: "enrolment_rule.save",
}
# Rules of the day before the first class anybody could have entered.
_SINCE = dt.date(2020, 1, 1)


def can_keep_rules(user: User) -> bool:
    """Say whether ``user`` administers the system."""
    return user.scope().everything


@transaction.atomic
def save_rule(rule: Rule, *, by: User | None, at: dt.datetime) -> Rule:
    """Add a rule; ``by`` is None for the loading of data. Rules are added, never changed: old days keep theirs.

    An older rule of the same region without an end ends the day before. Raises ``not_allowed``,
    ``rule_order`` (ends before it starts), ``rule_percent`` (more than all the hours), ``rule_overlap``
    (another of the region holds on one of its days).
    """
    if by is not None and not can_keep_rules(by):
        raise DomainError("not_allowed", _("规定由系统管理员维护。"))
    start, end = rule.valid_from, rule.valid_until
    if end is not None and end < start:
        raise DomainError("rule_order", _("停用日期不能早于启用日期。"), field="valid_until")
    if isinstance(rule, AttendanceRule):
        _refuse_percent(rule)
    rows = type(rule)._default_manager.select_for_update().filter(region_code=rule.region_code)
    followed = [row for row in rows if row.valid_until is None and row.valid_from < start]
    for old in followed:
        old.valid_until = start - dt.timedelta(days=1)
        old.save(update_fields=["valid_until"])
    holding = Q(valid_until__isnull=True) | Q(valid_until__gte=start)
    if end is not None:
        holding &= Q(valid_from__lte=end)
    other = rows.filter(holding).order_by("valid_from").first()
    if other is not None:
        words = {
            "start": full_date(other.valid_from),
            "end": full_date(other.valid_until) if other.valid_until else _("长期"),
        }
        message = _("和这个地区已有的规定（%(start)s 至 %(end)s）时间重叠。") % words
        raise DomainError("rule_overlap", message, field="valid_from")
    rule.save(force_insert=True)
    audit.record(
        _ACTIONS[type(rule)], rule, by=by, at=at,
        since=start.isoformat(), ends=[old.pk for old in followed],
    )  # fmt: skip
    return rule


def _refuse_percent(rule: AttendanceRule) -> None:
    for field in ("late_percent", "left_early_percent"):
        if getattr(rule, field) > 100:
            raise DomainError("rule_percent", _("最多计 100%，请改小。"), field=field)


def load_national_rules(*, at: dt.datetime) -> None:
    """Load what holds where no place ruled otherwise: 16 years, 24 hours, an hour before. Again is no change."""
    document = "《中华人民共和国劳动法》第十五条"
    if not EnrolmentRule.objects.filter(region_code=NATION).exists():
        save_rule(EnrolmentRule(region_code=NATION, valid_from=_SINCE, document=document), by=None, at=at)
    if not AttendanceRule.objects.filter(region_code=NATION).exists():
        save_rule(AttendanceRule(region_code=NATION, valid_from=_SINCE), by=None, at=at)
