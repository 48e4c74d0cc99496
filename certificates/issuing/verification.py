"""What anyone with a certificate in hand may see of it: taken from the frozen snapshot, name masked."""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from certificates.issuing.editions import newest_edition
from certificates.issuing.enums import VALID, CertificateState, RevocationReason
from certificates.issuing.models import Certificate
from cms.identity import normalise_name


@dataclass(frozen=True)
class Verification:
    """The public answer; hours are 学时."""

    state: CertificateState
    number: str
    title: str
    masked_name: str
    course_title: str
    level_label: str
    hours: Decimal | int
    starts_on: dt.date
    ends_on: dt.date
    issuer_name: str
    issuer_phone: str
    issued_on: dt.date
    reissued_on: dt.date | None
    revoked_at: dt.datetime | None
    revocation_reason: RevocationReason | None

    @property
    def is_valid(self) -> bool:
        """Whether the certificate is good today."""
        return self.state in VALID


def verify(token: str) -> Verification | None:
    """Return what the QR's ``token`` stands for, or ``None``."""
    certificate = Certificate.objects.select_related("organisation").filter(token=token).first()
    return _public(certificate) if certificate else None


def verify_by_number(number: str, name: str) -> Verification | None:
    """Return the certificate whose number and holder both match, or ``None``: which was wrong is not told."""
    certificate = Certificate.objects.select_related("organisation").filter(number=_tidy(number)).first()
    # Compared in every case, so that the time taken does not tell whether the number exists.
    matches = [_same_name(held, name) for held in _printed_names(certificate)]
    return _public(certificate) if certificate and any(matches) else None


def _printed_names(certificate: Certificate | None) -> list[str]:
    """Return the names on every printing: who holds an older paper learns that there is a newer one."""
    if certificate is None:
        return [""]
    printed = [str(certificate.snapshot["holder_name"])]
    if certificate.reissued_on is not None:
        printed += certificate.reissues.values_list("holder_name", flat=True)
    return printed


def _same_name(held: str, name: str) -> bool:
    return secrets.compare_digest(normalise_name(held).encode(), normalise_name(name).encode())


def mask_name(name: str) -> str:
    """Keep the first and last character: 王桂花 → 王*花, 王花 → 王*.

    >>> mask_name("王桂花"), mask_name("王花"), mask_name("阿依古丽·买买提")
    ('王*花', '王*', '阿******提')
    """
    if len(name) <= 2:
        return f"{name[:1]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def _public(certificate: Certificate) -> Verification:
    data = newest_edition(certificate).data
    reason = certificate.revocation_reason
    return Verification(
        state=CertificateState(certificate.state),
        number=certificate.number,
        title=data.title_zh,
        masked_name=mask_name(data.holder_name),
        course_title=data.course_title,
        level_label=data.level_label,
        hours=data.hours_total,
        starts_on=data.starts_on,
        ends_on=data.ends_on,
        issuer_name=data.issuer_name,
        issuer_phone=certificate.organisation.contact_phone,  # of today: an old one would help nobody
        issued_on=data.issued_on,
        reissued_on=data.reissued_on,
        revoked_at=certificate.revoked_at,
        revocation_reason=RevocationReason(reason) if reason else None,
    )


def _tidy(number: str) -> str:
    """Return a number as printed: people type full-width signs, blanks and small letters."""
    plain = unicodedata.normalize("NFKC", number).upper()
    for dash in "‐‑‒–—−":
        plain = plain.replace(dash, "-")
    return "".join(plain.split())
