"""Take a certificate back; it stays visible for ever."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.issuing.enums import CERTIFICATE_MOVES, CertificateState, RevocationReason
from certificates.issuing.models import Certificate
from cms import audit
from cms.errors import DomainError
from cms.messaging import withdraw_messages
from cms.models import User


@transaction.atomic
def revoke_certificate(
    certificate: Certificate, *, reason: RevocationReason, note: str, by: User | None, at: dt.datetime
) -> Certificate:
    """Revoke; a verifier sees the class of ``reason``, the ``note`` stays inside.

    Refusals: ``certificate_state`` (revoked already), ``note_missing`` (another reason needs words).
    """
    certificate = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if CertificateState.REVOKED not in CERTIFICATE_MOVES[certificate.state]:
        raise DomainError("certificate_state", _("这张证书已经撤销，不用再撤。"))
    note = note.strip()
    if reason == RevocationReason.OTHER and not note:
        raise DomainError("note_missing", _("选“其他原因”时，请写明为什么撤销。"), field="note")
    before = certificate.state
    certificate.state = CertificateState.REVOKED
    certificate.revoked_at = at
    certificate.revoked_by = by
    certificate.revocation_reason = reason
    certificate.revocation_note = note
    certificate.save(
        update_fields=["state", "revoked_at", "revoked_by", "revocation_reason", "revocation_note"]
    )
    for kind in ("certificate_ready", "certificate_reissued"):
        withdraw_messages(kind, certificate, at=at)
    audit.record(
        "certificate.revoke", certificate, by=by, at=at, old=before, new=certificate.state,
        revocation_reason=reason, note=note,
    )  # fmt: skip
    return certificate
