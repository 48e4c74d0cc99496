"""Identity documents: what was typed is checked and normalised, numbers are stored and found by digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cms.crypto import encrypt_text, lookup_digest
from cms.enums import Sex
from cms.errors import DomainError, Refusals
from cms.identity import (
    birth_date_of,
    check_name,
    check_number,
    mask_number,
    normalise_name,
    normalise_number,
    sex_of,
)
from cms.models import Person, PersonDocument

DocumentKey = tuple[str, str]


@dataclass(frozen=True)
class Identity:
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
    plain = ""
    try:
        check_name(name)
    except DomainError as fault:
        faults.append(fault)
    try:
        plain = normalise_number(number)
        check_number(id_type, plain, on)
    except DomainError as fault:
        faults.append(fault)
    else:
        faults += _differences_from_number(plain, sex, birth_date)
        if needs_birth_date and birth_date is None and birth_date_of(plain) is None:
            message = _("护照号里没有出生日期，请填出生日期。")
            faults.append(DomainError("birth_date_missing", message, field="birth_date"))
    if faults:
        raise Refusals(faults)
    return Identity(name, id_type, plain, sex_of(plain) or sex, birth_date_of(plain) or birth_date)


def _differences_from_number(number: str, sex: str, birth_date: dt.date | None) -> list[DomainError]:
    faults = []
    own_sex, own_birth = sex_of(number), birth_date_of(number)
    if sex and own_sex and sex != own_sex:
        message = _("性别和证件号码对不上，号码上是%(sex)s。") % {"sex": Sex(own_sex).label}
        faults.append(DomainError("sex_differs", message, field="sex"))
    if birth_date and own_birth and birth_date != own_birth:
        message = _("出生日期和证件号码对不上，请对着证件再核一遍。")
        faults.append(DomainError("birth_date_differs", message, field="birth_date"))
    return faults


def add_document(person: Person, id_type: str, number: str, *, at: dt.datetime) -> PersonDocument:
    """Store a normalised number; ``IntegrityError`` when somebody holds it already. No audit entry."""
    return PersonDocument.objects.create(
        person=person,
        id_type=id_type,
        number_token=encrypt_text(number),
        number_digest=document_digest(id_type, number),
        masked=mask_number(number),
        last_four=number[-4:],
        recorded_at=at,
    )


def document_digest(id_type: str, number: str) -> str:
    """Return the keyed digest under which a normalised number is stored and unique."""
    return lookup_digest(f"document:{id_type}", number)


def find_person(id_type: str, number: str) -> Person | None:
    """Return the person who holds this normalised document number now, whoever may see them.

    For services only: a screen must not say whether a number is known outside the user's scope.
    """
    documents = PersonDocument.objects.filter(
        id_type=id_type, number_digest=document_digest(id_type, number), superseded_at__isnull=True
    )
    document = documents.select_related("person").first()
    return document.person if document else None


def find_people(keys: Iterable[DocumentKey]) -> dict[DocumentKey, Person]:
    """Return the people of many (id_type, normalised number) pairs: one query per 500."""
    by_digest = {document_digest(*key): key for key in keys}
    digests = list(by_digest)
    found: dict[DocumentKey, Person] = {}
    for start in range(0, len(digests), 500):
        documents = PersonDocument.objects.filter(
            number_digest__in=digests[start : start + 500], superseded_at__isnull=True
        )
        for document in documents.select_related("person"):
            key = by_digest[document.number_digest]
            if key[0] == document.id_type:
                found[key] = document.person
    return found
