"""A school with a class whose people have completed a course, and the office around it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay, VenueType
from caravan.models import ClassCourse, Enrolment, TrainingClass, Venue
from certificates.issuing.demo import load_designs
from certificates.issuing.models import Certificate
from cms.enums import AccountProof, AccountRelation, AffiliationKind, IdType
from cms.identity import demo_number
from cms.models import Organisation, Person, PersonAccount, Region, User
from cms.roles import Role
from cms.services.files import read_file
from cms.services.memberships import grant_role, sync_roles
from cms.services.people import register_person
from courses.enums import CertificateKind, Component, TrainingType
from courses.models import Course, CourseVersion, Occupation, TrainingRecord
from courses.services.records import close_record, open_record, record_component

CHINA = ZoneInfo("Asia/Shanghai")
AT = dt.datetime(2026, 3, 24, 9, 0, tzinfo=CHINA)
COUNTY = "990101000000"
TOWN = "990101100000"
PRIVATE_USE = "\ue5e5"  # a character some office made for itself
UNKNOWN = "\U000323b5"  # not assigned: no font draws it


@dataclass
class World:
    """One organiser with one class; ``record`` adds a person who has completed the course."""

    school: Organisation
    other_school: Organisation
    planner: User
    version: CourseVersion
    training_class: TrainingClass
    people: int = 0

    def person(self, name: str = "") -> Person:
        self.people += 1
        birth = dt.date(1970 + self.people // 400, 1, 1)
        person, _created = register_person(
            legal_name=name or f"王桂{'一二三四五六七八九'[self.people % 9]}",
            id_type=IdType.CITIZEN_ID,
            number=demo_number(birth, self.people % 400, "female"),
            organisation=self.school,
            kind=AffiliationKind.ROSTER,
            region_code=TOWN,
            source="花名册",
            by=self.planner,
            at=AT,
        )
        return person

    def record(self, person: Person | None = None, *, name: str = "", hours: int = 80) -> TrainingRecord:
        """Return a closed record: completed with at least 64 hours, else not."""
        person = person or self.person(name)
        Enrolment.objects.create(
            training_class=self.training_class,
            person=person,
            state=EnrolmentState.ENROLLED,
            way=EnrolmentWay.values[0],
            roll_no=1000 - self.people,  # against the order of primary keys
            requested_at=AT,
            enrolled_at=AT,
        )
        record = open_record(
            person,
            self.version,
            organisation=self.school,
            region_code=TOWN,
            source=f"class:{self.training_class.class_no}",
            started_on=dt.date(2026, 1, 12),
            by=self.planner,
            at=AT,
        )
        for component, most in (
            (Component.THEORY_HOURS, 24),
            (Component.PRACTICE_HOURS, 48),
            (Component.COMMUNITY_HOURS, 8),
        ):
            value = Decimal(min(hours, most))
            hours -= int(value)
            record_component(record, component, value, evidence="签到", by=self.planner, at=AT)
        return close_record(record, ended_on=dt.date(2026, 3, 20), by=self.planner, at=AT)

    def user(
        self, name: str, *roles: Role, organisation: Organisation | None = None, place: str = ""
    ) -> User:
        user = User.objects.create(username=name, display_name=name)
        regions = [Region.objects.get(code=place)] if place else []
        for role in roles:
            grant_role(
                user,
                role,
                organisation or self.school,
                by=None,
                at=AT,
                regions=regions,
                valid_from=dt.date(2020, 1, 1),
            )
        return user

    def holder(self, person: Person, name: str = "holder") -> User:
        """Return an account that acts for ``person``."""
        user = User.objects.create(username=name, display_name=name)
        PersonAccount.objects.create(
            user=user, person=person, relation=AccountRelation.SELF, proof=AccountProof.SLIP, since=AT
        )
        return user


def stored_bytes(certificate: Certificate) -> bytes:
    """Return the certificate's file as kept."""
    assert certificate.file is not None
    return read_file(certificate.file)


def make_world() -> World:
    load_designs()
    sync_roles()
    school = Organisation.objects.create(
        name="星河县巾帼家政培训学校", short_code="XH", region_code=COUNTY, contact_phone="0000-8125530"
    )
    other = Organisation.objects.create(name="别县家政公司", short_code="BX", region_code="990201000000")
    planner = User.objects.create(username="planner", display_name="教务小李")
    grant_role(planner, Role.PLANNER, school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    version = make_version()
    return World(school, other, planner, version, make_class(school, version))


def make_version(kind: CertificateKind = CertificateKind.TRAINING, code: str = "JW-01") -> CourseVersion:
    title = "家务服务员（初级）：保洁、洗涤与家电使用"
    occupation, _created = Occupation.objects.get_or_create(name="家政服务员", valid_from=dt.date(2020, 1, 1))
    return CourseVersion.objects.create(
        course=Course.objects.create(code=code, title=title),
        number=1,
        title=title,
        training_type=TrainingType.PRE_JOB,
        occupation=occupation,
        skill_level=5,
        total_hours=80,
        theory_hours=24,
        practice_hours=48,
        community_hours=8,
        certificate_kind=kind,
        valid_from=dt.date(2025, 1, 1),
    )


def make_class(school: Organisation, version: CourseVersion, class_no: str = "XH-2026-0007") -> TrainingClass:
    venue, _created = Venue.objects.get_or_create(
        organisation=school,
        name="柳林村妇女之家",
        defaults={"venue_type": VenueType.values[0], "region_code": TOWN, "address": "柳林村 1 号"},
    )
    training_class = TrainingClass.objects.create(
        class_no=class_no,
        title="家务初级第 7 班",
        organisation=school,
        venue=venue,
        region_code=TOWN,
        capacity=40,
        starts_on=dt.date(2026, 1, 12),
        ends_on=dt.date(2026, 3, 20),
        enrol_until=AT,
        state=ClassState.CLOSED,
        created_at=AT,
    )
    ClassCourse.objects.create(training_class=training_class, course_version=version, order=1)
    return training_class
