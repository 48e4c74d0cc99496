"""What must be there before anything happens: places, organisations, rules, courses, pages, accounts."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from caravan.demo import load_demo_resources
from caravan.demo_attendance import load_attendance_rules
from caravan.models import Kit, Room, TrainerProfile, Vehicle, Venue
from caravan.services.pages import publish_caravan_pages
from caravan.services.resources import save_trainer
from caravan.services.rules import load_national_rules
from certificates.demo.cast import Cast, add_cast
from certificates.issuing.demo import load_designs
from certificates.refreshers.demo import load_neighbour_rule, load_rules
from certificates.subsidies.demo import load_profiles, load_schemes
from cms.demo import load_demo_changes, load_demo_neighbours, load_demo_organisations, load_demo_regions
from cms.demo_site import load_demo_pages, load_demo_policies
from cms.models import Organisation, Region
from cms.services.site import publish_home_page, set_site_words
from courses.services.catalogue import load_catalogue, load_menus

COUNTY = "990101000000"
CATALOGUE = Path(__file__).resolve().parents[2] / "courses" / "data" / "catalogue.csv"


@dataclass
class Stage:
    """The set: cast and places by the names the story uses."""

    at: dt.datetime
    county: Region
    cast: Cast
    school: Organisation
    rival: Organisation
    employer: Organisation
    office: Organisation
    federation: Organisation

    def venue(self, name: str) -> Venue:
        """Return a venue of the school by a part of its name."""
        return Venue.objects.get(name__contains=name, organisation=self.school)

    def room(self, venue: Venue, name: str = "") -> Room:
        """Return the venue's room of that name, else its largest."""
        rooms = venue.rooms.filter(name=name) if name else venue.rooms
        room = rooms.order_by("-capacity", "pk").first()
        if room is None:
            raise LookupError(f"{venue} has no room")
        return room

    def trainer(self, username: str) -> TrainerProfile:
        """Return a trainer by account name."""
        return TrainerProfile.objects.get(user__username=username)


def set_stage(at: dt.datetime) -> Stage:
    """Load everything a county office has before its first class."""
    publish_home_page(by=None, at=at)
    load_demo_regions()
    load_demo_changes()
    load_demo_neighbours()
    named = load_demo_organisations()
    county = Region.objects.get(code=COUNTY)
    cast = add_cast(at, county)
    admin = cast["admin"]
    set_site_words(
        by=admin,
        at=at,
        place_name="星河县",
        help_desk_name="县家政培训服务台",
        help_phone="0000-812 3456",
        help_hours="每天 8:00—20:00",
        footer_line="星河县人力资源和社会保障局 · 县妇联",
        show_demo_banner=True,
    )
    load_demo_policies(by=admin, at=at)
    load_demo_pages(by=cast["bianji"], at=at)
    with CATALOGUE.open(encoding="utf-8-sig", newline="") as file:
        load_catalogue(csv.DictReader(file), by=admin, at=at)
    load_menus(by=admin, at=at)
    load_demo_resources(named["XH"], cast.trainers("XH"), by=admin, at=at)
    for user, name, title in cast.trainers("QS"):
        save_trainer(
            TrainerProfile(organisation=named["QS"], user=user, name=name, title=title), by=admin, at=at
        )
    load_national_rules(at=at)
    load_attendance_rules()
    publish_caravan_pages(by=admin, at=at)
    load_designs()
    load_rules(by=admin, at=at)
    load_neighbour_rule(by=admin, at=at)
    load_schemes(by=admin, at=at)
    load_profiles(by=admin, at=at)
    return Stage(
        at=at,
        county=county,
        cast=cast,
        school=named["XH"],
        rival=named["QS"],
        employer=named["YL"],
        office=named["XHRS"],
        federation=named["XHFL"],
    )


def first_vehicle(organisation: Organisation) -> Vehicle | None:
    """Return the organisation's caravan, if it has one."""
    return Vehicle.objects.filter(organisation=organisation).first()


def kits_of(organisation: Organisation) -> list[Kit]:
    """Return the organisation's kits."""
    return list(Kit.objects.filter(organisation=organisation))
