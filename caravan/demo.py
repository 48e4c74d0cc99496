"""The caravan's part of the demo world: places, people and things to plan with. Nothing here is real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caravan.enums import VenueType
from caravan.models import DayHoursRule, Kit, Room, TrainerProfile, Vehicle, Venue
from caravan.services.resources import save_kit, save_trainer, save_vehicle, save_venue
from cms.models import Organisation, Region, User

COUNTY = "990101000000"
_RULES_FROM = dt.date(2024, 1, 1)
_CLASSROOM = (("教室", 50),)

# name, type, place (town, or town/village), address, directions, shared, rooms
_VENUES: tuple[tuple[str, VenueType, str, str, str, bool, tuple[tuple[str, int], ...]], ...] = (
    ("县公共实训基地", VenueType.PUBLIC_BASE, "城关镇", "城关镇实训路 1 号", "县汽车站向东 300 米", True,
     (("1 号教室", 60), ("2 号教室", 50), ("3 号教室", 50), ("厨艺实训室", 40))),
    ("柳林村妇女之家", VenueType.WOMENS_HOME, "柳林镇/柳林村", "柳林镇柳林村村委会院内", "村口牌坊进去右手边", True,
     _CLASSROOM),
    ("红旗村妇女之家", VenueType.WOMENS_HOME, "青山乡/红旗村", "青山乡红旗村村委会", "乡政府往北 2 公里", True, _CLASSROOM),
    ("新民村妇女之家", VenueType.WOMENS_HOME, "柳林镇/新民村", "柳林镇新民村村委会", "", True, _CLASSROOM),
    ("双桥乡便民服务中心", VenueType.COMMUNITY_ROOM, "双桥乡", "双桥乡便民服务中心二楼", "集市斜对面", True,
     (("二楼会议室", 45),)),
    ("云岭乡文化礼堂", VenueType.VILLAGE_HALL, "云岭乡", "云岭乡白石村文化礼堂", "", True, (("礼堂", 80),)),
    ("青山乡社区教室", VenueType.COMMUNITY_CLASSROOM, "青山乡", "青山乡社区服务站", "", False, _CLASSROOM),
)  # fmt: skip


@dataclass(frozen=True)
class DemoResources:
    """What the demo world plans with; ``venues`` and ``trainers`` by name."""

    venues: dict[str, Venue]
    trainers: dict[str, TrainerProfile]
    vehicle: Vehicle
    kit: Kit

    def room(self, venue: str, name: str = "") -> Room:
        """Return a room of a venue by name, else its largest."""
        rooms = self.venues[venue].rooms.all()
        return rooms.get(name=name) if name else rooms.order_by("-capacity")[0]


def load_demo_resources(
    organisation: Organisation,
    trainers: Sequence[tuple[User, str, str]],
    *,
    by: User | None,
    at: dt.datetime,
) -> DemoResources:
    """Make venues, the caravan, a kit, trainer profiles and the county's daily limit; a second call finds them.

    ``trainers`` are (account with a trainer's role, name, title). Regions must be loaded already.
    """
    load_demo_rules()
    venues = {facts[0]: _venue(organisation, facts, by=by, at=at) for facts in _VENUES}
    profiles = {
        name: TrainerProfile.objects.filter(user=user).first()
        or save_trainer(
            TrainerProfile(organisation=organisation, user=user, name=name, title=title), by=by, at=at
        )
        for user, name, title in trainers
    }
    vehicle = Vehicle.objects.filter(organisation=organisation).first() or save_vehicle(
        Vehicle(organisation=organisation, name="大篷车一号", plate="示A·00001"), by=by, at=at
    )
    kit = Kit.objects.filter(organisation=organisation).first() or save_kit(
        Kit(
            organisation=organisation, name="急救教具箱",
            contents="心肺复苏模拟人 4 具\n自动除颤训练机 2 台\n绷带和三角巾 40 套\n烫伤护理用品 10 套",
        ),
        by=by, at=at,
    )  # fmt: skip
    return DemoResources(venues, profiles, vehicle, kit)


def load_demo_rules() -> None:
    """Say the county's daily limit: 8 学时 of 45 minutes."""
    DayHoursRule.objects.get_or_create(
        region_code=COUNTY,
        valid_from=_RULES_FROM,
        defaults={"max_hours_a_day": Decimal(8), "minutes_an_hour": 45, "document": "演示规定第 3 号"},
    )


def _venue(
    organisation: Organisation,
    facts: tuple[str, VenueType, str, str, str, bool, tuple[tuple[str, int], ...]],
    *,
    by: User | None,
    at: dt.datetime,
) -> Venue:
    name, venue_type, place, address, directions, is_shared, rooms = facts
    found = Venue.objects.filter(organisation=organisation, name=name).first()
    if found is not None:
        return found
    venue = Venue(
        organisation=organisation, name=name, venue_type=venue_type, region_code=_region_code(place),
        address=address, directions=directions, is_shared=is_shared,
    )  # fmt: skip
    return save_venue(venue, rooms, by=by, at=at)


def _region_code(place: str) -> str:
    """Return the code of ``town`` or ``town/village`` in the demo county; raises ``Region.DoesNotExist``."""
    found = Region.objects.get(code=COUNTY)
    for name in place.split("/"):
        found = Region.objects.get(parent=found, name=name)
    return found.code
