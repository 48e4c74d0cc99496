"""A class with a course, a session and people, made row by row: small, fast, independent of planning."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from caravan.enums import ClassState, EnrolmentState, EnrolmentWay, SessionKind, StaffRole, VenueType
from caravan.models import (
    ClassCourse,
    ClassStaff,
    Enrolment,
    Room,
    Session,
    TrainerProfile,
    TrainingClass,
    Venue,
)
from cms.enums import AccountProof, AccountRelation, IdType
from cms.models import Organisation, Person, PersonAccount, PersonDocument, User
from cms.roles import Role
from cms.services.memberships import grant_role
from courses.enums import CertificateKind, TrainingType
from courses.models import Course, CourseVersion, Occupation

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = "990101002000"
_numbers = itertools.count(1)


def moment(day: int, hour: int = 8, minute: int = 0, month: int = 3) -> dt.datetime:
    """A moment of 2026, local."""
    return dt.datetime(2026, month, day, hour, minute, tzinfo=ZONE)


NOW = moment(1)


def make_organisation() -> Organisation:
    number = next(_numbers)
    return Organisation.objects.create(
        name=f"机构{number}", short_code=f"T{number}", region_code="990101000000"
    )


def make_user(name: str = "", **fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create(username=f"user{number}", display_name=name or f"用户{number}", **fields)


def make_person(name: str = "", *, birth: dt.date | None = dt.date(1980, 1, 1), phone: str = "") -> Person:
    number = next(_numbers)
    return Person.objects.create(legal_name=name or f"学员{number}", birth_date=birth, phone=phone)


def make_people(count: int) -> list[Person]:
    start = next(_numbers) * 100_000
    return Person.objects.bulk_create(
        Person(legal_name=f"学员{start + number}", birth_date=dt.date(1980, 1, 1)) for number in range(count)
    )


def give_document(person: Person, last_four: str) -> None:
    PersonDocument.objects.create(
        person=person, id_type=IdType.CITIZEN_ID, number_token="x",
        masked="9****************" + last_four[-1], last_four=last_four, recorded_at=NOW,
    )  # fmt: skip


def bind(user: User, person: Person, relation: AccountRelation = AccountRelation.SELF) -> None:
    PersonAccount.objects.create(
        user=user, person=person, relation=relation, proof=AccountProof.SLIP, since=NOW
    )


def make_version(title: str = "", *, theory: int = 8, practice: int = 8, **fields: Any) -> CourseVersion:
    number = next(_numbers)
    occupation, _ = Occupation.objects.get_or_create(name="家政服务员", valid_from=dt.date(2020, 1, 1))
    title = title or f"居家安全与急救{number}"
    course = Course.objects.create(code=f"C{number}", title=title)
    facts: dict[str, Any] = {
        "theory_pass_score": 60,
        "practice_pass_score": 60,
        "certificate_kind": CertificateKind.TRAINING,
    }
    return CourseVersion.objects.create(
        course=course, number=1, title=title, training_type=TrainingType.PRE_JOB, occupation=occupation,
        total_hours=theory + practice, theory_hours=theory, practice_hours=practice, community_hours=0,
        valid_from=dt.date(2020, 1, 1), **(facts | fields),
    )  # fmt: skip


def make_class(
    *,
    capacity: int = 40,
    state: ClassState = ClassState.FILED,
    versions: list[CourseVersion] | None = None,
    organisation: Organisation | None = None,
    title: str = "居家安全班",
    **fields: Any,
) -> TrainingClass:
    number = next(_numbers)
    organisation = organisation or make_organisation()
    venue = Venue.objects.create(
        organisation=organisation, name=f"柳林村妇女之家{number}", venue_type=VenueType.WOMENS_HOME,
        region_code=PLACE, address="河湾镇柳林村",
    )  # fmt: skip
    facts: dict[str, Any] = {
        "starts_on": dt.date(2026, 3, 14),
        "ends_on": dt.date(2026, 3, 15),
        "enrol_until": moment(13, 18),
        "created_at": NOW,
    }
    training_class = TrainingClass.objects.create(
        class_no=f"{organisation.short_code}-2026-{number:04d}", title=title, organisation=organisation, venue=venue,
        region_code=PLACE, capacity=capacity, state=state, **(facts | fields),
    )  # fmt: skip
    for order, version in enumerate(versions or [make_version()]):
        ClassCourse.objects.create(training_class=training_class, course_version=version, order=order)
    return training_class


def make_trainer(organisation: Organisation, user: User | None = None) -> TrainerProfile:
    user = user or make_user("陈老师")
    return TrainerProfile.objects.create(organisation=organisation, user=user, name=str(user))


def make_session(training_class: TrainingClass, **fields: Any) -> Session:
    facts: dict[str, Any] = {
        "class_course": training_class.class_courses.first(),
        "kind": SessionKind.THEORY,
        "content": "居家安全与急救",
        "starts_at": moment(14, 8, 30),
        "ends_at": moment(14, 11, 45),
        "hours": Decimal(4),
    } | fields
    facts.setdefault(
        "room", Room.objects.get_or_create(venue=training_class.venue, name="2 号教室", capacity=60)[0]
    )
    if "trainer" not in facts:
        facts["trainer"] = make_trainer(training_class.organisation)
    return Session.objects.create(training_class=training_class, **facts)


def make_enrolment(
    training_class: TrainingClass,
    person: Person | None = None,
    state: EnrolmentState = EnrolmentState.ENROLLED,
) -> Enrolment:
    """A row on the roll without records; tests of enrolment use the service."""
    return Enrolment.objects.create(
        training_class=training_class, person=person or make_person(), state=state, way=EnrolmentWay.OFFICE,
        roll_no=training_class.enrolments.count() + 1, requested_at=NOW, enrolled_at=NOW,
    )  # fmt: skip


def assign(training_class: TrainingClass, user: User, role: StaffRole) -> ClassStaff:
    return ClassStaff.objects.create(training_class=training_class, user=user, role=role)


def make_planner(organisation: Organisation) -> User:
    user = make_user("教务")
    grant_role(user, Role.PLANNER, organisation, by=None, at=NOW, valid_from=dt.date(2020, 1, 1))
    return user
