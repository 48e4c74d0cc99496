"""The stored bytes of a certificate, the same for ever."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from certificates.issuing.editions import Edition, newest_edition
from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from cms.access import SignedInRequest, get_visible_or_404, signed_in
from cms.services.files import read_file


@signed_in
@require_safe
def download(request: HttpRequest, number: str) -> HttpResponse:
    """Hand a good certificate to its holder, or to whoever acts for the holder."""
    user = cast(SignedInRequest, request).user
    mine = Certificate.objects.valid().filter(
        person__accounts__user=user, person__accounts__until__isnull=True
    )
    certificate = get_visible_or_404(mine.select_related("file"), user, number=number)
    return file_response(certificate, newest_edition(certificate))


def file_response(certificate: Certificate, edition: Edition | None) -> HttpResponse:
    """Return a printing's file, checked against its SHA-256; 404 without one, also while it is being made."""
    if edition is None or edition.file is None:
        raise Http404
    response = HttpResponse(read_file(edition.file), content_type="application/pdf")
    # Two names: old browsers take the plain one, all others the one in Chinese.
    mark = f" {CertificateState.REISSUED.label}" if edition.serial else ""
    full = quote(f"{certificate.get_kind_display()} {certificate.number}{mark}.pdf")
    plain = f"{certificate.number}.pdf"
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
