"""Keep the refresher's rules: one at a time for a region."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.refreshers.enums import Basis, EarlyCompletion
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.permissions import can_keep_rules
from cms import audit
from cms.errors import DomainError
from cms.models import Region, User
from cms.ui.dates import full_date


@transaction.atomic
def save_rule(  # noqa: PLR0913  a rule has this many parts
    region: Region,
    *,
    interval_months: int,
    window_days: int,
    valid_from: dt.date,
    valid_until: dt.date | None,
    grace_days: int = 0,
    basis: str = Basis.LAST_OR_START,
    early: str = EarlyCompletion.FROM_COMPLETION,
    upskill_counts: bool = False,
    document: str = "",
    by: User | None,
    at: dt.datetime,
) -> RefresherRule:
    """Add a rule for ``region``; ``by`` is None for the loading of data.

    Refuses ``not_allowed``, ``rule_interval`` (no months), ``rule_order`` (ends before it starts) and
    ``rule_overlap`` (another rule of the same region holds on one of its days; an outer region's may).
    """
    if by is not None and not can_keep_rules(by):
        raise DomainError("not_allowed", _("回炉规定由系统管理员维护。"))
    if interval_months < 1:
        raise DomainError("rule_interval", _("间隔至少 1 个月。"), field="interval_months")
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("rule_order", _("停用日期不能早于启用日期。"), field="valid_until")
    # The region's row is the lock: two rules saved at once cannot both find the time free.
    region = Region.objects.select_for_update().get(pk=region.pk)
    _refuse_overlap(region, valid_from, valid_until)
    rule = RefresherRule.objects.create(
        region_code=region.code,
        interval_months=interval_months,
        window_days=window_days,
        grace_days=grace_days,
        basis=basis,
        early=early,
        upskill_counts=upskill_counts,
        document=document.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    audit.record(
        "refresher_rule.save", rule, by=by, at=at, months=interval_months, since=valid_from.isoformat()
    )
    return rule


def _refuse_overlap(region: Region, start: dt.date, end: dt.date | None) -> None:
    clash = RefresherRule.objects.filter(region_code=region.code).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=start)
    )
    if end is not None:
        clash = clash.filter(valid_from__lte=end)
    other = clash.order_by("valid_from").first()
    if other is None:
        return
    words = {
        "start": full_date(other.valid_from),
        "end": full_date(other.valid_until) if other.valid_until else _("长期"),
    }
    raise DomainError(
        "rule_overlap",
        _("和这个地区已有的规定（%(start)s 至 %(end)s）时间重叠。") % words,
        field="valid_from",
    )
