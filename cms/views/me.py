"""One's own pages: what is next, for whom the account acts."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cms.access import signed_in
from cms.acting import acting_link, links_of, request_links, switch_to
from cms.models import Person, PersonAccount, PersonDocument, User
from cms.services.codes import texts_are_sent
from cms.views.consents import asks_again


@signed_in
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The trainee's home; the panels come from the apps above."""
    link = acting_link(request)
    links = request_links(request)
    context = {
        "link": link,
        "person": link.person if link else None,
        "links": [row for row in links if link and row.pk != link.pk],
        "tails": _tails(links),
        "asked": asks_again(link) if link else [],
        "needs_proof": link is not None and not _current_documents(link.person),
        "can_bind": texts_are_sent(),
    }
    return render(request, "cms/me/home.html", context)


def _tails(links: list[PersonAccount]) -> dict[int, str]:
    """Return the last four of the number for people who share a name, to tell them apart."""
    names = [link.person.legal_name for link in links]
    twins = [link.person_id for link in links if names.count(link.person.legal_name) > 1]
    if not twins:
        return {}
    rows = PersonDocument.objects.filter(person_id__in=twins, superseded_at__isnull=True)
    return dict(rows.values_list("person_id", "last_four"))


def _current_documents(person: Person) -> list[PersonDocument]:
    return list(person.documents.filter(superseded_at__isnull=True))


@signed_in
@require_POST
def switch(request: HttpRequest) -> HttpResponseBase:
    """Act for another person from now on in this session; somebody else's person is unknown here."""
    wanted = request.POST.get("person", "")
    for link in links_of(cast(User, request.user)):
        if str(link.person_id) == wanted:
            switch_to(request, link.person)
            return redirect("account:home")
    raise Http404
