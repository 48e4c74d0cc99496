"""What listings show of people: current documents, masked, and the reasons the reader may know."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from cms.models import Affiliation, Person, PersonDocument, User


def visible_affiliations(user: User) -> QuerySet[Affiliation]:
    """Return the affiliations whose organisation or place is the user's: others' reasons are not shown."""
    rows = Affiliation.objects.select_related("organisation").order_by("organisation__name", "since")
    scope = user.scope()
    if scope.everything:
        return rows
    return rows.filter(Q(organisation_id__in=scope.organisations()) | scope.region_filter("region_code"))


def with_shown_rows(people: QuerySet[Person], user: User) -> QuerySet[Person]:
    """Join what a listing shows: current documents and the reasons the user may know, two queries."""
    documents = PersonDocument.objects.filter(superseded_at__isnull=True)
    return people.prefetch_related(
        Prefetch("documents", queryset=documents, to_attr="shown_documents"),
        Prefetch("affiliations", queryset=visible_affiliations(user), to_attr="shown_affiliations"),
    )


def masked_of(person: Any) -> str:
    """Return the masked numbers of a row read ``with_shown_rows``."""
    return "、".join(document.masked for document in person.shown_documents) or _("没有核验")


def organisations_shown(person: Any) -> str:
    """Return the organisations of a row read ``with_shown_rows``, each once."""
    return "、".join(dict.fromkeys(row.organisation.name for row in person.shown_affiliations))
