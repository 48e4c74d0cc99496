"""The attendance rules of the demo county."""

from __future__ import annotations

import datetime as dt

from caravan.models import AttendanceRule

COUNTY = "990101000000"


def load_attendance_rules(*, valid_from: dt.date = dt.date(2020, 1, 1)) -> AttendanceRule:
    """Load the demo county's rule: late counts in full, leaving early half; again is no change."""
    rule, _created = AttendanceRule.objects.update_or_create(
        region_code=COUNTY,
        valid_from=valid_from,
        defaults={
            "late_percent": 100,
            "left_early_percent": 50,
            "reason_after_hours": 24,
            "document": "示范县培训考勤办法（演示）",
        },
    )
    return rule
