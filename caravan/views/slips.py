"""Slips printed by trainers for their classes, and by community coordinators for whom they help."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caravan.models import TrainingClass
from caravan.permissions import DESK_ROLES
from caravan.services.class_slips import (
    SLIP_STATES,
    may_print,
    people_helped,
    people_of_class,
    print_class_slips,
    print_helped_slips,
)
from cms.access import SignedInRequest, get_visible_or_404, role_required
from cms.errors import DomainError
from cms.keys import row_keys
from cms.roles import Role
from cms.slip_sheets import render_sheet


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DESK_ROLES)
def of_class(request: SignedInRequest, class_no: str) -> HttpResponseBase:
    """At the desk: choose people of a class of mine, and show their sheet."""
    rows = TrainingClass.objects.select_related("organisation")
    training_class = get_visible_or_404(rows, request.user, class_no=class_no)
    if not may_print(request.user, training_class):
        raise PermissionDenied
    back = reverse("caravan:teach_class", args=[class_no])
    return _sheet_of_class(request, training_class, base="base_work.html", back=back)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.COORDINATOR)
def of_community_class(request: SignedInRequest, class_no: str) -> HttpResponseBase:
    """In the community: the same for a class that is held here."""
    rows = TrainingClass.objects.at_communities_of(request.user).select_related("organisation")
    training_class = rows.filter(class_no=class_no, state__in=sorted(SLIP_STATES)).first()
    if training_class is None:
        raise Http404
    return _sheet_of_class(request, training_class, base="base.html", back=reverse("caravan:community"))


def _sheet_of_class(
    request: SignedInRequest, training_class: TrainingClass, *, base: str, back: str
) -> HttpResponse:
    if request.method == "POST":
        try:
            printed = print_class_slips(
                training_class,
                row_keys(request.POST.getlist("person")),
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as error:
            messages.error(request, str(error))
        else:
            return render_sheet(request, printed, back_url=request.path, back_label=_("回到名单"))
    context = {
        "base": base,
        "training_class": training_class,
        "people": people_of_class(training_class),
        "back": back,
    }
    return render(request, "caravan/slips/class.html", context)


@never_cache
@require_safe
@role_required(Role.COORDINATOR)
def community(request: SignedInRequest) -> HttpResponse:
    """社区工作台: whom I help, and the classes held at my community."""
    classes = TrainingClass.objects.at_communities_of(request.user).filter(state__in=sorted(SLIP_STATES))
    context = {
        "people": people_helped(request.user),
        "classes": classes.select_related("venue").order_by("-starts_on", "class_no")[:30],
    }
    return render(request, "caravan/slips/community.html", context)


@never_cache
@require_POST
@role_required(Role.COORDINATOR)
def of_helped(request: SignedInRequest) -> HttpResponseBase:
    """Show the sheet for the people chosen among those I help."""
    try:
        printed = print_helped_slips(
            row_keys(request.POST.getlist("person")), by=request.user, at=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("caravan:community")
    return render_sheet(
        request, printed, back_url=reverse("caravan:community"), back_label=_("回到社区工作台")
    )
