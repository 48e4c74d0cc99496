"""What a certificate prints about one training record, read once and then frozen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from certificates.issuing.data import CertificateData, PrintedIdentity
from cms.models import Person
from courses.completion import counted_hours, facts_of
from courses.enums import CertificateKind, Component, HourKind
from courses.models import CourseVersion, TrainingRecord

TITLES_EN: dict[CertificateKind, str] = {
    CertificateKind.TRAINING: "CERTIFICATE OF TRAINING COMPLETION",
    CertificateKind.COMPLETION: "CERTIFICATE OF COMPLETION",
    CertificateKind.REFRESHER: "PROOF OF REFRESHER TRAINING",
    CertificateKind.HOURS: "STATEMENT OF TRAINING HOURS",
}


def verify_url(token: str) -> str:
    """Return the address that the QR holds."""
    return settings.PUBLIC_URL + reverse("certificates:verify", args=[token])


def read_facts(record: TrainingRecord, *, number: str, token: str, issued_on: dt.date) -> CertificateData:
    """Gather everything printed: Chinese whatever the reader's language, hours as credited, number masked.

    Two queries when person, course version and organisation are loaded.
    """
    version = record.course_version
    facts, values = facts_of(version), _current_values(record)
    hours = {kind: counted_hours(facts, values, kind) for kind in HourKind}
    started_on = record.started_on or timezone.localdate(record.opened_at)
    kind, who = CertificateKind(version.certificate_kind), printed_identity(record.person)
    with override("zh-hans"):
        return CertificateData(
            title_zh=str(kind.label),
            title_en=TITLES_EN[kind],
            number=number,
            holder_name=who.holder_name,
            document_label=who.document_label,
            document_masked=who.document_masked,
            course_title=version.title,
            hours_total=sum(hours.values(), Decimal(0)),
            theory_hours=hours[HourKind.THEORY],
            practice_hours=hours[HourKind.PRACTICE],
            community_hours=hours[HourKind.COMMUNITY],
            # 课程: the level of the course that was taught, not a level that somebody holds.
            level_label=f"{version.get_skill_level_display()}课程" if version.skill_level else "",
            starts_on=started_on,
            ends_on=record.ended_on or started_on,
            result_text=_result(kind, version),
            issuer_name=record.organisation.name,
            issued_on=issued_on,
            verify_url=verify_url(token),
        )


def printed_identity(person: Person) -> PrintedIdentity:
    """Return name and masked document as a certificate prints them, in Chinese (one query)."""
    document = person.documents.filter(superseded_at__isnull=True).order_by("-recorded_at").first()
    with override("zh-hans"):
        return PrintedIdentity(
            holder_name=person.legal_name,
            document_label=str(document.get_id_type_display()) if document else "",
            document_masked=document.masked if document else "",
        )


def _current_values(record: TrainingRecord) -> dict[Component, Decimal]:
    rows = record.components.filter(superseded_at__isnull=True).values_list("component", "value")
    return {Component(component): value for component, value in rows}


def _result(kind: CertificateKind, version: CourseVersion) -> str:
    """Name the examinations of a completed record; empty leaves the ending to the kind's own wording."""
    asked = []
    if version.theory_pass_score is not None:
        asked.append("理论")
    if version.practice_pass_score is not None:
        asked.append("实操")
    if not asked or kind == CertificateKind.HOURS:
        return ""
    passed = f"{'、'.join(asked)}考核合格"
    return f"{passed}，准予结业" if kind == CertificateKind.COMPLETION else passed
