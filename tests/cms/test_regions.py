"""Regions: the file, the code's meaning, and places in addresses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cms.demo import DEMO_COUNTY, load_demo_regions
from cms.enums import RegionLevel
from cms.models import Region
from cms.regions import RegionResolver, level_of, load_regions, parent_code, region_of_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def names() -> dict[str, str]:
    """Name of each code of the demo province."""
    load_demo_regions()
    return dict(Region.objects.values_list("code", "name"))


def test_the_demo_province_is_loaded_once(names: dict[str, str]) -> None:
    assert load_demo_regions() == 0
    county = Region.objects.get(code=DEMO_COUNTY)
    assert (county.name, county.level, county.parent.name) == ("星河县", RegionLevel.COUNTY, "示范市")
    towns = set(county.children.values_list("name", flat=True))
    assert {"城关镇", "河湾镇", "柳林镇", "青山乡", "双桥乡", "云岭乡"} <= towns
    assert all(
        region.parent is not None for region in Region.objects.exclude(level=1).select_related("parent")
    )


def test_a_code_says_its_level_and_parent() -> None:
    assert [level_of(code).value for code in ("990000000000", "990100000000", DEMO_COUNTY)] == [1, 2, 3]
    assert level_of("990101102000") == RegionLevel.TOWN
    assert level_of("990101102204") == RegionLevel.VILLAGE
    assert parent_code("990101102204") == "990101102000"
    assert parent_code("990000000000") is None


def test_a_file_with_a_missing_parent_loads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("code,name\n980000000000,Province\n980101001000,Town\n", encoding="utf-8")
    with pytest.raises(ValueError, match="980101001000"):
        load_regions(path, valid_from=dt.date(2020, 1, 1))
    assert not Region.objects.filter(code="980000000000").exists()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("示范省示范市星河县柳林镇红旗村", "柳林镇红旗村"),
        ("星河县柳林镇红旗村3组12号", "柳林镇红旗村"),
        ("柳林镇 红旗村", "柳林镇红旗村"),
        ("青山乡红旗村", "青山乡红旗村"),
        ("星河县柳林镇没有的村", "柳林镇"),
        ("示范省示范市星河县", "星河县"),
        ("示范省示范市", ""),
        ("红旗村", ""),  # every town has one
        ("别的省别的市别的县柳林镇红旗村", ""),
        ("邻县柳林镇红旗村", ""),
        ("", ""),
    ],
)
def test_an_address_is_found_where_it_stands(names: dict[str, str], address: str, place: str) -> None:
    code = region_of_address(address, within=DEMO_COUNTY)
    found = "".join(names[one] for one in (parent_code(code), code) if one) if code else ""
    assert found.removeprefix("星河县").removeprefix("示范市") == place or found == place


def test_the_longest_name_wins(names: dict[str, str]) -> None:
    town = Region.objects.get(code="990101102000")
    new = Region.objects.create(
        code="990101102299", name="红旗村新社区", level=5, parent=town, valid_from=dt.date(2020, 1, 1)
    )
    assert region_of_address("柳林镇红旗村新社区", within=DEMO_COUNTY) == new.code


def test_a_village_committee_looks_in_its_county(names: dict[str, str]) -> None:
    assert names[region_of_address("青山乡一村", within="990101102204")] == "一村"


def test_many_addresses_cost_two_queries(names: dict[str, str], django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        resolver = RegionResolver(DEMO_COUNTY)
        for _ in range(20):
            assert resolver.code_of("柳林镇红旗村")
