"""Register people once per document, and say who may see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.documents import Identity, add_document, check_identity
from cms.documents import find_people as find_people
from cms.documents import find_person as find_person
from cms.enums import IdType
from cms.errors import DomainError, Refusals
from cms.models import Organisation, Person, PersonDocument, PersonName, User
from cms.phones import check_phone, normalise_phone
from cms.pinyin import spell_name
from cms.services.affiliations import affiliate as affiliate
from cms.services.education import note_education
from cms.services.locking import lock_person
from cms.services.person_facts import end_in_post as end_in_post
from cms.services.person_facts import record_in_post as record_in_post
from cms.services.person_facts import tag_group as tag_group

# What another organisation may add where the register is still empty, but never overwrite.
FILLED_WHEN_EMPTY = ("phone", "ethnicity", "education", "region_code", "address")


@transaction.atomic
def register_person(  # noqa: PLR0913  one row of a roster has this many columns
    *,
    legal_name: str,
    id_type: str,
    number: str,
    organisation: Organisation,
    kind: str,
    region_code: str,
    source: str,
    by: User | None,
    at: dt.datetime,
    sex: str = "",
    birth_date: dt.date | None = None,
    phone: str = "",
    ethnicity: str = "",
    education: str = "",
    home_region_code: str = "",
    address: str = "",
    remark: str = "",
) -> tuple[Person, bool]:
    """Return the person of this document and whether they are new, seen by ``organisation`` from now on.

    One person per document number, also when two organisations register at the same moment. A known
    number links when the name agrees; nothing of the register is overwritten, blanks are filled.
    ``region_code`` is of the organisation or place, ``home_region_code`` of the household, ``remark`` the
    organisation's own words. For many people at once: ``cms.services.registering.register_people``.

    Raises ``Refusals`` (see ``check_identity``, ``phone_wrong``) and ``DomainError``
    ``differs_from_register`` when the number is known under another name, which is not shown.
    """
    facts = person_facts(
        phone=phone,
        ethnicity=ethnicity,
        education=education,
        home_region_code=home_region_code,
        address=address,
    )
    identity = check_typed(
        facts["phone"],
        legal_name=legal_name,
        id_type=id_type,
        number=number,
        on=timezone.localdate(at),
        sex=sex,
        birth_date=birth_date,
    )
    person, created = find_or_create(identity, facts, by=by, at=at)
    filled: list[str] = []
    if not created:
        _check_same_name(person, identity.legal_name)
        filled = fill_blanks(person, facts, by=by, at=at)
    if created or "education" in filled:
        note_education([person], organisation, at=at)
    affiliate(person, organisation, kind, region_code=region_code, source=source, by=by, at=at, remark=remark)
    return person, created


def person_facts(
    *, phone: str, ethnicity: str, education: str, home_region_code: str, address: str
) -> dict[str, str]:
    """Return what was typed about somebody as fields of ``Person``, normalised."""
    return {
        "phone": normalise_phone(phone),
        "ethnicity": ethnicity.strip(),
        "education": education,
        "region_code": home_region_code,
        "address": address.strip(),
    }


def check_typed(phone: str, **typed: Any) -> Identity:
    """Return the identity, or raise every fault of it and of the phone together."""
    faults: list[DomainError] = []
    identity = None
    try:
        identity = check_identity(**typed)
    except Refusals as refusals:
        faults += refusals.refusals
    if phone:
        try:
            check_phone(phone)
        except DomainError as fault:
            faults.append(fault)
    if faults or identity is None:
        raise Refusals(faults)
    return identity


def find_or_create(
    identity: Identity, facts: Mapping[str, str], *, by: User | None, at: dt.datetime
) -> tuple[Person, bool]:
    """Return the person of this identity and whether they are new, also when another process is as quick."""
    found = find_person(identity.id_type, identity.number)
    if found is not None:
        return found, False
    try:
        with transaction.atomic():  # a savepoint: losing the race must not spoil the caller's transaction
            return _create_person(identity, facts, by=by, at=at), True
    except IntegrityError:
        found = find_person(identity.id_type, identity.number)
        if found is None:
            raise
        return found, False


def _create_person(
    identity: Identity, facts: Mapping[str, Any], *, by: User | None, at: dt.datetime
) -> Person:
    person = create_undocumented_person(
        legal_name=identity.legal_name, sex=identity.sex, birth_date=identity.birth_date, **facts
    )
    document = add_document(person, identity.id_type, identity.number, at=at)
    audit.record("person.register", person, by=by, at=at, id_type=identity.id_type, number=document.masked)
    return person


def create_undocumented_person(
    *, legal_name: str, sex: str = "", birth_date: dt.date | None = None, **facts: str
) -> Person:
    """Create the row of somebody whose document nobody has seen yet; the caller writes the audit entry."""
    return Person.objects.create(
        legal_name=legal_name, sex=sex, birth_date=birth_date, **spell_name(legal_name)._asdict(), **facts
    )


def is_known_name(person: Person, name: str) -> bool:
    """Say whether a normalised ``name`` is the person's, now or before."""
    return name == person.legal_name or person.former_names.filter(name=name).exists()


def former_names_of(people: Iterable[int]) -> dict[int, set[str]]:
    """Return person id to the names that each had before: one query."""
    names: dict[int, set[str]] = {pk: set() for pk in people}
    for row in PersonName.objects.filter(person__in=names):
        names[row.person_id].add(row.name)
    return names


def differing_fields(person: Person, **typed: Any) -> list[str]:
    """Return the names of fields where the register holds another value than typed; values are not told.

    A blank on either side is no difference.
    """
    return [
        name
        for name, value in typed.items()
        if value not in ("", None)
        and getattr(person, name) not in ("", None)
        and getattr(person, name) != value
    ]


def _check_same_name(person: Person, name: str) -> None:
    if not is_known_name(person, name):
        raise known_under_another_name()


def known_under_another_name() -> DomainError:
    """Return the refusal of a number that is registered under another name, which is not told."""
    message = _("这个证件号码已经登记过，登记的姓名和您填的不一样。请对着证件核对姓名和号码。")
    return DomainError("differs_from_register", message, field="legal_name")


def fill_blanks(person: Person, facts: Mapping[str, str], *, by: User | None, at: dt.datetime) -> list[str]:
    """Fill what the register has not got of somebody, and return which; what it has stays."""
    locked = lock_person(person)
    filled = [name for name in FILLED_WHEN_EMPTY if facts.get(name) and not getattr(locked, name)]
    for name in filled:
        setattr(locked, name, facts[name])
        setattr(person, name, facts[name])
    if filled:
        locked.save(update_fields=filled)
        audit.record("person.fill", locked, by=by, at=at, fields=filled)
    return filled


@transaction.atomic
def verify_document(
    person: Person, *, id_type: str, number: str, legal_name: str, by: User, at: dt.datetime
) -> PersonDocument:
    """Record the document that somebody at the counter has seen; the person had none (sign-up).

    Raises ``Refusals`` for a wrong number or name, ``DomainError`` ``document_present`` when there is one
    already, ``name_differs`` when the card shows another name, ``number_taken`` when the number belongs
    to somebody else in the register: that person gets a slip instead.
    """
    person = lock_person(person)
    if person.documents.filter(superseded_at__isnull=True).exists():
        raise DomainError("document_present", _("这个人已经登记了证件。"), field="number")
    identity = check_identity(
        legal_name=legal_name,
        id_type=id_type,
        number=number,
        on=timezone.localdate(at),
        # A passport carries no birth date, so the typed one stays; any other document decides itself.
        birth_date=person.birth_date if id_type == IdType.PASSPORT else None,
    )
    if identity.legal_name != person.legal_name:
        raise DomainError("name_differs", _("证件上的姓名和注册时填的不一样，请核对。"), field="legal_name")
    try:
        with transaction.atomic():
            document = add_document(person, identity.id_type, identity.number, at=at)
    except IntegrityError as error:
        message = _("这个号码已经登记在册。请给登记的那个人开一张凭条，让本人用凭条绑定账号。")
        raise DomainError("number_taken", message, field="number") from error
    person.sex = identity.sex or person.sex
    person.birth_date = identity.birth_date
    person.save(update_fields=["sex", "birth_date"])
    audit.record("person.document", person, by=by, at=at, id_type=identity.id_type, number=document.masked)
    return document
