"""Find what a killed process left: certificates without a file."""

from __future__ import annotations

import datetime as dt
import logging

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.issuing.services.issuing import render_and_store

logger = logging.getLogger(__name__)

# The one who took the number is given this long to make the file.
GRACE = dt.timedelta(minutes=2)
BATCH = 200


def render_overdue(at: dt.datetime, *, grace: dt.timedelta = GRACE) -> int:
    """Make the files of certificates that were numbered before ``at - grace``; return how many."""
    due = Certificate.objects.filter(state=CertificateState.NUMBERED, numbered_at__lt=at - grace)
    made = 0
    for certificate in due.order_by("numbered_at")[:BATCH]:
        try:
            render_and_store(certificate, at)
        except Exception:  # one that cannot be made, whatever the reason, must not stop the others
            logger.exception("certificate %s could not be made", certificate.number)
        else:
            made += 1
    return made
