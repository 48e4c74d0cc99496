"""What is printed under a certificate's number: the first issue, and each reissue after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from certificates.issuing.data import CertificateData
from certificates.issuing.models import Certificate, Reissue
from cms.errors import DomainError
from cms.models import StoredFile
from cms.snapshots import snapshot_digest


@dataclass(frozen=True)
class Edition:
    """One printing, frozen; ``serial`` 0 is the first issue, whose file is ``None`` until it is made."""

    serial: int
    snapshot: dict[str, Any]
    nonce: str
    snapshot_sha256: str
    file: StoredFile | None

    @property
    def data(self) -> CertificateData:
        """What is printed."""
        return CertificateData.from_snapshot(self.snapshot)

    def checked_data(self) -> CertificateData:
        """Return what is printed; raises ``DomainError`` ``snapshot_damaged`` when its hash does not fit."""
        if snapshot_digest(self.snapshot, self.nonce) != self.snapshot_sha256:
            raise DomainError("snapshot_damaged", _("证书内容与登记的不一致，请联系管理员。"))
        return self.data


def newest_edition(certificate: Certificate) -> Edition:
    """Return what is handed out today (one query where the certificate was reissued, else none)."""
    if certificate.reissued_on is None:
        return _edition(0, certificate)
    reissue = certificate.reissues.select_related("file").latest("serial")
    return _edition(reissue.serial, reissue)


def edition_of(certificate: Certificate, serial: int) -> Edition | None:
    """Return the printing of that ``serial``, or ``None``."""
    if serial == 0:
        return _edition(0, certificate)
    reissue = certificate.reissues.select_related("file").filter(serial=serial).first()
    return _edition(reissue.serial, reissue) if reissue else None


def _edition(serial: int, row: Certificate | Reissue) -> Edition:
    return Edition(serial, row.snapshot, row.nonce, row.snapshot_sha256, row.file)
