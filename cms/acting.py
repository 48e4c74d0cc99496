"""For whom the signed-in account acts now: oneself, a family member, or somebody a coordinator helps."""

from __future__ import annotations

from django.http import HttpRequest

from cms.enums import AccountRelation
from cms.models import Person, PersonAccount, User
from cms.services.locking import standing_person

SESSION_KEY = "acting_person"
_ORDER = {AccountRelation.SELF: 0, AccountRelation.FAMILY: 1, AccountRelation.COORDINATOR: 2}


def links_of(user: User) -> list[PersonAccount]:
    """Return the live links of an account with their people, oneself first: one query."""
    links = PersonAccount.objects.filter(user=user, until__isnull=True).select_related("person")
    return sorted(links, key=lambda link: (_ORDER[AccountRelation(link.relation)], link.since, link.pk))


def acting_link(request: HttpRequest) -> PersonAccount | None:
    """Return the link chosen in this session, else the first, or ``None``: nobody, or not signed in.

    Read once a request; a link that has ended since is not used.
    """
    if not hasattr(request, "_acting_link"):
        request._acting_link = _read_link(request)  # type: ignore[attr-defined]  # kept for this request
    link: PersonAccount | None = request._acting_link  # type: ignore[attr-defined]  # see above
    return link


def request_links(request: HttpRequest) -> list[PersonAccount]:
    """Return the live links of the signed-in account, read once a request."""
    if not isinstance(request.user, User):
        return []
    if not hasattr(request, "_acting_links"):
        request._acting_links = links_of(request.user)  # type: ignore[attr-defined]  # kept for this request
    links: list[PersonAccount] = request._acting_links  # type: ignore[attr-defined]  # see above
    return links


def _read_link(request: HttpRequest) -> PersonAccount | None:
    links = request_links(request)
    chosen = request.session.get(SESSION_KEY)
    if chosen is not None and not any(link.person_id == chosen for link in links):
        chosen = _standing_for(chosen)  # merged since this session began
    return next((link for link in links if link.person_id == chosen), links[0] if links else None)


def _standing_for(person_id: int) -> int | None:
    person = Person.objects.filter(pk=person_id).first()
    return standing_person(person).pk if person else None


def acting_person(request: HttpRequest) -> Person | None:
    """Return the person the signed-in account acts for now, or ``None``."""
    link = acting_link(request)
    return link.person if link else None


def switch_to(request: HttpRequest, person: Person) -> None:
    """Act for ``person`` from now on in this session; the caller has checked that the account may."""
    request.session[SESSION_KEY] = person.pk
    request.__dict__.pop("_acting_link", None)
