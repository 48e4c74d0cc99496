"""Print a certificate anew under its number (补发, domain §2.4); what was printed before stays on record."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuing.data import CertificateData
from certificates.issuing.editions import Edition, newest_edition
from certificates.issuing.enums import CERTIFICATE_MOVES, CertificateState, ReissueReason
from certificates.issuing.facts import printed_identity, verify_url
from certificates.issuing.models import Certificate, Reissue
from certificates.issuing.services.issuing import check_printable
from cms import audit
from cms.enums import FileKind
from cms.errors import DomainError
from cms.messaging import queue_message
from cms.models import StoredFile, User
from cms.services.files import discard_file, store_file
from cms.snapshots import new_nonce, snapshot_digest


def reissue_certificate(
    certificate: Certificate,
    *,
    reason: ReissueReason,
    note: str,
    seen: int,
    by: User | None,
    at: dt.datetime,
) -> Reissue:
    """Make a new file with 补发 and the local day of ``at``; number, token and issue date stay.

    For ``ReissueReason.CORRECTED`` name and document are those of the register now, everything else is as
    printed last. ``seen`` is the serial of the newest printing that the asker saw, so that pressing twice
    makes one. Keep it outside a transaction: the file is made without a lock. Refusals:
    ``certificate_state``, ``reissued_meanwhile``, ``nothing_to_correct``, ``snapshot_damaged``,
    ``missing_glyph``, ``does_not_fit``.
    """
    certificate = Certificate.objects.select_related("design", "organisation", "person").get(
        pk=certificate.pk
    )
    _refuse_state(certificate)
    last = newest_edition(certificate)
    _refuse_unseen(last.serial, seen)
    today = timezone.localdate(at)
    data = _next_data(certificate, last, reason, today)
    file = _make_file(certificate, data, by=by, at=at)
    try:
        return _add(certificate, last, data, file, today, reason=reason, note=note.strip(), by=by, at=at)
    except DomainError:
        discard_file(file)
        raise


def _refuse_state(certificate: Certificate) -> None:
    if CertificateState.REISSUED not in CERTIFICATE_MOVES[certificate.state]:
        raise DomainError("certificate_state", _("只有有效的证书才能补发。"))


def _refuse_unseen(newest: int, seen: int) -> None:
    if newest != seen:
        raise DomainError("reissued_meanwhile", _("这张证书刚刚补发过，请看最新的一份。"))


def _next_data(
    certificate: Certificate, last: Edition, reason: ReissueReason, today: dt.date
) -> CertificateData:
    data = replace(last.checked_data(), reissued_on=today, verify_url=verify_url(certificate.token))
    if reason == ReissueReason.CORRECTED:
        corrected = data.naming(printed_identity(certificate.person))
        if corrected == data:
            raise DomainError(
                "nothing_to_correct",
                _("登记的姓名和证件与证书上的一样。请先在人员信息里更正，再来补发。"),
                field="reason",
            )
        data = corrected
    check_printable(certificate.design.template, data)
    return data


def _make_file(
    certificate: Certificate, data: CertificateData, *, by: User | None, at: dt.datetime
) -> StoredFile:
    # WeasyPrint takes a second to load: no web process or command shall wait for it that makes no file.
    from certificates.issuing.rendering import render_certificate

    return store_file(
        render_certificate(certificate.design.template, data),
        kind=FileKind.CERTIFICATE,
        name=f"{certificate.number} 补发.pdf",
        content_type="application/pdf",
        by=by,
        at=at,
        organisation=certificate.organisation,
    )


@transaction.atomic
def _add(
    certificate: Certificate,
    last: Edition,
    data: CertificateData,
    file: StoredFile,
    today: dt.date,
    *,
    reason: ReissueReason,
    note: str,
    by: User | None,
    at: dt.datetime,
) -> Reissue:
    locked = (
        Certificate.objects.select_for_update(of=("self",)).select_related("person").get(pk=certificate.pk)
    )
    _refuse_state(locked)
    _refuse_unseen(newest_edition(locked).serial, last.serial)
    snapshot, nonce = {**last.snapshot, **data.to_snapshot()}, new_nonce()
    reissue = Reissue.objects.create(
        certificate=locked,
        serial=last.serial + 1,
        reason=reason,
        note=note,
        holder_name=data.holder_name,
        snapshot=snapshot,
        nonce=nonce,
        snapshot_sha256=snapshot_digest(snapshot, nonce),
        file=file,
        reissued_on=today,
        reissued_by=by,
        reissued_at=at,
    )
    before = locked.state
    locked.state, locked.reissued_on = CertificateState.REISSUED, today
    locked.holder_name = data.holder_name
    locked.save(update_fields=["state", "reissued_on", "holder_name"])
    audit.record(
        "certificate.reissue", locked, by=by, at=at, old=before, new=locked.state,
        reissue_reason=reason, note=note, file_sha256=file.sha256,
    )  # fmt: skip
    queue_message(
        "certificate_reissued",
        subject=locked,
        person=locked.person,
        about={"title": locked.course_title, "number": locked.number},
        by=by,
        at=at,
    )
    return reissue
