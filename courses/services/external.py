"""Certificates that others issued: put on record, never issued here (requirement 25)."""

from __future__ import annotations

import datetime as dt
import re

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import Organisation, Person, User
from courses.enums import ExternalKind
from courses.models import ExternalCertificate, Occupation, WorkType

# 人社鉴发〔2019〕2号 for skill levels, the former 16 digits for qualifications (domain §2.4).
_USUAL = {
    ExternalKind.SKILL_LEVEL: re.compile(r"[YS]\d{21}"),
    ExternalKind.QUALIFICATION: re.compile(r"\d{16}"),
}


def normalise_certificate_number(text: str) -> str:
    """Return ``text`` in capitals without spaces."""
    return "".join(text.split()).upper()


def number_warning(kind: str, number: str) -> str | None:
    """Return what is unusual about ``number``; a warning, since older numbers look otherwise."""
    usual = _USUAL.get(ExternalKind(kind))
    if usual is None or usual.fullmatch(normalise_certificate_number(number)):
        return None
    if kind == ExternalKind.SKILL_LEVEL:
        return _("职业技能等级证书的编号一般是字母 Y 或 S 加 21 位数字，请对着证书再看一遍。")
    return _("职业资格证书的编号一般是 16 位数字，请对着证书再看一遍。")


def is_recorded(kind: str, number: str) -> bool:
    """Say whether a certificate of this kind and number is on record, whoever recorded it."""
    return ExternalCertificate.objects.filter(kind=kind, number=normalise_certificate_number(number)).exists()


@transaction.atomic
def record_external_certificate(  # noqa: PLR0913  a certificate has this many facts
    person: Person,
    *,
    organisation: Organisation,
    kind: ExternalKind,
    number: str,
    occupation: Occupation,
    issuer: str,
    issued_on: dt.date,
    by: User | None,
    at: dt.datetime,
    work_type: WorkType | None = None,
    skill_level: int | None = None,
    register_checked_on: dt.date | None = None,
    is_in_register: bool | None = None,
) -> ExternalCertificate:
    """Record a certificate that ``organisation`` has seen; it is found by its region and the person.

    Refusals: ``certificate_known``, ``issued_in_future``, ``level_missing`` (a skill-level certificate
    has a level), ``work_type_elsewhere``, ``check_incomplete`` (a register check has a day and an answer).
    """
    if issued_on > timezone.localdate(at):
        raise DomainError("issued_in_future", _("发证日期不能晚于今天。"), field="issued_on")
    if kind == ExternalKind.SKILL_LEVEL and skill_level is None:
        raise DomainError("level_missing", _("职业技能等级证书要填等级。"), field="skill_level")
    if work_type is not None and work_type.occupation_id != occupation.pk:
        raise DomainError("work_type_elsewhere", _("这个工种不属于所选的职业。"), field="work_type")
    if (register_checked_on is None) != (is_in_register is None):
        raise DomainError("check_incomplete", _("联网核查要写日期和结果。"), field="register_checked_on")
    certificate = ExternalCertificate(
        person=person,
        organisation=organisation,
        region_code=organisation.region_code,
        kind=kind,
        number=normalise_certificate_number(number),
        occupation=occupation,
        work_type=work_type,
        skill_level=skill_level,
        issuer=issuer,
        issued_on=issued_on,
        register_checked_on=register_checked_on,
        is_in_register=is_in_register,
        recorded_by=by,
        recorded_at=at,
    )
    try:
        with transaction.atomic():
            certificate.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("certificate_known", _("这个编号已经登记过了。"), field="number") from error
    audit.record("external_certificate.record", certificate, by=by, at=at, kind=kind, person=person.pk)
    return certificate
