"""A small county in which classes are planned: one provider, its venue, two trainers, an office."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from caravan.enums import SessionKind, StaffRole, VenueType
from caravan.models import DayHoursRule, Room, TrainerProfile, TrainingClass, Vehicle, Venue
from caravan.services.filing import accept_filing, submit_class
from caravan.services.planning import assign_staff, open_class
from caravan.services.scheduling import schedule_session
from caravan.services.timetabling import plan_sessions
from cms.enums import RegionLevel
from cms.models import Organisation, Region, User
from cms.roles import Role
from cms.services.memberships import grant_role, sync_roles
from courses.enums import CertificateKind, TrainingType
from courses.models import Course, CourseVersion, Menu, MenuItem, MenuSection, MenuVersion, Occupation

CHINA = ZoneInfo("Asia/Shanghai")
COUNTY = "990101000000"
VILLAGE = "990101002003"
NOW = dt.datetime(2031, 3, 1, 9, 0, tzinfo=CHINA)
FIRST = dt.date(2031, 3, 10)  # a Monday
LAST = dt.date(2031, 3, 21)


def local(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """Return a moment of March 2031 by the wall clock."""
    return dt.datetime(2031, 3, day, hour, minute, tzinfo=CHINA)


def make_user(name: str) -> User:
    return User.objects.create(username=name, display_name=name)


def make_course(code: str, title: str, theory: int, practice: int, *, passes: bool = True) -> Course:
    occupation, _ = Occupation.objects.get_or_create(name="家政服务员", valid_from=dt.date(2020, 1, 1))
    course = Course.objects.create(code=code, title=title, is_on_caravan=True)
    CourseVersion.objects.create(
        course=course,
        number=1,
        title=title,
        training_type=TrainingType.PRE_JOB,
        occupation=occupation,
        total_hours=theory + practice,
        theory_hours=theory,
        practice_hours=practice,
        community_hours=0,
        theory_pass_score=60 if passes else None,
        certificate_kind=CertificateKind.TRAINING,
        valid_from=dt.date(2025, 1, 1),
    )
    return course


@dataclass
class World:
    """What the planning tests need; ``plan`` and ``file_it`` take a class further."""

    provider: Organisation
    office: Organisation
    planner: User
    officer: User
    other_officer: User
    teacher: User
    assessor: User
    trainer: TrainerProfile
    other_trainer: TrainerProfile
    venue: Venue
    room: Room
    small_room: Room
    menu: MenuVersion
    course: Course
    extra: Course
    people: dict[str, User] = field(default_factory=dict)

    def open(self, **changes: Any) -> TrainingClass:
        facts: dict[str, Any] = {
            "organisation": self.provider,
            "title": "家务初级第 1 班",
            "venue": self.venue,
            "region_code": VILLAGE,
            "menu_version": self.menu,
            "courses": [self.course],
            "capacity": 40,
            "starts_on": FIRST,
            "ends_on": LAST,
            "enrol_until": local(9, 17),
            "by": self.planner,
            "at": NOW,
        }
        return open_class(**{**facts, **changes})

    def schedule(self, training_class: TrainingClass, **changes: Any) -> Any:
        facts: dict[str, Any] = {
            "class_course": training_class.class_courses.first(),
            "kind": SessionKind.THEORY,
            "content": "家电使用",
            "starts_at": local(10, 8, 30),
            "ends_at": local(10, 11, 45),
            "hours": Decimal(4),
            "room": self.room,
            "trainer": self.trainer,
            "by": self.planner,
            "at": NOW,
        }
        return schedule_session(training_class, **{**facts, **changes})

    def staff(self, training_class: TrainingClass) -> None:
        assign_staff(training_class, self.teacher, StaffRole.CLASS_TEACHER, by=self.planner, at=NOW)
        assign_staff(training_class, self.assessor, StaffRole.ASSESSOR, by=self.planner, at=NOW)

    def ready(self, **changes: Any) -> TrainingClass:
        """Return a complete draft."""
        training_class = self.open(**changes)
        self.staff(training_class)
        plan_sessions(training_class, trainer=self.trainer, room=self.room, by=self.planner, at=NOW)
        return training_class

    def filed(self, **changes: Any) -> TrainingClass:
        """Return a class on file."""
        return accept_filing(
            submit_class(self.ready(**changes), by=self.planner, at=NOW), by=self.officer, at=NOW
        )


def make_world() -> World:
    """Build the county, its people and one menu: pick JZ-A, and JZ-B if one likes."""
    sync_roles()
    regions = [
        Region.objects.create(code=code, name=name, level=level, valid_from=dt.date(2020, 1, 1))
        for code, name, level in (
            ("990000000000", "示范省", RegionLevel.PROVINCE),
            (COUNTY, "星河县", RegionLevel.COUNTY),
            ("990101002000", "河湾镇", RegionLevel.TOWN),
            (VILLAGE, "柳林村", RegionLevel.VILLAGE),
            ("990102000000", "邻县", RegionLevel.COUNTY),
        )
    ]
    provider = Organisation.objects.create(name="星河家政培训学校", short_code="XH", region_code=COUNTY)
    office = Organisation.objects.create(name="星河县人社局", short_code="RS", region_code=COUNTY)
    users = {name: make_user(name) for name in _PEOPLE}
    for name, role in _ROLES.items():
        grant_role(users[name], role, provider, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    for name, region in (("officer", regions[1]), ("other_officer", regions[4])):
        grant_role(
            users[name], Role.SUBSIDY_OFFICER, office, by=None, at=NOW, regions=[region],
            valid_from=dt.date(2020, 1, 1),
        )  # fmt: skip
    venue = Venue.objects.create(
        organisation=provider, name="柳林村妇女之家", venue_type=VenueType.WOMENS_HOME, region_code=VILLAGE,
        address="村委会院内",
    )  # fmt: skip
    room = Room.objects.create(venue=venue, name="大教室", capacity=50)
    small_room = Room.objects.create(venue=venue, name="小教室", capacity=40)
    trainer, other_trainer = (
        TrainerProfile.objects.create(organisation=provider, user=users[name], name=label, title="高级工")
        for name, label in (("trainer", "陈国梁"), ("other_trainer", "周敏"))
    )
    Vehicle.objects.create(organisation=provider, name="一号车")
    DayHoursRule.objects.create(
        region_code=COUNTY, max_hours_a_day=8, minutes_an_hour=45, valid_from=dt.date(2020, 1, 1)
    )
    course, extra = make_course("JZ-A", "家务服务员（初级）", 8, 16), make_course("JZ-B", "沟通", 8, 0)
    return World(
        provider, office, users["planner"], users["officer"], users["other_officer"], users["teacher"],
        users["assessor"], trainer, other_trainer, venue, room, small_room, _menu(course, extra), course, extra,
        users,
    )  # fmt: skip


_PEOPLE = (
    "planner", "officer", "other_officer", "teacher", "assessor", "trainer", "other_trainer", "outsider",
)  # fmt: skip
_ROLES = {
    "planner": Role.PLANNER, "teacher": Role.CLASS_TEACHER, "assessor": Role.ASSESSOR,
    "trainer": Role.TRAINER, "other_trainer": Role.TRAINER,
}  # fmt: skip


def _menu(course: Course, extra: Course) -> MenuVersion:
    version = MenuVersion.objects.create(
        menu=Menu.objects.create(code="M1", title="上岗套餐"), number=1, min_hours=8, max_hours=40,
        valid_from=dt.date(2025, 1, 1),
    )  # fmt: skip
    for order, (one, least) in enumerate(((course, 1), (extra, 0)), start=1):
        section = MenuSection.objects.create(
            version=version, order=order, title="必选" if least else "任选", min_picks=least, max_picks=1
        )
        MenuItem.objects.create(section=section, order=1, course=one)
    return version
