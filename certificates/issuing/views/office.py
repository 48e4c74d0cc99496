"""Back-office screens of issuing beside the lists: issue a class, download."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caravan.models import TrainingClass
from certificates.issuing.editions import edition_of, newest_edition
from certificates.issuing.issuable import classes_to_issue
from certificates.issuing.models import Certificate
from certificates.issuing.permissions import can_issue
from certificates.issuing.services.batches import start_issuing
from certificates.issuing.views.downloads import file_response
from cms.access import SignedInRequest, get_visible_or_404
from cms.backoffice.jobs import job_url
from cms.errors import DomainError
from cms.models import User
from cms.roles import Role

ISSUE_LIST = "certificate_issuing:index"


def issues_certificates(user: User) -> bool:
    """Say whether the issuing screen is for ``user`` at all."""
    return user.has_role(Role.ORG_ADMIN, Role.PLANNER)


@require_safe
def issue_list(request: HttpRequest) -> HttpResponse:
    """Classes whose people wait for certificates."""
    user = cast(SignedInRequest, request).user
    if not issues_certificates(user):
        raise PermissionDenied
    crumbs = [{"url": "", "label": _("签发证书")}]
    rows = [(row, job_url(row.job) if row.job else "") for row in classes_to_issue(user)]
    context = {"rows": rows, "header_title": _("签发证书"), "breadcrumbs_items": crumbs}
    return render(request, "certificates/issuing/admin/issue_list.html", context)


@require_POST
def issue_class(request: HttpRequest, class_no: str) -> HttpResponse:
    """Start the job and show its progress."""
    user = cast(SignedInRequest, request).user
    training_class = get_visible_or_404(TrainingClass.objects.all(), user, class_no=class_no)
    if not can_issue(user, training_class):
        raise PermissionDenied
    try:
        job = start_issuing(training_class, by=user, at=timezone.now())
    except DomainError as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(reverse(ISSUE_LIST))
    return HttpResponseRedirect(job_url(job))


@require_safe
def download(request: HttpRequest, pk: int, serial: int | None = None) -> HttpResponse:
    """Hand a stored file to who sees the certificate in the back office, revoked or not.

    ``serial`` asks for one printing, 0 for the first; without it for the newest.
    """
    user = cast(SignedInRequest, request).user
    if not user.has_perm("certificates.view_certificate"):
        raise PermissionDenied
    certificate = get_visible_or_404(Certificate.objects.select_related("file"), user, pk=pk)
    edition = newest_edition(certificate) if serial is None else edition_of(certificate, serial)
    return file_response(certificate, edition)
