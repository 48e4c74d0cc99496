"""Two rows for one human, with something of every kind hanging on them; nothing goes through services."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from caravan.enums import EnrolmentState
from caravan.models import TrainingClass
from certificates.issuing.models import Certificate, CertificateDesign
from certificates.subsidies.models import InsuranceCheck
from cms.enums import (
    AccountProof,
    AccountRelation,
    AffiliationKind,
    Channel,
    ConsentWay,
    Education,
    EmploymentModel,
    HealthCheckClass,
    IdType,
    PersonGroup,
)
from cms.ids import uuid7
from cms.models import (
    Affiliation,
    Consent,
    Delivery,
    EducationRecord,
    GroupTag,
    HealthCertificate,
    InPostPeriod,
    Message,
    Organisation,
    Person,
    PersonAccount,
    PersonDocument,
    PersonName,
    PersonSlip,
    PolicyText,
    Undertaking,
    User,
)
from courses.enums import ExternalKind, RecordState
from courses.models import CourseVersion, ExternalCertificate, TrainingRecord
from tests.caravan import roll_world
from tests.caravan.roll_world import (
    NOW,
    make_class,
    make_enrolment,
    make_organisation,
    make_user,
    make_version,
)

DAY = dt.date(2025, 3, 1)
# What one person may have, each 0 (nothing), 1 or 2: two of the same number collide where they can.
KINDS = (
    "affiliation", "account", "name", "slip", "post", "tag", "health", "education", "consent", "undertaking",
    "message", "delivery", "enrolment", "record", "external", "insurance", "certificate", "passport",
)  # fmt: skip


@dataclass
class Things:
    """What people share: organisations, accounts, texts, courses, classes."""

    organisations: list[Organisation]
    users: list[User]
    texts: list[PolicyText]
    versions: list[CourseVersion]
    classes: list[TrainingClass]
    design: CertificateDesign
    count: int = 0

    def next(self) -> int:
        self.count += 1
        return self.count


def make_things() -> Things:
    versions = [make_version(), make_version()]
    return Things(
        [make_organisation(), make_organisation()],
        [make_user("甲"), make_user("乙")],
        [
            PolicyText.objects.create(
                kind=kind, version=90, language="zh-hans", valid_from=DAY, title=kind, body="…", published_at=NOW
            )
            for kind in ("training", "photo")
        ],
        versions,
        [make_class(versions=[version]) for version in versions],
        CertificateDesign.objects.get_or_create(
            kind="training", version=77, defaults={"name": "样", "template": "training", "is_current": False}
        )[0],
    )  # fmt: skip


def give(person: Person, kind: str, variant: int, things: Things) -> None:
    """Hang one row of ``kind`` on ``person``; ``variant`` 1 or 2 chooses which."""
    if variant:
        globals()[f"_{kind}"](person, variant - 1, things)


def _affiliation(person: Person, n: int, things: Things) -> None:
    since = DAY - dt.timedelta(days=person.pk % 3)
    until = None if (person.pk + n) % 2 else dt.date(2026, 1, 1) + dt.timedelta(days=person.pk % 5)
    Affiliation.objects.create(
        person=person, organisation=things.organisations[n], region_code="990101000000",
        kind=AffiliationKind.ROSTER, source="花名册", since=since, until=until,
    )  # fmt: skip


def _account(person: Person, n: int, things: Things) -> None:
    # Nobody is two people at once.
    free = not PersonAccount.objects.filter(user=things.users[n], relation=AccountRelation.SELF).exists()
    PersonAccount.objects.create(
        user=things.users[n], person=person, proof=AccountProof.SIGN_UP, since=NOW,
        relation=AccountRelation.SELF if free else AccountRelation.FAMILY,
    )  # fmt: skip


def _name(person: Person, n: int, things: Things) -> None:
    PersonName.objects.create(person=person, name=f"旧名{n}", until=DAY)


def _slip(person: Person, n: int, things: Things) -> None:
    PersonSlip.objects.create(
        person=person, organisation=things.organisations[n], code_digest=f"{things.next():064d}",
        created_by=things.users[0], created_at=NOW, expires_at=NOW,
    )  # fmt: skip


def _facts(things: Things, n: int) -> dict[str, Any]:
    return {"organisation": things.organisations[n], "region_code": "990101000000", "recorded_at": NOW}


def _post(person: Person, n: int, things: Things) -> None:
    InPostPeriod.objects.create(
        person=person, employment_model=EmploymentModel.EMPLOYEE, started_on=DAY, **_facts(things, n)
    )


def _tag(person: Person, n: int, things: Things) -> None:
    GroupTag.objects.create(
        person=person, group=PersonGroup.RURAL_TRANSFER, valid_from=DAY, **_facts(things, n)
    )


def _health(person: Person, n: int, things: Things) -> None:
    HealthCertificate.objects.create(
        person=person, check_class=HealthCheckClass.GENERAL, issued_on=DAY, valid_until=DAY, has_passed=True,
        **_facts(things, n),
    )  # fmt: skip


def _education(person: Person, n: int, things: Things) -> None:
    level = [Education.JUNIOR, Education.SENIOR][n]
    EducationRecord.objects.create(
        person=person, education=level, finished_on=DAY if n else None, recorded_at=NOW
    )
    Person.objects.filter(pk=person.pk).update(education=level)


def _consent(person: Person, n: int, things: Things) -> None:
    withdrawn = NOW + dt.timedelta(days=2) if person.pk % 2 and n else None
    Consent.objects.create(
        person=person, text=things.texts[0], way=ConsentWay.PAPER, given_at=NOW + dt.timedelta(days=n),
        signed_on=DAY, withdrawn_at=withdrawn, withdrawn_by=things.users[0] if withdrawn else None,
    )  # fmt: skip


def _undertaking(person: Person, n: int, things: Things) -> None:
    Undertaking.objects.create(
        person=person, text=things.texts[n], way=ConsentWay.PAPER, given_at=NOW, signed_on=DAY
    )


def _message(person: Person, n: int, things: Things) -> None:
    Message.objects.create(
        person=person, kind="class_moved", subject_type="x", subject_id=str(n), created_at=NOW, due_at=NOW
    )


def _delivery(person: Person, n: int, things: Things) -> None:
    Delivery.objects.create(
        person=person, kind="class_moved", message_id=uuid7(), channel=Channel.IN_SITE, queued_at=NOW
    )


def _enrolment(person: Person, n: int, things: Things) -> None:
    state = EnrolmentState.WITHDRAWN if person.pk % 3 == 0 else EnrolmentState.ENROLLED
    make_enrolment(things.classes[n], person, state)


def _new_record(person: Person, n: int, things: Things, *, done: bool) -> TrainingRecord:
    version = things.versions[n]
    return TrainingRecord.objects.create(
        person=person, course=version.course, course_version=version, organisation=things.organisations[0],
        region_code="990101000000", source="class:x", opened_at=NOW,
        state=RecordState.COMPLETED if done else RecordState.OPEN, completed_on=DAY if done else None,
    )  # fmt: skip


def _record(person: Person, n: int, things: Things) -> None:
    _new_record(person, n, things, done=person.pk % 3 == 1)


def _external(person: Person, n: int, things: Things) -> None:
    ExternalCertificate.objects.create(
        person=person, kind=ExternalKind.SKILL_LEVEL, number=f"S{things.next():021d}", issuer="示范评价机构",
        occupation=things.versions[0].occupation, issued_on=DAY, **_facts(things, n),
    )  # fmt: skip


def _insurance(person: Person, n: int, things: Things) -> None:
    InsuranceCheck.objects.create(
        person=person, insured_months=12 + n, checked_on=DAY, source="窗口", **_facts(things, n)
    )


def _certificate(person: Person, n: int, things: Things) -> None:
    record = _new_record(person, n, things, done=True)
    number = f"N-{things.next():06d}"
    Certificate.objects.create(
        record=record, person=person, organisation=things.organisations[n], region_code="990101000000",
        kind="training", number=number, token=number, design=things.design, holder_name=person.legal_name,
        course_title="课", snapshot={"name": person.legal_name}, nonce="n", snapshot_sha256="s", issued_on=DAY,
        numbered_at=NOW,
    )  # fmt: skip


def _passport(person: Person, n: int, things: Things) -> None:
    if n and not PersonDocument.objects.filter(number_token="kept").exists():
        return
    document = PersonDocument.objects.create(
        person=person, id_type=IdType.PASSPORT, number_token="kept", masked="E*******1", last_four="0001",
        recorded_at=NOW,
    )  # fmt: skip
    document.digests.create(id_type=IdType.PASSPORT, digest=f"{things.next():064d}", key_id="k")


# What a merge writes about itself: not part of "the same rows".
_OF_THE_MERGE = {"cms.auditentry", "cms.auditnote", "cms.personmerge"}


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Return every row of our apps that a merge could touch, field by field."""
    found: dict[str, list[dict[str, Any]]] = {}
    for model in apps.get_models():
        label = model._meta.label_lower
        about_people = any(
            isinstance(field, models.ForeignKey) and field.related_model in (Person, PersonDocument)
            for field in model._meta.fields
        )
        if (about_people or model in (Person, PersonDocument)) and label not in _OF_THE_MERGE:
            found[label] = list(model._base_manager.order_by("pk").values())
    return found


make_person = roll_world.make_person
