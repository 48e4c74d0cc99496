"""A sheet of one-time slips: made and shown once, printed, cut, handed over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cms.errors import DomainError
from cms.forms.people import organisations_of
from cms.keys import row_keys
from cms.models import Affiliation, Organisation, Person, PersonDocument, PersonSlip, User
from cms.services.accounts import make_slip

LIMIT = 50


@dataclass(frozen=True)
class PrintedSlip:
    """A slip as it is printed; the code exists here and in the bearer's hand only."""

    slip: PersonSlip
    person: Person
    last_four: str
    code: str
    picture: SafeString


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
    return render(request, "cms/people/slips.html", {"slips": printed, "link": slip_link("")})


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
    rows = people.prefetch_related(
        Prefetch("affiliations", queryset=reasons.order_by("since", "pk"), to_attr="reasons"),
        Prefetch(
            "documents",
            queryset=PersonDocument.objects.filter(superseded_at__isnull=True),
            to_attr="shown_documents",
        ),
    )
    chosen: list[Any] = list(rows)
    if len(chosen) != len(wanted) or not all(person.reasons for person in chosen):
        raise DomainError("slip_people", _("选的人里有的不在贵单位的名册里，没有开凭条。请重新选。"))
    return [
        _print_slip(person, organisations[person.reasons[0].organisation_id], by=by, at=at)
        for person in chosen
    ]


def _print_slip(person: Any, organisation: Organisation, *, by: User, at: dt.datetime) -> PrintedSlip:
    slip, code = make_slip(person, organisation, by=by, at=at)
    last_four = person.shown_documents[0].last_four if person.shown_documents else ""
    return PrintedSlip(slip, person, last_four, f"{code[:4]} {code[4:]}", slip_picture(code))


def slip_picture(code: str) -> SafeString:
    """Return the QR code of a slip's link, to be drawn inside the page."""
    picture = segno.make(slip_link(code), error="m", micro=False).svg_inline(
        scale=4, border=4, light="#fff", dark="#000", omitsize=True
    )
    # segno draws the picture from the code alone: nothing anybody typed is in it.
    return mark_safe(picture)  # noqa: S308


def slip_link(code: str) -> str:
    """Return the address where a slip's code is typed, with ``code`` filled in if there is one."""
    address = f"{settings.PUBLIC_URL}{reverse('account:slip')}"
    return f"{address}?code={code}" if code else address
