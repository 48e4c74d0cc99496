"""Identity documents: what was typed is checked and normalised, numbers are stored and found by digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _

from cms.crypto import encrypt_text, lookup_digests
from cms.errors import DomainError, Refusals
from cms.identity import (
    NumberFacts,
    check_name,
    check_number,
    mask_number,
    normalise_name,
    normalise_number,
)
from cms.models import DocumentDigest, Person, PersonDocument

DocumentKey = tuple[str, str]


class Identity(NamedTuple):
    """Name and document as typed, normalised and agreeing with each other."""

    legal_name: str
    id_type: str
    number: str
    sex: str
    birth_date: dt.date | None


def check_identity(
    *,
    legal_name: str,
    id_type: str,
    number: object,
    on: dt.date,
    sex: str = "",
    birth_date: dt.date | None = None,
    needs_birth_date: bool = True,
) -> Identity:
    """Normalise name and number and compare what was typed with what the number says.

    Raises ``Refusals`` with every fault: the codes of ``cms.identity`` and ``sex_differs``,
    ``birth_date_differs``, ``birth_date_missing`` (a passport carries none; ``needs_birth_date=False``
    lets it come later).
    """
    faults: list[DomainError] = []
    name = normalise_name(legal_name)
    plain, said = "", NumberFacts(None, None)
    try:
        check_name(name)
    except DomainError as fault:
        faults.append(fault)
    try:
        plain = normalise_number(number)
        said = check_number(id_type, plain, on)
    except DomainError as fault:
        faults.append(fault)
    else:
        faults += _differences_from_number(said, sex, birth_date)
        if needs_birth_date and birth_date is None and said.birth_date is None:
            message = _("护照号里没有出生日期，请填出生日期。")
            faults.append(DomainError("birth_date_missing", message, field="birth_date"))
    if faults:
        raise Refusals(faults)
    return Identity(name, id_type, plain, said.sex or sex, said.birth_date or birth_date)


def _differences_from_number(said: NumberFacts, sex: str, birth_date: dt.date | None) -> list[DomainError]:
    faults = []
    if sex and said.sex and sex != said.sex:
        message = _("性别和证件号码对不上，号码上是%(sex)s。") % {"sex": said.sex.label}
        faults.append(DomainError("sex_differs", message, field="sex"))
    if birth_date and said.birth_date and birth_date != said.birth_date:
        message = _("出生日期和证件号码对不上，请对着证件再核一遍。")
        faults.append(DomainError("birth_date_differs", message, field="birth_date"))
    return faults


def add_document(person: Person, id_type: str, number: str, *, at: dt.datetime) -> PersonDocument:
    """Store a normalised number; ``IntegrityError`` when somebody holds it already. No audit entry."""
    document = PersonDocument.objects.create(
        person=person,
        id_type=id_type,
        number_token=encrypt_text(number),
        masked=mask_number(number),
        last_four=number[-4:],
        recorded_at=at,
    )
    add_digests(document, number)
    return document


def add_digests(document: PersonDocument, number: str) -> None:
    """Store the digests of a document's number that it lacks, one a key; ``IntegrityError`` as above."""
    has = set(document.digests.values_list("key_id", flat=True))
    DocumentDigest.objects.bulk_create(
        DocumentDigest(
            document=document,
            id_type=document.id_type,
            digest=digest,
            key_id=key,
            is_current=document.superseded_at is None,
        )
        for key, digest in document_digests(document.id_type, number).items()
        if key not in has
    )


def document_digests(id_type: str, number: str) -> dict[str, str]:
    """Return the keyed digests of a normalised number by key id, newest key first."""
    return lookup_digests(f"document:{id_type}", number)


def find_person(id_type: str, number: str) -> Person | None:
    """Return the person who holds this normalised document number now, whoever may see them.

    For services only: a screen must not say whether a number is known outside the user's scope.
    """
    digests = document_digests(id_type, number).values()
    rows = DocumentDigest.objects.filter(id_type=id_type, digest__in=digests, is_current=True)
    row = rows.select_related("document__person").first()
    return row.document.person if row else None


def find_people(keys: Iterable[DocumentKey]) -> dict[DocumentKey, Person]:
    """Return the people of many (id_type, normalised number) pairs: one query per 500."""
    by_digest = {digest: key for key in keys for digest in document_digests(*key).values()}
    digests = list(by_digest)
    found: dict[DocumentKey, Person] = {}
    for start in range(0, len(digests), 500):
        rows = DocumentDigest.objects.filter(digest__in=digests[start : start + 500], is_current=True)
        for row in rows.select_related("document__person"):
            key = by_digest[row.digest]
            if key[0] == row.id_type:
                found[key] = row.document.person
    return found
