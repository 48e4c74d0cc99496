"""Vocabulary of certificates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CertificateState(models.TextChoices):
    """Numbered (snapshot frozen) → issued (file stored) → reissued | revoked; all stay visible."""

    NUMBERED = "numbered", _("已编号，正在制作")
    ISSUED = "issued", _("已签发")
    REISSUED = "reissued", _("已补发")
    REVOKED = "revoked", _("已撤销")


CERTIFICATE_MOVES: dict[str, frozenset[str]] = {
    CertificateState.NUMBERED: frozenset({CertificateState.ISSUED, CertificateState.REVOKED}),
    CertificateState.ISSUED: frozenset({CertificateState.REISSUED, CertificateState.REVOKED}),
    CertificateState.REISSUED: frozenset({CertificateState.REISSUED, CertificateState.REVOKED}),
    CertificateState.REVOKED: frozenset(),
}
# Good for whoever holds it.
VALID = frozenset({CertificateState.ISSUED, CertificateState.REISSUED})


class RevocationReason(models.TextChoices):
    """Class of reason shown to a verifier; the details stay inside."""

    WRONG_DATA = "wrong_data", _("登记信息有误")
    NOT_EARNED = "not_earned", _("不符合发证条件")
    FRAUD = "fraud", _("弄虚作假")
    OTHER = "other", _("其他原因")


class ReissueReason(models.TextChoices):
    """Why a certificate was printed anew under its number."""

    LOST = "lost", _("遗失")
    DAMAGED = "damaged", _("破损")
    CORRECTED = "corrected", _("姓名或证件有变更")
