"""The refresher's rules of the demo world."""

from __future__ import annotations

import datetime as dt

from certificates.refreshers.models import RefresherRule
from certificates.refreshers.services.rules import save_rule
from cms.models import Region, User

PROVINCE = "990000000000"
NEIGHBOUR = "990102000000"


def load_rules(*, by: User | None, at: dt.datetime) -> None:
    """Load one rule for the demo province: every 24 months, reminded 90 days before. Again is no change."""
    if RefresherRule.objects.filter(region_code=PROVINCE).exists():
        return
    save_rule(
        Region.objects.get(code=PROVINCE),
        interval_months=24,
        window_days=90,
        valid_from=dt.date(2025, 1, 1),
        valid_until=None,
        document="示范省回炉培训办法（示例）",
        by=by,
        at=at,
    )


def load_neighbour_rule(*, by: User | None, at: dt.datetime) -> None:
    """Load the rule of the county next door, which gives 30 days of grace. Again is no change."""
    if RefresherRule.objects.filter(region_code=NEIGHBOUR).exists():
        return
    save_rule(
        Region.objects.get(code=NEIGHBOUR),
        interval_months=24,
        window_days=90,
        grace_days=30,
        valid_from=dt.date(2025, 1, 1),
        valid_until=None,
        document="月湖县回炉培训实施细则（示例）",
        by=by,
        at=at,
    )
