"""A sheet of slips for people chosen in the office's list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cms.errors import DomainError
from cms.forms.people import organisations_of
from cms.keys import row_keys
from cms.models import Affiliation, Organisation, Person, User
from cms.slip_sheets import LIMIT, PrintedSlip, print_slip, render_sheet, with_documents


@never_cache
@require_POST
def print_slips(request: HttpRequest) -> HttpResponseBase:
    """Make a slip for each chosen person and show the sheet; earlier unused slips stop working."""
    user: Any = request.user
    if not user.has_perm("cms.add_personslip"):
        raise PermissionDenied
    wanted = row_keys(request.POST.getlist("person"))
    if not wanted or len(wanted) > LIMIT:
        messages.error(request, _("请选 1 到 %(limit)s 个人再开凭条。") % {"limit": LIMIT})
        return redirect("people:index")
    try:
        printed = make_sheet(wanted, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("people:index")
    return render_sheet(request, printed, back_url=reverse("people:index"), back_label=_("回到人员"))


@transaction.atomic
def make_sheet(wanted: set[int], *, by: User, at: dt.datetime) -> list[PrintedSlip]:
    """Return a slip for each of the visible people among ``wanted``, all or none.

    Raises ``DomainError`` ``slip_people`` when one of them is out of sight or not on the roster of an
    organisation that ``by`` works for.
    """
    on = timezone.localdate(at)
    organisations: dict[int, Organisation] = {row.pk: row for row in organisations_of(by)}
    reasons = Affiliation.objects.filter(organisation_id__in=organisations).exclude(until__lt=on)
    people = Person.objects.visible_to(by).filter(pk__in=wanted).order_by("name_pinyin", "pk")
    rows = with_documents(people).prefetch_related(
        Prefetch("affiliations", queryset=reasons.order_by("since", "pk"), to_attr="reasons")
    )
    chosen: list[Any] = list(rows)
    if len(chosen) != len(wanted) or not all(person.reasons for person in chosen):
        raise DomainError("slip_people", _("选的人里有的不在贵单位的名册里，没有开凭条。请重新选。"))
    return [
        print_slip(person, organisations[person.reasons[0].organisation_id], by=by, at=at)
        for person in chosen
    ]
