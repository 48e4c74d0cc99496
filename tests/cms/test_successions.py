"""Recording that a region went over into another: what is refused, what ends, what undoing brings back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.errors import DomainError
from cms.models import Region, RegionSuccession, User
from cms.regions import heirs_of, require_region
from cms.services.successions import preview_succession, succeed_region, undo_succession

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = dt.date(2026, 7, 1)
EVE = dt.date(2026, 6, 30)
OLD, HEIR, THIRD = "990105000000", "990101000000", "990102000000"
PLACES = {
    OLD: "老河县", "990105101000": "东镇", "990105102000": "西镇", "990105101201": "一村",
    HEIR: "星河县", "990101109000": "新东镇", THIRD: "邻县", "990102109000": "新西镇",
}  # fmt: skip


@pytest.fixture
def places() -> dict[str, Region]:
    levels = {code: 3 + (code[6:9] != "000") + (code[9:] != "000") for code in PLACES}
    return {
        code: Region.objects.create(code=code, name=name, level=levels[code], valid_from=dt.date(2020, 1, 1))
        for code, name in PLACES.items()
    }


def succeed(places: dict[str, Region], old: str, heir: str, **changes: object) -> RegionSuccession:
    facts: dict = {"on": DAY, "document": "民函〔2026〕12号", "by": None, "at": NOW, **changes}
    return succeed_region(places[old], places[heir], **facts)


def until(code: str) -> dt.date | None:
    return Region.objects.get(code=code).valid_until


def test_the_old_codes_end_the_day_before(places: dict[str, Region]) -> None:
    Region.objects.filter(code="990105102000").update(valid_until=dt.date(2024, 12, 31))
    made = succeed(places, OLD, HEIR)
    assert (made.document, made.recorded_at) == ("民函〔2026〕12号", NOW)
    assert until(OLD) == until("990105101201") == EVE
    assert until("990105102000") == dt.date(2024, 12, 31), "ended before"
    assert until(HEIR) is None
    assert [one.name for one in heirs_of("990105101201", DAY)] == ["星河县"]
    assert heirs_of("990105101201", EVE) == []


@pytest.mark.parametrize(
    ("old", "heir", "changes", "code"),
    [
        (OLD, OLD, {}, "same_region"),
        (OLD, "990105101000", {}, "heir_inside"),
        (OLD, HEIR, {"document": " "}, "document_missing"),
        (OLD, HEIR, {"on": dt.date(2019, 1, 1)}, "old_not_begun"),
        (OLD, "990101109000", {"on": dt.date(2025, 1, 1)}, "heir_not_begun"),
        (OLD, THIRD, {"on": dt.date(2026, 9, 1)}, "heir_ended"),
        (OLD, "990102109000", {}, "succession_known"),
    ],
)
def test_what_cannot_be_is_refused(
    places: dict[str, Region], old: str, heir: str, changes: dict, code: str
) -> None:
    Region.objects.filter(code="990101109000").update(valid_from=dt.date(2026, 1, 1))
    Region.objects.filter(code=THIRD).update(valid_until=dt.date(2026, 8, 1))
    places = {region.code: region for region in Region.objects.all()}
    if code == "succession_known":
        succeed(places, old, heir)
    before = RegionSuccession.objects.count()
    with pytest.raises(DomainError) as refusal:
        succeed(places, old, heir, **changes)
    assert refusal.value.code == code
    assert RegionSuccession.objects.count() == before


def test_what_came_from_a_region_cannot_become_it(places: dict[str, Region]) -> None:
    succeed(places, OLD, HEIR)
    succeed(places, HEIR, THIRD, on=dt.date(2026, 9, 1))
    places = {region.code: region for region in Region.objects.all()}
    with pytest.raises(DomainError) as refusal:
        succeed(places, THIRD, OLD, on=dt.date(2026, 6, 1))
    assert refusal.value.code == "succession_circle"


@pytest.mark.both
def test_undoing_brings_back_what_has_no_other_heir(places: dict[str, Region]) -> None:
    user = User.objects.create(username="root")
    succeed(places, "990105102000", "990102109000")
    made = succeed(places, OLD, HEIR)
    undo_succession(made, by=user, at=NOW)
    assert until(OLD) is None and until("990105101201") is None
    assert until("990105102000") == EVE, "the town that went elsewhere stays there"


def test_a_step_in_the_middle_is_not_undone(places: dict[str, Region]) -> None:
    user = User.objects.create(username="root")
    first = succeed(places, OLD, HEIR)
    succeed(places, HEIR, THIRD, on=dt.date(2026, 9, 1))
    with pytest.raises(DomainError) as refusal:
        undo_succession(first, by=user, at=NOW)
    assert refusal.value.code == "succession_built_on"


def test_the_look_ahead_leaves_out_what_went_elsewhere(places: dict[str, Region]) -> None:
    from cms.models import Organisation

    for number, code in enumerate(("990105101201", "990105102000", OLD)):
        Organisation.objects.create(name=f"机构{number}", short_code=f"O{number}", region_code=code)
    succeed(places, "990105102000", "990102109000")
    found = preview_succession(Region.objects.get(code=OLD), places[HEIR], on=DAY)
    assert dict(found.contents)["机构"] == 2
    assert not RegionSuccession.objects.filter(successor__code=HEIR).exists()


def test_nothing_new_is_registered_under_a_code_that_ended(places: dict[str, Region]) -> None:
    succeed(places, OLD, HEIR)
    assert require_region("990105101201", EVE).name == "一村"
    with pytest.raises(DomainError) as refusal:
        require_region("990105101201", DAY)
    assert refusal.value.code == "region_ended" and f"星河县 {HEIR}" in str(refusal.value)
