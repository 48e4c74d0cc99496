"""Pieces of pages below: checking a certificate at home, one's own at ``/me/``, a class's in the office."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from caravan.models import TrainingClass
from certificates.issuing.enums import VALID, CertificateState
from certificates.issuing.issuable import issuable
from certificates.issuing.models import Certificate
from certificates.issuing.permissions import can_issue
from cms.backoffice.panels import Panel
from cms.ui.dates import full_date


class CheckCertificate(Panel):
    """The number form on the public home page; the name is asked on the next page."""

    name, template, order = "check_certificate", "certificates/issuing/panels/check.html", 90


class MyCertificates(Panel):
    """What somebody holds, newest first; a revoked one stays visible."""

    name, template, order = "my_certificates", "certificates/issuing/panels/mine.html", 60

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Read the certificates of ``subject``, the person the account acts for (one query)."""
        person_id = getattr(subject, "pk", None)
        if person_id is None:
            return {"certificates": []}
        held = Certificate.objects.filter(person_id=person_id).order_by("-issued_on", "-number")
        return {"certificates": [(one, _line(one), one.state in VALID) for one in held[:30]]}


class ClassCertificates(Panel):
    """How many of a class wait for a certificate, and the button, on the class's page in the office."""

    name, template, order = "class_certificates", "certificates/issuing/panels/class.html", 60

    def context(self, request: HttpRequest, subject: TrainingClass) -> dict[str, Any]:
        """Count (three queries); empty while nobody has completed."""
        user: Any = request.user
        return {"row": issuable(subject), "may_issue": can_issue(user, subject)}


def _line(certificate: Certificate) -> str:
    words = {"kind": certificate.get_kind_display(), "date": full_date(certificate.issued_on)}
    if certificate.state == CertificateState.REISSUED and certificate.reissued_on is not None:
        return _("%(kind)s，%(date)s补发") % {**words, "date": full_date(certificate.reissued_on)}
    if certificate.state == CertificateState.REVOKED:
        return _("%(kind)s，已撤销，请不要再用") % words
    if certificate.state == CertificateState.NUMBERED:
        return _("%(kind)s，正在制作") % words
    return _("%(kind)s，%(date)s发") % words
