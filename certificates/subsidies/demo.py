"""Schemes and the column profile of the demo world, and the national schemes of the past as examples.

Every title of the demo region is made up and says 示例. The national examples are over: rows that an
officer may read and copy from, none of which accepts a claim.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from certificates.subsidies.columns import default_columns
from certificates.subsidies.enums import Beneficiary, Fund, RateUnit, SubsidyType
from certificates.subsidies.models import ColumnProfile, Rate, SchemeGroup, SubsidyScheme
from cms import audit
from cms.enums import PersonGroup
from cms.models import User
from courses.enums import CertificateKind, ExternalKind, SkillLevel
from courses.models import Occupation

COUNTY = "990101000000"
PROVINCE = "990000000000"
SINCE = dt.date(2025, 1, 1)
PROFILE = "training-roster"

# occupation, level, 元/人; None is any
RateRow = tuple[str | None, SkillLevel | None, int]
_TRAINING_RATES: tuple[RateRow, ...] = (
    ("家政服务员", SkillLevel.FIVE, 800),
    ("家政服务员", SkillLevel.FOUR, 1000),
    ("家政服务员", SkillLevel.THREE, 1300),
    ("养老护理员", SkillLevel.FIVE, 900),
    ("养老护理员", SkillLevel.FOUR, 1200),
    (None, None, 500),
)
_UPGRADE_RATES: tuple[RateRow, ...] = (
    (None, SkillLevel.FIVE, 1000),
    (None, SkillLevel.FOUR, 1500),
    (None, SkillLevel.THREE, 2000),
)
_TRAINING_GROUPS = (
    PersonGroup.RURAL_TRANSFER,
    PersonGroup.REGISTERED_UNEMPLOYED,
    PersonGroup.OUT_OF_POVERTY,
    PersonGroup.POVERTY_MONITORED,
    PersonGroup.HARD_TO_EMPLOY,
)
_UPGRADE: dict[str, Any] = {
    "name": "技能提升补贴",
    "subsidy_type": SubsidyType.SKILL_UPGRADE,
    "fund": Fund.UI_FUND,
    "beneficiary": Beneficiary.PERSON,
    "external_kind": ExternalKind.SKILL_LEVEL,
    "needs_register_check": True,
    "claim_window_months": 12,
}


@transaction.atomic
def load_schemes(*, by: User | None, at: dt.datetime) -> None:
    """Load the two demo schemes of the county and the four national examples; again is no change."""
    _scheme(
        "demo-training", _TRAINING_RATES, _TRAINING_GROUPS, by=by, at=at,
        name="职业培训补贴", subsidy_type=SubsidyType.TRAINING, fund=Fund.EMPLOYMENT_FUND,
        beneficiary=Beneficiary.PROVIDER, region_code=COUNTY,
        document="星河县职业培训补贴管理办法（示例，虚构文件）", valid_from=SINCE,
        certificate_kind=CertificateKind.TRAINING, min_attendance_percent=80, claim_window_months=12,
    )  # fmt: skip
    _scheme(
        "demo-upgrade", _UPGRADE_RATES, (), by=by, at=at,
        **_UPGRADE, region_code=COUNTY, document="星河县技能提升补贴经办规程（示例，虚构文件）", valid_from=SINCE,
        min_insured_months=12, max_claims_a_year=3,
    )  # fmt: skip
    for code, document, start, end, months, limit in _NATIONAL:
        _scheme(
            code, _UPGRADE_RATES, (), by=by, at=at,
            **_UPGRADE, region_code=PROVINCE, document=document, valid_from=start, valid_until=end,
            min_insured_months=months, max_claims_a_year=limit,
        )  # fmt: skip


# Sources: domain §2.1. Amounts are the national ceilings; places set their own below them.
_NATIONAL: tuple[tuple[str, str, dt.date, dt.date, int, int | None], ...] = (
    (
        "example-2017",
        "人社部发〔2017〕40号（示例，已停止）",
        dt.date(2017, 1, 1),
        dt.date(2018, 12, 31),
        36,
        None,
    ),
    (
        "example-2022",
        "2022 年阶段性放宽（示例，已停止）",
        dt.date(2022, 1, 1),
        dt.date(2022, 12, 31),
        12,
        None,
    ),
    (
        "example-2024",
        "人社部发〔2024〕40号（示例，已停止）",
        dt.date(2024, 1, 1),
        dt.date(2024, 12, 31),
        12,
        3,
    ),
    ("example-2025", "2025 年 4 月通知（示例，已停止）", dt.date(2025, 1, 1), dt.date(2025, 12, 31), 12, 1),
)


def _scheme(
    code: str,
    rates: Sequence[RateRow],
    groups: Sequence[PersonGroup],
    *,
    by: User | None,
    at: dt.datetime,
    **facts: Any,
) -> None:
    scheme, created = SubsidyScheme.objects.get_or_create(code=code, defaults=facts)
    if not created:
        return
    SchemeGroup.objects.bulk_create(SchemeGroup(scheme=scheme, group=group) for group in groups)
    names = {row.name: row for row in Occupation.objects.all()}
    Rate.objects.bulk_create(
        Rate(
            scheme=scheme,
            occupation=names[occupation] if occupation else None,
            skill_level=level,
            amount=Decimal(amount),
            unit=RateUnit.PER_PERSON,
        )
        for occupation, level, amount in rates
        if occupation is None or occupation in names
    )
    audit.record("scheme.load", scheme, by=by, at=at, code=code)


@transaction.atomic
def load_profiles(*, by: User | None, at: dt.datetime) -> None:
    """Load 职业培训补贴花名册 with the columns of domain §2.3; again is no change."""
    profile, created = ColumnProfile.objects.get_or_create(
        slug=PROFILE,
        region_code=COUNTY,
        valid_from=SINCE,
        defaults={"name": "职业培训补贴花名册", "columns": default_columns()},
    )
    if created:
        audit.record("profile.load", profile, by=by, at=at, slug=PROFILE)
