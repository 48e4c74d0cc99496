"""Issue a certificate: number and snapshot in one short transaction, the file afterwards."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuing.data import CertificateData
from certificates.issuing.editions import newest_edition
from certificates.issuing.enums import CertificateState
from certificates.issuing.facts import read_facts
from certificates.issuing.models import Certificate, CertificateDesign
from certificates.issuing.services.numbering import KIND_LETTERS, format_number, take_number
from cms import audit
from cms.enums import FileKind
from cms.errors import DomainError
from cms.messaging import queue_message
from cms.models import StoredFile, User
from cms.services.files import discard_file, store_file
from cms.snapshots import new_nonce, snapshot_digest
from courses.enums import CertificateKind, RecordState
from courses.models import TrainingRecord

TOKEN_BYTES = 16  # 128 bits: cannot be guessed, and keeps the QR coarse enough for an old camera
# Up to these lengths every shipped design has room (a test renders all three at once); beyond, it is tried.
SURE_TO_FIT = {"holder_name": 20, "course_title": 60, "issuer_name": 40}


@dataclass(frozen=True)
class Draft:
    """A certificate before its number: ``data`` carries a placeholder of the same length."""

    data: CertificateData
    kind: CertificateKind
    design: CertificateDesign
    token: str


def issue_certificate(
    record: TrainingRecord, *, by: User | None, at: dt.datetime, issued_on: dt.date | None = None
) -> Certificate:
    """Number the certificate of a completed ``record`` and make its file; again returns the same one.

    ``issued_on`` is the printed day, else the local day of ``at``; its year is the number's. Raises
    ``DomainError`` ``record_not_completed``, ``design_missing``, ``missing_glyph``, ``does_not_fit``,
    ``series_exhausted`` or ``series_set_back`` before a number is taken. A rendering that breaks leaves
    the certificate numbered; the sweep tries again.
    """
    certificate = number_certificate(record, by=by, at=at, issued_on=issued_on)
    return render_and_store(certificate, at, by=by)


def number_certificate(
    record: TrainingRecord, *, by: User | None, at: dt.datetime, issued_on: dt.date | None = None
) -> Certificate:
    """Take the number and freeze the snapshot; idempotent for a record. Refusals as ``issue_certificate``."""
    existing = Certificate.objects.filter(record=record).first()
    if existing is not None:
        return existing
    draft = _draft(record, issued_on or timezone.localdate(at))
    check_printable(draft.design.template, draft.data)
    return _freeze(record, draft, by=by, at=at)


def check_printable(design: str, data: CertificateData) -> None:
    """Raise ``missing_glyph`` or ``does_not_fit`` while there is no number to lose yet."""
    from certificates.issuing.rendering import render_certificate, required_text
    from cms.fonts import missing_glyphs
    from cms.pdf import MissingGlyph

    if missing := missing_glyphs(required_text(data)):
        raise MissingGlyph(missing)
    if any(len(getattr(data, name)) > limit for name, limit in SURE_TO_FIT.items()):
        render_certificate(design, data)


def render_and_store(certificate: Certificate, at: dt.datetime, *, by: User | None = None) -> Certificate:
    """Make the file of a numbered certificate; any other state is returned unchanged.

    Keep it outside a transaction: the file is made and stored without a lock. Of two that do this at
    once one attaches its file, the other throws its own away.
    """
    certificate = Certificate.objects.select_related("design", "organisation").get(pk=certificate.pk)
    if certificate.state != CertificateState.NUMBERED:
        return certificate
    file = store_file(
        _render(certificate),
        kind=FileKind.CERTIFICATE,
        name=f"{certificate.number}.pdf",
        content_type="application/pdf",
        by=by,
        at=at,
        organisation=certificate.organisation,
    )
    stored = _attach(certificate, file, by=by, at=at)
    if stored.file_id != file.pk:
        discard_file(file)
    return stored


def _render(certificate: Certificate) -> bytes:
    # WeasyPrint takes a second to load: no web process or command shall wait for it that makes no file.
    from certificates.issuing.rendering import render_certificate

    return render_certificate(certificate.design.template, newest_edition(certificate).checked_data())


def _draft(record: TrainingRecord, issued_on: dt.date) -> Draft:
    record = TrainingRecord.objects.select_related("person", "course_version", "organisation").get(
        pk=record.pk
    )
    _refuse_incomplete(record)
    kind = CertificateKind(record.course_version.certificate_kind)
    design = CertificateDesign.objects.filter(kind=kind, is_current=True).first()
    if design is None or kind not in KIND_LETTERS:
        raise DomainError(
            "design_missing", _("还没有“%(kind)s”的样式，请联系管理员。") % {"kind": kind.label}
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    placeholder = format_number(record.organisation, kind, issued_on.year, 0)
    data = read_facts(record, number=placeholder, token=token, issued_on=issued_on)
    return Draft(data, kind, design, token)


def _refuse_incomplete(record: TrainingRecord) -> None:
    if record.state != RecordState.COMPLETED:
        raise DomainError("record_not_completed", _("这门课还没有合格，不能发证。"))


@transaction.atomic
def _freeze(record: TrainingRecord, draft: Draft, *, by: User | None, at: dt.datetime) -> Certificate:
    # The record's row is the lock of "one certificate for a record"; the series is locked after it.
    record = (
        TrainingRecord.objects.select_for_update(of=("self",))
        .select_related("organisation", "course_version__course")
        .get(pk=record.pk)
    )
    existing = Certificate.objects.filter(record=record).first()
    if existing is not None:
        return existing
    _refuse_incomplete(record)
    number = take_number(record.organisation, draft.kind, draft.data.issued_on.year)
    data = replace(draft.data, number=number)
    snapshot = {
        **data.to_snapshot(),
        "design": f"{draft.design.template}/{draft.design.version}",
        "course": f"{record.course_version.course.code}/{record.course_version.number}",
        "source": record.source,
    }
    nonce = new_nonce()
    certificate = Certificate.objects.create(
        record=record,
        person_id=record.person_id,
        organisation=record.organisation,
        region_code=record.region_code,
        kind=draft.kind,
        number=number,
        token=draft.token,
        design=draft.design,
        holder_name=data.holder_name,
        course_title=data.course_title,
        snapshot=snapshot,
        nonce=nonce,
        snapshot_sha256=snapshot_digest(snapshot, nonce),
        issued_on=data.issued_on,
        numbered_at=at,
    )
    audit.record(
        "certificate.number", certificate, by=by, at=at, number=number, sha256=certificate.snapshot_sha256
    )
    return certificate


@transaction.atomic
def _attach(certificate: Certificate, file: StoredFile, *, by: User | None, at: dt.datetime) -> Certificate:
    locked = (
        Certificate.objects.select_for_update(of=("self",)).select_related("person").get(pk=certificate.pk)
    )
    if locked.state != CertificateState.NUMBERED:
        return locked
    locked.file = file
    locked.state = CertificateState.ISSUED
    locked.save(update_fields=["file", "state"])
    audit.record("certificate.issue", locked, by=by, at=at, number=locked.number, file_sha256=file.sha256)
    queue_message(
        "certificate_ready",
        subject=locked,
        person=locked.person,
        about={"title": locked.course_title, "number": locked.number},
        by=by,
        at=at,
    )
    return locked
