"""Find what a killed process left: certificates without a file, files without a certificate."""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.issuing.services.issuing import render_and_store
from cms.enums import FileKind
from cms.models import StoredFile
from cms.services.files import discard_file

logger = logging.getLogger(__name__)

# The one who took the number is given this long to make the file.
GRACE = dt.timedelta(minutes=2)
# Nobody holds a finished file in hand for so long.
STRAY_AFTER = dt.timedelta(hours=1)
BATCH = 200


def render_overdue(at: dt.datetime, *, grace: dt.timedelta = GRACE) -> int:
    """Make the files of certificates that were numbered before ``at - grace``; return how many."""
    due = Certificate.objects.filter(state=CertificateState.NUMBERED, numbered_at__lt=at - grace)
    made = 0
    for certificate in due.order_by("numbered_at")[:BATCH]:
        try:
            render_and_store(certificate, at)
        except Exception:
            logger.exception("certificate %s could not be made", certificate.number)
        else:
            made += 1
    return made


def discard_strays(at: dt.datetime) -> int:
    """Remove certificate files that were stored long ago and attached to nothing; return how many."""
    # By the moment in the key (UUIDv7): ``created_at`` is an argument and may tell of an earlier day.
    before = uuid.UUID(int=int((at - STRAY_AFTER).timestamp() * 1000) << 80)
    strays = StoredFile.objects.filter(
        kind=FileKind.CERTIFICATE, pk__lt=before, certificates_files__isnull=True
    )
    found = list(strays[:BATCH])
    for file in found:
        discard_file(file)
    return len(found)
