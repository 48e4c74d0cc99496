"""A sheet of one-time slips: shown once, printed, cut, handed over; or held out on a phone to be scanned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import segno
from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from cms.models import Organisation, Person, PersonDocument, PersonSlip, User
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


def with_documents(people: QuerySet[Person]) -> QuerySet[Person]:
    """Join the current documents, whose last four tell people of one name apart (one query)."""
    documents = PersonDocument.objects.filter(superseded_at__isnull=True)
    return people.prefetch_related(Prefetch("documents", queryset=documents, to_attr="shown_documents"))


def last_four_of(person: Any) -> str:
    """Return the last four of a person read ``with_documents``."""
    return person.shown_documents[0].last_four if person.shown_documents else ""


def print_slip(person: Any, organisation: Organisation, *, by: User, at: dt.datetime) -> PrintedSlip:
    """Make a slip for a person read ``with_documents``; raises what ``make_slip`` raises."""
    slip, code = make_slip(person, organisation, by=by, at=at)
    return PrintedSlip(slip, person, last_four_of(person), f"{code[:4]} {code[4:]}", slip_picture(code))


def render_sheet(
    request: HttpRequest, slips: Sequence[PrintedSlip], *, back_url: str, back_label: str
) -> HttpResponse:
    """Return the sheet; whoever shows it must keep it out of caches."""
    context = {"slips": slips, "link": slip_link(""), "back_url": back_url, "back_label": back_label}
    return render(request, "cms/people/slips.html", context)


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
