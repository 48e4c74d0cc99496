"""Back-office screens for what happens to a certificate after its issue: reissue and revocation."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from certificates.issuing.editions import newest_edition
from certificates.issuing.enums import CERTIFICATE_MOVES, CertificateState, ReissueReason, RevocationReason
from certificates.issuing.facts import printed_identity
from certificates.issuing.forms import ReissueForm, RevokeForm
from certificates.issuing.models import Certificate
from certificates.issuing.permissions import runs_issuer
from certificates.issuing.services.reissuing import reissue_certificate
from certificates.issuing.services.revoking import revoke_certificate
from cms.access import SignedInRequest, get_visible_or_404
from cms.errors import DomainError
from cms.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is printed and what the register says, ask for the reason, then print anew."""
    user, certificate = _of_own_office(request, pk)
    if CertificateState.REISSUED not in CERTIFICATE_MOVES[certificate.state]:
        messages.warning(request, _("只有有效的证书才能补发。"))
        return _back(certificate)
    last = newest_edition(certificate)
    form = ReissueForm(request.POST or None, initial={"seen": last.serial})
    if request.method == "POST" and form.is_valid() and _reissue(certificate, form, user):
        messages.success(request, _("%(number)s 补发好了。") % {"number": certificate.number})
        return _back(certificate)
    registered = printed_identity(certificate.person)
    printed = last.data
    context = {"printed": printed, "registered": registered, "changed": printed.identity != registered}
    return _page(request, certificate, form, "reissue.html", _("补发证书"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then revoke."""
    user, certificate = _of_own_office(request, pk)
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _revoke(certificate, form, user):
        messages.success(request, _("已撤销 %(number)s。") % {"number": certificate.number})
        return _back(certificate)
    return _page(request, certificate, form, "revoke.html", _("撤销证书"), {})


def _of_own_office(request: HttpRequest, pk: int) -> tuple[User, Certificate]:
    user = cast(SignedInRequest, request).user
    certificates = Certificate.objects.select_related("person", "organisation", "file")
    certificate = get_visible_or_404(certificates, user, pk=pk)
    if not runs_issuer(user, certificate):
        raise PermissionDenied
    return user, certificate


def _back(certificate: Certificate) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("certificate:inspect", args=[certificate.pk]))


def _page(
    request: HttpRequest,
    certificate: Certificate,
    form: Form,
    template: str,
    title: str,
    context: dict[str, object],
) -> HttpResponse:
    context |= {
        "certificate": certificate,
        "form": form,
        "header_title": title,
        "breadcrumbs_items": [
            {"url": reverse("certificate:index"), "label": pgettext("menu", "证书")},
            {"url": reverse("certificate:inspect", args=[certificate.pk]), "label": certificate.number},
            {"url": "", "label": title},
        ],
    }
    return render(request, f"certificates/issuing/admin/{template}", context)


def _reissue(certificate: Certificate, form: ReissueForm, user: User) -> bool:
    data = form.cleaned_data
    try:
        reissue_certificate(
            certificate,
            reason=ReissueReason(data["reason"]),
            note=data["note"],
            seen=data["seen"],
            by=user,
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(error.field, str(error))
        return False
    return True


def _revoke(certificate: Certificate, form: RevokeForm, user: User) -> bool:
    data = form.cleaned_data
    try:
        revoke_certificate(
            certificate,
            reason=RevocationReason(data["reason"]),
            note=data["note"],
            by=user,
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(error.field, str(error))
        return False
    return True
