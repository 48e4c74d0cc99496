"""Two organisations that share one installation and nothing else: each with one of every object.

Every name and number of one organisation begins with its own mark, so that a page that shows the mark
to the other's people shows what it should not.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession

from caravan.enums import (
    ClassState,
    EnrolmentState,
    EnrolmentWay,
    SessionKind,
    StaffRole,
    VenueType,
)
from caravan.models import (
    ClassCourse,
    ClassFiling,
    ClassStaff,
    Enrolment,
    Kit,
    Room,
    Session,
    Stop,
    Tour,
    TrainerProfile,
    TrainingClass,
    Vehicle,
    Venue,
    WaitingEntry,
)
from caravan.services.filing import snapshot_of
from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate, CertificateDesign
from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import (
    BatchExport,
    Claim,
    ClaimBatch,
    ColumnProfile,
    SubsidyScheme,
)
from cms import audit
from cms.enums import (
    AccountProof,
    AccountRelation,
    AffiliationKind,
    Channel,
    ConsentWay,
    DataField,
    DeliveryState,
    EmploymentModel,
    FileKind,
    IdType,
    ImportState,
    JobState,
    MessageState,
    PersonGroup,
    RegionLevel,
    RevealReason,
)
from cms.identity import demo_number
from cms.models import (
    Consent,
    DataImport,
    Delivery,
    ExportRecord,
    Job,
    Licence,
    Membership,
    Message,
    Organisation,
    Person,
    PersonAccount,
    PolicyText,
    Region,
    StoredFile,
    User,
)
from cms.roles import REGION_ROLES, Role
from cms.services.accounts import make_slip
from cms.services.affiliations import affiliate
from cms.services.corrections import correct_person
from cms.services.data_requests import ask_correction
from cms.services.file_links import make_link
from cms.services.files import store_file
from cms.services.memberships import grant_role
from cms.services.merging import merge_people
from cms.services.people import register_person
from cms.services.person_facts import record_in_post, tag_group
from cms.services.reveals import reveal_number
from cms.services.signing_keys import make_key
from courses.enums import ExternalKind
from courses.models import CourseVersion, ExternalCertificate
from courses.services.records import open_record

CHINA = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 4, 20, 10, 0, tzinfo=CHINA)
TODAY = NOW.date()
PROVINCE = "990000000000"


@dataclass
class Holdings:
    """An organisation with the office above it: ``ids`` by kind, ``users`` by role."""

    mark: str
    code: str
    county: str
    organisation: Organisation
    office: Organisation
    users: dict[str, User] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def planner(self) -> User:
        return self.users[Role.PLANNER]


def make_holdings(mark: str, code: str, county: str, version: CourseVersion, serial: int) -> Holdings:
    """Make the two organisations, an account for each role and one of every object."""
    region = Region.objects.create(
        code=county, name=f"{county[2:6]}号县", level=RegionLevel.COUNTY, valid_from=dt.date(2020, 1, 1)
    )
    school, office = (
        Organisation.objects.create(
            name=f"{mark}{kind}",
            short_code=f"{code}{letter}",
            region_code=county,
            contact_name=f"{mark}联系人",
        )
        for kind, letter in (("家政学校", ""), ("人社局", "RS"))
    )
    made = Holdings(mark, code, county, school, office)
    _staff(made, region)
    _people(made, serial)
    _places(made)
    _class(made, version)
    _proofs(made, version)
    _subsidies(made)
    _ground(made)
    return made


def _staff(made: Holdings, region: Region) -> None:
    for role in Role:
        if role == Role.SYSTEM_ADMIN:
            continue
        user = User.objects.create(username=f"{made.code}-{role}", display_name=f"{made.mark}{role.label}")
        home = made.office if role in REGION_ROLES else made.organisation
        grant_role(
            user, role, home, by=None, at=NOW, regions=[region] if role in REGION_ROLES else [],
            valid_from=dt.date(2025, 1, 1), valid_until=dt.date(2027, 1, 1),
        )  # fmt: skip
        made.users[role] = user
    made.users["trainee"] = User.objects.create(
        username=f"{made.code}-trainee", display_name=f"{made.mark}学员"
    )
    made.ids["user"] = made.planner.pk
    made.ids["membership"] = Membership.objects.get(user=made.planner).pk


def _people(made: Holdings, serial: int) -> None:
    by = made.planner
    people = []
    for number in (serial, serial + 1):
        person, _created = register_person(
            legal_name=f"{made.mark}芳", id_type=IdType.CITIZEN_ID, organisation=made.organisation,
            number=demo_number(dt.date(1980, 1, 1), number, "female"), kind=AffiliationKind.ROSTER,
            region_code=made.county, source="花名册", by=by, at=NOW,
        )  # fmt: skip
        people.append(person)
    first = people[0]
    PersonAccount.objects.create(
        user=made.users["trainee"], person=first, relation=AccountRelation.SELF, proof=AccountProof.SLIP, since=NOW
    )  # fmt: skip
    made.ids["consent"] = Consent.objects.create(
        person=first,
        text=PolicyText.objects.order_by("pk")[0],
        way=ConsentWay.values[0],
        given_at=NOW,
        signed_on=TODAY,
    ).pk
    make_slip(people[1], made.organisation, by=by, at=NOW)
    record_in_post(
        first, made.organisation, employment_model=EmploymentModel.EMPLOYEE, started_on=dt.date(2024, 1, 1),
        ended_on=None, region_code=made.county, by=by, at=NOW,
    )  # fmt: skip
    tag_group(
        first, PersonGroup.RURAL_TRANSFER, made.organisation, proof_number="", checked_by="名单",
        checked_on=TODAY, valid_from=dt.date(2026, 1, 1), valid_until=None, region_code=made.county, by=by, at=NOW,
    )  # fmt: skip
    made.ids |= {"person": first.pk, "other_person": people[1].pk}
    same = [Person.objects.create(legal_name=f"{made.mark}兰") for _copy in range(2)]
    for person in same:
        affiliate(
            person,
            made.organisation,
            AffiliationKind.ENROLMENT,
            region_code=made.county,
            source="班级",
            at=NOW,
        )
    made.ids["correction"] = correct_person(
        same[0], organisation=made.organisation, reason=f"{made.mark}村证明", sex="female", by=by, at=NOW
    ).pk
    made.ids["merge"] = merge_people(*same, choices={}, reason=f"{made.mark}村证明", by=None, at=NOW).pk
    document = first.documents.get()
    look, _number = reveal_number(
        document, reason=RevealReason.VERIFY, words=f"{made.mark}核对", by=by, at=NOW
    )
    request = ask_correction(first, field=DataField.NAME, wanted=made.mark, by=made.users["trainee"], at=NOW)
    made.ids |= {"document": document.pk, "reveal": look.pk, "data_request": request.pk}


def _places(made: Holdings) -> None:
    own = made.organisation
    venue = Venue.objects.create(
        organisation=own, name=f"{made.mark}妇女之家", venue_type=VenueType.values[0], region_code=made.county,
        address=f"{made.mark}村 1 号",
    )  # fmt: skip
    room = Room.objects.create(venue=venue, name=f"{made.mark}教室", capacity=30)
    vehicle = Vehicle.objects.create(organisation=own, name=f"{made.mark}一号车")
    kit = Kit.objects.create(organisation=own, name=f"{made.mark}教具箱")
    trainer = TrainerProfile.objects.create(
        organisation=own, user=made.users[Role.TRAINER], name=f"{made.mark}讲师", title="技师"
    )
    days = {"starts_on": TODAY, "ends_on": TODAY + dt.timedelta(days=5)}
    tour = Tour.objects.create(organisation=own, title=f"{made.mark}巡回", vehicle=vehicle, **days)
    stop = Stop.objects.create(
        tour=tour, organisation=own, order=1, venue=venue, region_code=made.county, contact_name=f"{made.mark}主任",
        contact_phone="0000-8120000", expected_people=20, **days,
    )  # fmt: skip
    made.ids |= {
        "venue": venue.pk, "room": room.pk, "vehicle": vehicle.pk, "kit": kit.pk, "trainer": trainer.pk,
        "tour": tour.pk, "stop": stop.pk,
    }  # fmt: skip


def _class(made: Holdings, version: CourseVersion) -> None:
    ids = made.ids
    training_class = TrainingClass.objects.create(
        class_no=f"{made.code}-2026-0001", title=f"{made.mark}家务班", organisation=made.organisation,
        stop_id=ids["stop"], venue_id=ids["venue"], region_code=made.county, capacity=1, starts_on=TODAY,
        ends_on=TODAY + dt.timedelta(days=5), enrol_until=NOW + dt.timedelta(days=1), state=ClassState.RUNNING,
        created_at=NOW,
    )  # fmt: skip
    course = ClassCourse.objects.create(training_class=training_class, course_version=version, order=1)
    staff = [
        ClassStaff.objects.create(training_class=training_class, user=made.users[role], role=duty)
        for role, duty in (
            (Role.TRAINER, StaffRole.TRAINER),
            (Role.CLASS_TEACHER, StaffRole.CLASS_TEACHER),
            (Role.ASSESSOR, StaffRole.ASSESSOR),
        )
    ]
    session = Session.objects.create(
        training_class=training_class, class_course=course, kind=SessionKind.THEORY, content=f"{made.mark}家电使用",
        starts_at=NOW, ends_at=NOW + dt.timedelta(hours=2), hours=Decimal(2), room_id=ids["room"],
        trainer_id=ids["trainer"],
    )  # fmt: skip
    filing = ClassFiling.objects.create(
        training_class=training_class,
        snapshot=snapshot_of(training_class),
        submitted_by=made.planner,
        submitted_at=NOW,
    )
    enrolment = Enrolment.objects.create(
        training_class=training_class, person_id=ids["person"], state=EnrolmentState.ENROLLED,
        way=EnrolmentWay.values[0], roll_no=1, requested_at=NOW, enrolled_at=NOW,
    )  # fmt: skip
    waits = Enrolment.objects.create(
        training_class=training_class, person_id=ids["other_person"], state=EnrolmentState.WAITING,
        way=EnrolmentWay.values[0], requested_at=NOW,
    )  # fmt: skip
    WaitingEntry.objects.create(
        enrolment=waits, training_class=training_class, queue_no=1, joined_at=NOW, offered_at=NOW,
        offer_until=NOW + dt.timedelta(days=1),
    )  # fmt: skip
    ids |= {
        "class": training_class.pk, "class_no": training_class.class_no, "staff": staff[0].pk, "filing": filing.pk,
        "session": session.pk, "enrolment": enrolment.pk, "waiting": waits.pk,
    }  # fmt: skip


def _file(made: Holdings, kind: FileKind, name: str) -> StoredFile:
    return store_file(
        f"{made.mark}".encode(), kind=kind, name=f"{made.mark}{name}", content_type="application/pdf",
        by=made.planner, at=NOW, organisation=made.organisation,
    )  # fmt: skip


def _printed(made: Holdings, person: Person) -> dict[str, Any]:
    words = dict.fromkeys(("title_zh", "title_en", "level_label", "result_text", "verify_url"), "-")
    hours = dict.fromkeys(("hours_total", "theory_hours", "practice_hours", "community_hours"), "8")
    days = dict.fromkeys(("starts_on", "ends_on", "issued_on"), TODAY.isoformat())
    return {
        **words, **hours, **days, "number": f"{made.code}-PX-2026-000001", "holder_name": person.legal_name,
        "document_label": "居民身份证", "document_masked": "9****************X", "course_title": f"{made.mark}家务",
        "issuer_name": made.organisation.name,
    }  # fmt: skip


def _proofs(made: Holdings, version: CourseVersion) -> None:
    ids, own = made.ids, made.organisation
    person = Person.objects.get(pk=ids["person"])
    record = open_record(
        person, version, organisation=own, region_code=made.county, source=f"class:{ids['class_no']}",
        started_on=TODAY, by=made.planner, at=NOW,
    )  # fmt: skip
    certificate = Certificate.objects.create(
        record=record, person=person, organisation=own, region_code=made.county, kind="training",
        number=f"{made.code}-PX-2026-000001", token=secrets.token_hex(8),
        design=CertificateDesign.objects.get(kind="training"), holder_name=person.legal_name,
        course_title=f"{made.mark}家务", snapshot=_printed(made, person), nonce="0", snapshot_sha256="0",
        state=CertificateState.ISSUED, issued_on=TODAY, numbered_at=NOW, file=_file(made, FileKind.CERTIFICATE, "证书.pdf"),
    )  # fmt: skip
    external = ExternalCertificate.objects.create(
        person=person, organisation=own, region_code=made.county, kind=ExternalKind.SKILL_LEVEL,
        number=f"{made.code}-S0001", occupation=version.occupation, skill_level=5, issuer=f"{made.mark}评价机构",
        issued_on=TODAY, recorded_at=NOW,
    )  # fmt: skip
    ids |= {
        "record": record.pk, "certificate": certificate.pk, "certificate_number": certificate.number,
        "token": certificate.token, "external": external.pk,
    }  # fmt: skip


def _subsidies(made: Holdings) -> None:
    ids, officer = made.ids, made.users[Role.SUBSIDY_OFFICER]
    scheme = SubsidyScheme.objects.exclude(certificate_kind="").get()
    batch = ClaimBatch.objects.create(
        number=f"BT-{made.code}-0001", scheme=scheme, region_code=made.county, row_count=1, total_amount=800,
        snapshot_token="", nonce="0", snapshot_sha256="0", created_by=officer, created_at=NOW,
    )  # fmt: skip
    claim = Claim.objects.create(
        number=f"SL-{made.code}-0001", scheme=scheme, person_id=ids["person"], organisation=made.organisation,
        region_code=made.county, certificate_id=ids["certificate"], state=ClaimState.SUBMITTED,
        deadline=TODAY + dt.timedelta(days=90), assessed_amount=800, created_at=NOW, submitted_at=NOW,
        submitted_by=made.planner,
    )  # fmt: skip
    export = BatchExport.objects.create(
        batch=batch, profile=ColumnProfile.objects.first(), reason=f"{made.mark}核对", created_at=NOW,
        file=_file(made, FileKind.BATCH_EXPORT, "名单.xlsx"),
    )  # fmt: skip
    ids |= {"batch": batch.pk, "claim": claim.pk, "export": export.pk}


def _ground(made: Holdings) -> None:
    ids = made.ids
    file = _file(made, FileKind.ROSTER, "花名册.xlsx")
    job = Job.objects.create(
        kind="import_check", title=f"{made.mark}花名册检查", state=JobState.FAILED, created_by=made.planner,
        organisation=made.organisation, created_at=NOW, message=f"{made.mark}读不出来",
    )  # fmt: skip
    roster = DataImport.objects.create(
        file=file, organisation=made.organisation, state=ImportState.CHECKED, check_job=job, created_by=made.planner,
        created_at=NOW,
    )  # fmt: skip
    job.subject_type, job.subject_id = roster._meta.label_lower, str(roster.pk)
    job.save()
    record = ExportRecord.objects.create(
        number=f"DC-{made.code}-0001", at=NOW, created_by=made.planner, organisation=made.organisation,
        region_code=made.county, export="people", reason=f"{made.mark}核对", rows=1, format="csv", is_in_clear=False,
        is_zipped=False, sha256="0" * 64, size=1, file=_file(made, FileKind.EXPORT, "人员.csv"),
    )  # fmt: skip
    ids["export_record"] = record.pk
    licence = Licence.objects.create(
        organisation=made.organisation, number=f"{made.code}-L1", authority=f"{made.mark}教育局",
        valid_from=dt.date(2025, 1, 1), valid_until=TODAY,
    )  # fmt: skip
    message = Message.objects.create(
        kind="job_finished", user=made.planner, subject_type="cms.job", subject_id=str(job.pk),
        about={"title": made.mark, "state": JobState.FAILED, "why": made.mark}, state=MessageState.POSTED,
        organisation=made.organisation,
        region_code=made.county, created_at=NOW, due_at=NOW, posted_at=NOW,
    )  # fmt: skip
    delivery = Delivery.objects.create(
        message_id=message.pk, kind=message.kind, user=made.planner, organisation=made.organisation,
        region_code=made.county, channel=Channel.SMS, state=DeliveryState.REFUSED, address_masked=f"{made.mark}****",
        queued_at=NOW,
    )  # fmt: skip
    device = UserSession.objects.create(
        user=made.planner, session_key=f"{made.code}-device", ip="127.0.0.1", user_agent=made.mark
    )
    code = make_link(file, for_user=made.planner, at=NOW)
    entry = audit.record("import.upload", roster, by=made.planner, at=NOW)
    ids |= {
        "organisation": made.organisation.pk, "file": file.pk, "job": job.pk, "import": roster.pk, "audit": entry.pk,
        "file_code": code, "message": message.pk, "delivery": delivery.pk,
        "session_row": device.pk, "licence": licence.pk, "key": make_key(made.organisation, by=None, at=NOW).pk,
    }  # fmt: skip
