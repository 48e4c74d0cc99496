"""Document numbers in exports: masked, or in clear for whose people they are."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from django.db.models import Q

from cms import crypto
from cms.enums import IdType
from cms.exporting.columns import Column, Context
from cms.models import Affiliation, PersonDocument, User
from cms.roles import Role

# The right to export document numbers in clear, and whose numbers each role may then have.
IN_CLEAR = "cms.export_numbers"
_OF_ORGANISATION = (Role.ORG_ADMIN,)
_OF_REGION = (Role.SUBSIDY_OFFICER,)


def may_export_numbers(user: User) -> bool:
    """Say whether ``user`` may export document numbers in clear at all; of whom, each export asks again."""
    return user.has_perm(IN_CLEAR)


def people_in_clear(people: Set[int], user: User) -> set[int]:
    """Return those of ``people`` whose numbers ``user`` may export: one query.

    People whom the administrator's own organisation has a reason to know, or whom somebody does in the
    subsidy officer's region. Another role that sees more people opens no more numbers.
    """
    if not may_export_numbers(user):
        return set()
    if user.is_superuser:
        return set(people)
    scope = user.scope()
    known = Affiliation.objects.filter(
        Q(organisation_id__in=scope.organisations(*_OF_ORGANISATION))
        | scope.region_filter("region_code", *_OF_REGION)
    )
    return set(known.filter(person_id__in=people).values_list("person_id", flat=True))


def numbers_of(people: Set[Any], context: Context) -> Mapping[Any, str]:
    """Return person id to document number, a citizen id before others: a query, and one more in clear."""
    known = {one for one in people if one is not None}
    rows = PersonDocument.objects.filter(person_id__in=known, superseded_at__isnull=True).order_by("pk")
    clear = people_in_clear(known, context.user) if context.in_clear else set()
    found: dict[int, tuple[bool, str, str]] = {}
    for person, id_type, masked, token in rows.values_list("person_id", "id_type", "masked", "number_token"):
        first = id_type == IdType.CITIZEN_ID
        if person not in found or (first and not found[person][0]):
            found[person] = (first, masked, token)
    return {
        person: crypto.decrypt_text(token) if person in clear else masked
        for person, (_first, masked, token) in found.items()
    }


def number_column(title: str = "证件号码", source: str = "person_id") -> Column:
    """Return the column of document numbers for rows that name a person."""
    return Column("number", title, source, width=22, lookup=numbers_of, is_personal=True, is_number=True)
