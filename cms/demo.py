"""The demo world's ground: an impossible province 99 and six organisations in its county 星河县."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from cms.enums import OrganisationKindCode as Kind
from cms.models import Organisation
from cms.regions import load_regions
from cms.services.licences import add_licence
from cms.services.organisations import create_organisation

DEMO_COUNTY = "990101000000"
_REGIONS = Path(__file__).resolve().parent / "data" / "demo_regions.csv"
_SINCE = dt.date(2020, 1, 1)

# Short code, name, kinds, USCC (region 990101 does not exist; the check characters are right), region.
_ORGANISATIONS = (
    ("XHRS", "星河县人力资源和社会保障局", [Kind.HR_OFFICE], "11990101MA0DEM0134", DEMO_COUNTY),
    ("XHFL", "星河县妇女联合会", [Kind.WOMENS_FEDERATION], "13990101MA0DEM021Q", DEMO_COUNTY),
    ("XH", "星河县巾帼家政培训学校", [Kind.PROVIDER, Kind.SCHOOL], "52990101MA0DEM03XF", "990101100000"),
    ("YL", "云岭家政服务有限公司", [Kind.EMPLOYER], "91990101MA0DEM048E", "990101202000"),
    ("QS", "青山家政服务有限公司", [Kind.EMPLOYER, Kind.PROVIDER], "91990101MA0DEM0569", "990101200000"),
    ("LL", "柳林村民委员会", [Kind.COMMUNITY], "54990101MA0DEM064Y", "990101102204"),
)
_LICENCES = {"XH": "人社民 99010140001 号", "QS": "人社民 99010140002 号"}


def load_demo_regions() -> int:
    """Load province 99; return how many regions were new (0 the second time)."""
    return load_regions(_REGIONS, valid_from=_SINCE)


def load_demo_organisations() -> dict[str, Organisation]:
    """Return the demo organisations by short code, made where they are missing; regions come first."""
    at = timezone.now()
    for code, name, kinds, uscc, region_code in _ORGANISATIONS:
        if Organisation.objects.filter(short_code=code).exists():
            continue
        organisation = create_organisation(
            name=name,
            short_code=code,
            region_code=region_code,
            kinds=kinds,
            uscc=uscc,
            contact_phone="19900000000",
            by=None,
            at=at,
        )
        if code in _LICENCES:
            add_licence(
                organisation,
                number=_LICENCES[code],
                authority="星河县人力资源和社会保障局",
                valid_from=dt.date(2024, 1, 1),
                valid_until=dt.date(2028, 12, 31),
                by=None,
                at=at,
            )
    codes = [row[0] for row in _ORGANISATIONS]
    return {one.short_code: one for one in Organisation.objects.filter(short_code__in=codes)}
