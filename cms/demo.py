"""The demo world's ground: an impossible province 99 and six organisations in its county 星河县."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from cms.enums import OrganisationKindCode as Kind
from cms.enums import RegionLevel
from cms.models import Organisation, Region
from cms.regions import load_regions
from cms.services.licences import add_licence
from cms.services.organisations import create_organisation
from cms.services.successions import succeed_region

DEMO_COUNTY = "990101000000"
_REGIONS = Path(__file__).resolve().parent / "data" / "demo_regions.csv"
_NEIGHBOURS = Path(__file__).resolve().parent / "data" / "demo_neighbours.csv"
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
# Number, first and last day: one holds, one has lapsed.
_LICENCES = {
    "XH": ("人社民 99010140001 号", dt.date(2024, 1, 1), dt.date(2028, 12, 31)),
    "QS": ("人社民 99010140002 号", dt.date(2022, 1, 1), dt.date(2025, 6, 30)),
}
# A township that went over into its neighbour before the story begins.
_FORMER_TOWN, _ITS_HEIR = ("990101203000", "松林乡"), "990101202000"


def load_demo_regions() -> int:
    """Load province 99; return how many regions were new (0 the second time)."""
    return load_regions(_REGIONS, valid_from=_SINCE)


def load_demo_neighbours() -> int:
    """Load the county and the province next door, where some of the county's workers are; again is no change."""
    return load_regions(_NEIGHBOURS, valid_from=_SINCE)


def load_demo_changes() -> None:
    """Record one change of region, so that the list of changes has something to show; once."""
    code, name = _FORMER_TOWN
    if Region.objects.filter(code=code).exists():
        return
    town = Region.objects.create(
        code=code,
        name=name,
        level=RegionLevel.TOWN,
        parent=Region.objects.get(code=DEMO_COUNTY),
        valid_from=_SINCE,
    )
    succeed_region(
        town,
        Region.objects.get(code=_ITS_HEIR),
        on=dt.date(2023, 7, 1),
        document="示民发〔2023〕8号",
        by=None,
        at=timezone.now(),
    )


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
            number, first, last = _LICENCES[code]
            add_licence(
                organisation,
                number=number,
                authority="星河县人力资源和社会保障局",
                valid_from=first,
                valid_until=last,
                by=None,
                at=at,
            )
    codes = [row[0] for row in _ORGANISATIONS]
    return {one.short_code: one for one in Organisation.objects.filter(short_code__in=codes)}
