"""The committed table of China's regions: well-known codes, counts, parents, years, and its loading."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter

import pytest

from cms.demo import load_demo_regions
from cms.enums import RegionLevel
from cms.errors import DomainError
from cms.models import Region
from cms.regions import NATIONAL_TABLE, level_of, load_national_regions, parent_code

KNOWN = {
    "110000": "北京市", "110101": "东城区", "120116": "滨海新区", "130100": "石家庄市", "150000": "内蒙古自治区",
    "220100": "长春市", "310115": "浦东新区", "320506": "吴中区", "330106": "西湖区", "370203": "市北区",
    "419001": "济源市", "429005": "潜江市", "441900": "东莞市", "442000": "中山市", "460400": "儋州市",
    "469001": "五指山市", "500112": "渝北区", "522301": "兴义市", "540000": "西藏自治区", "620200": "嘉峪关市",
    "630104": "城西区", "659001": "石河子市", "710000": "台湾省", "810000": "香港特别行政区", "820000": "澳门特别行政区",
}  # fmt: skip
# Code, name, last year: merged into others.
ABOLISHED = {"110103": ("崇文区", 2010), "310103": ("卢湾区", 2011), "330103": ("下城区", 2021)}


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    with NATIONAL_TABLE.open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row for row in csv.DictReader(stream)}


def test_well_known_codes_have_their_names(rows: dict[str, dict[str, str]]) -> None:
    wrong = {
        code: name for code, name in KNOWN.items() if rows.get(code.ljust(12, "0"), {}).get("name") != name
    }
    assert not wrong


def test_abolished_codes_say_their_last_year(rows: dict[str, dict[str, str]]) -> None:
    for code, facts in ABOLISHED.items():
        row = rows[code.ljust(12, "0")]
        assert (row["name"], row["valid_until"]) == (facts[0], f"{facts[1]}-12-31")


def test_every_level_has_as_many_as_the_country(rows: dict[str, dict[str, str]]) -> None:
    in_use = Counter(level_of(code) for code, row in rows.items() if not row["valid_until"])
    assert in_use[RegionLevel.PROVINCE] == 34
    assert 333 <= in_use[RegionLevel.CITY] <= 350  # 333 and the headings 市辖区, 县 and 直辖县级
    assert 2840 <= in_use[RegionLevel.COUNTY] <= 3000  # 2 844 and development zones with townships
    assert sum(in_use.values()) > 3200 and len(rows) - sum(in_use.values()) > 1000
    assert not any(code.startswith("99") for code in rows), "the demo world's province is nobody's"


def test_every_parent_is_there_and_every_year_in_order(rows: dict[str, dict[str, str]]) -> None:
    assert not [code for code in rows if (upper := parent_code(code)) and upper not in rows]
    assert not [row for row in rows.values() if row["valid_until"] and row["valid_until"] < row["valid_from"]]
    open_below_ended = [
        code
        for code, row in rows.items()
        if not row["valid_until"] and (upper := parent_code(code)) and rows[upper]["valid_until"]
    ]
    assert not open_below_ended


def test_the_table_is_the_one_its_record_tells_of() -> None:
    folder = NATIONAL_TABLE.parent
    (record,) = json.loads((folder / "SOURCES.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(NATIONAL_TABLE.read_bytes()).hexdigest()
    for source in record["sources"]:
        assert source["package"] and source["version"] and source["licence"] and source["source_sha256"]
        assert (folder / source["licence_file"]).is_file()


@pytest.mark.django_db
def test_a_province_is_loaded_once_and_the_rest_after_it() -> None:
    first = load_national_regions(["46"])
    assert first == Region.objects.count() > 25
    assert set(Region.objects.filter(level=1).values_list("code", flat=True)) == {"460000000000"}
    assert load_national_regions(["460000000000"]) == 0
    assert Region.objects.get(code="460400000000").parent == Region.objects.get(code="460000000000")


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["99", "110101", "4", "湖南", ""])
def test_what_is_no_province_is_named(code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        load_national_regions([code])
    assert refusal.value.code == "province_unknown"
    assert not Region.objects.exists()


@pytest.mark.django_db
def test_the_demo_world_takes_no_real_region() -> None:
    load_demo_regions()
    with pytest.raises(DomainError) as refusal:
        load_national_regions(["46"])
    assert refusal.value.code == "demo_world"
    assert not Region.objects.exclude(code__startswith="99").exists()
