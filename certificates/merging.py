"""What was proved and claimed follows a merged person; what is frozen keeps the name it had."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.issuing.models import Certificate
from certificates.subsidies.models import Claim, InsuranceCheck
from cms.merging import Moved, follow
from courses.models import ExternalCertificate, TrainingRecord


def issued_since(moved: Moved) -> str:
    """Refuse an undo that would leave a certificate with another person than its record."""
    records = moved.get(TrainingRecord._meta.label_lower, [])
    known = moved.get(Certificate._meta.label_lower, [])
    found = Certificate.objects.filter(record_id__in=map(int, records)).exclude(pk__in=known)
    return _("合并以后按并过来的学习记录发了证书。") if found.exists() else ""


def claimed_since(moved: Moved) -> str:
    """Refuse an undo that would leave a claim with another person than the certificate it rests on."""
    own = moved.get(Certificate._meta.label_lower, [])
    external = moved.get(ExternalCertificate._meta.label_lower, [])
    found = Claim.objects.filter(Q(certificate__in=own) | Q(external_certificate__in=external))
    found = found.exclude(pk__in=moved.get(Claim._meta.label_lower, []))
    return _("合并以后按并过来的证书申领了补贴。") if found.exists() else ""


follow(Certificate, refuse_undo=issued_since)
follow(InsuranceCheck)
follow(Claim, refuse_undo=claimed_since, watch=["state"])
