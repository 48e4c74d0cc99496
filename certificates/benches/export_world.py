"""Claims in bulk: rows as the services write them, without their checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from certificates.issuing.models import Certificate, CertificateDesign
from certificates.subsidies.enums import Beneficiary, ClaimState, Fund, SubsidyType
from certificates.subsidies.models import Claim, SubsidyScheme
from cms import crypto
from cms.enums import IdType, PersonGroup, Sex
from cms.identity import mask_number
from cms.models import Organisation, Person, PersonDocument, User
from courses.enums import CertificateKind, RecordState, SkillLevel, TrainingType
from courses.models import Course, CourseVersion, Occupation, TrainingRecord, WorkType

# Certificates a person has claims on, one under each scheme.
SCHEMES = 5
_TOWN = "990101002000"
_DAY = dt.date(2026, 3, 24)
_CHUNK = 5000
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁"
_GIVEN = "桂花秀兰建国玉梅春燕海霞丽娟志强小红明珠"


def build(size: int) -> None:
    """Write ``size`` claims of ``size / 5`` people, and the account ``bench`` that sees them all."""
    User.objects.create_superuser("bench", display_name="测试员")
    school = Organisation.objects.create(name="星河县家政服务培训学校", short_code="XH", region_code=_TOWN)
    version = _version()
    people = -(-size // SCHEMES)
    with transaction.atomic():
        _insert(Person, (_person(number) for number in range(people)))
        ids = list(Person.objects.order_by("pk").values_list("pk", flat=True))
        _insert(PersonDocument, (_document(number, pk) for number, pk in enumerate(ids)))
        _insert(TrainingRecord, (_record(pk, school, version) for pk in ids))
        records = list(TrainingRecord.objects.order_by("pk").values_list("pk", "person_id"))
        _insert(Certificate, (_certificate(number, *row, school) for number, row in enumerate(records)))
        certificates = list(Certificate.objects.order_by("pk").values_list("pk", "person_id"))
        schemes = [_scheme(number) for number in range(SCHEMES)]
        claims = (_claim(number, certificates, schemes, school) for number in range(size))
        _insert(Claim, claims)


def _insert(model: Any, rows: Iterable[Any]) -> None:
    source = iter(rows)
    while chunk := list(islice(source, _CHUNK)):
        model.objects.bulk_create(chunk)


def _version() -> CourseVersion:
    occupation = Occupation.objects.create(code="4-10-01-06", name="家政服务员", valid_from=_DAY)
    work_type = WorkType.objects.create(occupation=occupation, name="母婴护理员")
    course = Course.objects.create(code="JZ-001", title="母婴护理（初级）")
    return CourseVersion.objects.create(
        course=course,
        number=1,
        title="母婴护理（初级）",
        training_type=TrainingType.PRE_JOB,
        occupation=occupation,
        work_type=work_type,
        skill_level=SkillLevel.FIVE,
        total_hours=80,
        theory_hours=30,
        practice_hours=40,
        community_hours=10,
        certificate_kind=CertificateKind.TRAINING,
        valid_from=_DAY,
    )


def _person(number: int) -> Person:
    name = _SURNAMES[number % 20] + _GIVEN[number % 19] + _GIVEN[number // 19 % 19]
    return Person(legal_name=name, sex=Sex.FEMALE, birth_date=dt.date(1980, 1, 1), phone=f"139{number:08}")


def _document(number: int, person: int) -> PersonDocument:
    text = f"99999919800101{number % 10_000:04}"
    return PersonDocument(
        person_id=person,
        id_type=IdType.CITIZEN_ID,
        number_token=crypto.encrypt_text(text),
        masked=mask_number(text),
        last_four=text[-4:],
        recorded_at=timezone.now(),
    )


def _record(person: int, school: Organisation, version: CourseVersion) -> TrainingRecord:
    return TrainingRecord(
        person_id=person,
        course_id=version.course_id,
        course_version=version,
        organisation=school,
        region_code=_TOWN,
        source="class:XH-2026-0001",
        state=RecordState.COMPLETED,
        opened_at=timezone.now(),
        started_on=_DAY,
        ended_on=_DAY,
        completed_on=_DAY,
    )


def _certificate(number: int, record: int, person: int, school: Organisation) -> Certificate:
    return Certificate(
        record_id=record,
        person_id=person,
        organisation=school,
        region_code=_TOWN,
        kind=CertificateKind.TRAINING,
        number=f"XH-PX-2026-{number:07}",
        token=f"bench{number:09}",
        design=_design(),
        holder_name="王桂花",
        course_title="母婴护理（初级）",
        snapshot={},
        issued_on=_DAY,
        numbered_at=timezone.now(),
    )


def _design(known: list[CertificateDesign] = []) -> CertificateDesign:  # noqa: B006  made once
    if not known:
        known.append(
            CertificateDesign.objects.create(name="样式", template="plain", kind=CertificateKind.TRAINING)
        )
    return known[0]


def _scheme(number: int) -> SubsidyScheme:
    scheme = SubsidyScheme.objects.create(
        code=f"bench-{number}",
        name=f"职业培训补贴（第 {number + 1} 类）",
        subsidy_type=SubsidyType.values[0],
        fund=Fund.values[0],
        region_code=_TOWN,
        beneficiary=Beneficiary.values[0],
        document="文件",
        valid_from=_DAY,
        certificate_kind=CertificateKind.TRAINING,
        claim_window_months=12,
    )
    scheme.groups.create(group=PersonGroup.values[0])
    return scheme


def _claim(
    number: int, certificates: list[tuple[int, int]], schemes: list[SubsidyScheme], school: Organisation
) -> Claim:
    certificate, person = certificates[number // SCHEMES]
    at = timezone.now() - dt.timedelta(seconds=number)
    return Claim(
        number=f"SL-20260324-{number:07}",
        scheme=schemes[number % SCHEMES],
        person_id=person,
        organisation=school,
        region_code=_TOWN,
        certificate_id=certificate,
        state=ClaimState.PAYABLE,
        deadline=_DAY,
        assessed_amount=Decimal("1280.50"),
        approved_amount=Decimal("1280.50"),
        snapshot={"employer": "星河县家政服务有限公司", "employed_on": "2026-02-01", "rules": [1, 2, 3]},
        created_at=at,
        submitted_at=at,
        notice_until=_DAY,
    )
