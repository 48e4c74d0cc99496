"""Register many people at once: what ``register_person`` does one by one, in a few statements a chunk."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms import audit
from cms.bulk import insert_columns, insert_with_keys, unsaved
from cms.crypto import encrypt_text
from cms.documents import DocumentKey, Identity, document_digests, find_people
from cms.errors import DomainError
from cms.identity import mask_number
from cms.models import (
    Affiliation,
    DocumentDigest,
    GroupTag,
    Organisation,
    Person,
    PersonDocument,
    User,
)
from cms.pinyin import spell_name
from cms.services.affiliations import affiliate
from cms.services.education import note_education
from cms.services.people import (
    FILLED_WHEN_EMPTY,
    fill_blanks,
    find_or_create,
    former_names_of,
    known_under_another_name,
)
from cms.services.person_facts import tag_group


class Registration(NamedTuple):
    """Who is to be registered, and what was said of them.

    ``identity`` is what ``check_identity`` returned, ``facts`` what ``person_facts`` returned with the phone
    checked: nothing of it is checked again.
    """

    identity: Identity
    facts: Mapping[str, str]
    remark: str = ""
    groups: tuple[str, ...] = ()
    proof_number: str = ""


@dataclass
class Registered:
    """What came of one: the person, and whether they are new, or why nothing was done."""

    person: Person | None = None
    created: bool = False
    refusal: DomainError | None = None


@dataclass
class _Entry:
    """A registration on its way."""

    said: Registration
    answer: Registered = field(default_factory=Registered)
    filled: list[str] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return self.said.identity

    @property
    def key(self) -> DocumentKey:
        return str(self.said.identity.id_type), self.said.identity.number

    @property
    def person(self) -> Person:
        assert self.answer.person is not None  # noqa: S101  asked of found entries alone
        return self.answer.person


@transaction.atomic
def register_people(
    registrations: Sequence[Registration],
    *,
    organisation: Organisation,
    kind: str,
    region_code: str,
    source: str,
    by: User | None,
    at: dt.datetime,
    known: Mapping[DocumentKey, Person] | None = None,
) -> list[Registered]:
    """Register each, let ``organisation`` see them, record remarks and categories; one answer each, in order.

    The same as ``register_person`` and ``tag_group`` one after another: one person a document number,
    nothing of the register overwritten, one audit entry a change. Somebody whom another process registers
    at the same moment is linked, not doubled. Refusals stand in the answers and leave the others alone.
    ``known`` are those of them in the register, where the caller has just asked in this transaction.
    """
    context: dict[str, Any] = {"by": by, "at": at}
    entries = [_Entry(said) for said in registrations]
    # A number that stands twice waits for its first to be in the register.
    rounds: list[list[_Entry]] = []
    times: dict[DocumentKey, int] = defaultdict(int)
    for entry in entries:
        nth = times[entry.key]
        times[entry.key] += 1
        if nth == len(rounds):
            rounds.append([])
        rounds[nth].append(entry)
    for nth, chosen in enumerate(rounds):
        asked = known if nth == 0 and known is not None else find_people(entry.key for entry in chosen)
        _find_or_create_all(chosen, asked, **context)
        taken = [entry for entry in chosen if entry.answer.refusal is None]
        schooled = [one.person for one in taken if one.answer.created or "education" in one.filled]
        note_education(schooled, organisation, at=at)
        _affiliate_all(taken, organisation, kind, region_code=region_code, source=source, **context)
        _tag_all(taken, organisation, region_code, **context)
    return [entry.answer for entry in entries]


# --- people --------------------------------------------------------------------------------------


def _find_or_create_all(
    entries: list[_Entry], found: Mapping[DocumentKey, Person], *, by: User | None, at: dt.datetime
) -> None:
    known = [entry for entry in entries if entry.key in found]
    for entry in known:
        entry.answer.person = found[entry.key]
    missing = [entry for entry in entries if entry.key not in found]
    try:
        with transaction.atomic():  # a savepoint: losing a race must not spoil the caller's transaction
            _create_all(missing, by=by, at=at)
    except IntegrityError:
        # Somebody else registers one of them at this moment. One by one, each race is settled for itself,
        # in one order whoever writes, or two rosters with the same people could wait for each other.
        for entry in sorted(missing, key=_digest_of):
            entry.answer.person, entry.answer.created = find_or_create(
                entry.identity, entry.said.facts, by=by, at=at
            )
        known += [entry for entry in missing if not entry.answer.created]
    _meet_known(known, by=by, at=at)


def _digest_of(entry: _Entry) -> str:
    return min(document_digests(*entry.key).values())


def _create_all(entries: list[_Entry], *, by: User | None, at: dt.datetime) -> None:
    people = [
        unsaved(
            Person,
            legal_name=one.identity.legal_name,
            **spell_name(one.identity.legal_name)._asdict(),
            sex=one.identity.sex,
            birth_date=one.identity.birth_date,
            **one.said.facts,
        )
        for one in entries
    ]
    insert_with_keys(Person, people)
    documents = [
        unsaved(
            PersonDocument,
            person_id=person.pk,
            id_type=one.identity.id_type,
            number_token=encrypt_text(one.identity.number),
            masked=mask_number(one.identity.number),
            last_four=one.identity.number[-4:],
            recorded_at=at,
        )
        for one, person in zip(entries, people, strict=True)
    ]
    insert_with_keys(PersonDocument, documents)
    digests = [
        (digest, key, document)
        for one, document in zip(entries, documents, strict=True)
        for key, digest in document_digests(*one.key).items()
    ]
    # The only rows that two writers can meet at: in one order, so that neither waits for the other's.
    digests.sort(key=itemgetter(0))
    insert_columns(
        DocumentDigest,
        len(digests),
        document_id=[document.pk for _digest, _key, document in digests],
        id_type=[document.id_type for _digest, _key, document in digests],
        digest=[digest for digest, _key, _document in digests],
        key_id=[key for _digest, key, _document in digests],
    )
    audit.record_each(
        "person.register",
        (
            (person, None, {"id_type": str(document.id_type), "number": document.masked})
            for person, document in zip(people, documents, strict=True)
        ),
        by=by,
        at=at,
    )
    for one, person in zip(entries, people, strict=True):
        one.answer.person, one.answer.created = person, True


def _meet_known(known: list[_Entry], *, by: User | None, at: dt.datetime) -> None:
    """Refuse who is registered under another name; fill what the register has not got."""
    renamed = [one for one in known if one.person.legal_name != one.identity.legal_name]
    former = former_names_of([one.person.pk for one in renamed])
    for one in renamed:
        if one.identity.legal_name not in former[one.person.pk]:
            one.answer.refusal, one.answer.person = known_under_another_name(), None
    lacking = [
        one
        for one in known
        if one.answer.refusal is None
        and any(one.said.facts.get(name) and not getattr(one.person, name) for name in FILLED_WHEN_EMPTY)
    ]
    for one in sorted(lacking, key=lambda one: one.person.pk):
        try:
            one.filled = fill_blanks(one.person, one.said.facts, by=by, at=at)
        except DomainError as refusal:  # merged into another row at this moment
            one.answer.refusal, one.answer.person = refusal, None


# --- what the organisation says of them ----------------------------------------------------------


def _affiliate_all(
    entries: list[_Entry],
    organisation: Organisation,
    kind: str,
    *,
    region_code: str,
    source: str,
    by: User | None,
    at: dt.datetime,
) -> None:
    rows = Affiliation.objects.filter(
        person__in=[one.person for one in entries if not one.answer.created],
        organisation=organisation,
        kind=kind,
        region_code=region_code,
    )
    linked = {row.person_id: row for row in rows}
    unlinked = sorted((one for one in entries if one.person.pk not in linked), key=lambda one: one.person.pk)
    try:
        with transaction.atomic():
            made = [
                unsaved(
                    Affiliation,
                    person_id=one.person.pk,
                    organisation_id=organisation.pk,
                    kind=kind,
                    region_code=region_code,
                    source=source[:120],
                    since=timezone.localdate(at),
                    remark=one.said.remark,
                )
                for one in unlinked
            ]
            insert_with_keys(Affiliation, made)
            audit.record_many("person.affiliate", made, by=by, at=at, kind=str(kind))
    except IntegrityError:
        again = entries
    else:
        again = [
            one
            for one in entries
            if (row := linked.get(one.person.pk))
            and (row.until is not None or one.said.remark not in ("", row.remark))
        ]
    for one in sorted(again, key=lambda one: one.person.pk):
        affiliate(
            one.person,
            organisation,
            kind,
            region_code=region_code,
            source=source,
            by=by,
            at=at,
            remark=one.said.remark,
        )


def _tag_all(
    entries: list[_Entry], organisation: Organisation, region_code: str, *, by: User | None, at: dt.datetime
) -> None:
    """Record categories unless the organisation said the same before; a roster verifies nothing."""
    on = timezone.localdate(at)
    said = defaultdict(set)
    known = [one.person for one in entries if not one.answer.created and one.said.groups]
    for tag in GroupTag.objects.current().filter(person__in=known, organisation=organisation):
        said[tag.person_id, tag.group].add(tag.proof_number)
    new = []
    for one in entries:
        proof = one.said.proof_number
        for group in dict.fromkeys(one.said.groups):
            before = said[one.person.pk, group]
            if not before:
                before.add(proof)
                new.append((one.person, group, proof))
            elif proof and proof not in before:
                before.add(proof)
                _tag(one.person, group, proof, organisation, region_code, by=by, at=at)
    tags = [
        unsaved(
            GroupTag,
            person_id=person.pk,
            organisation_id=organisation.pk,
            region_code=region_code,
            group=group,
            proof_number=proof.strip(),
            valid_from=on,
            recorded_at=at,
        )
        for person, group, proof in new
    ]
    insert_with_keys(GroupTag, tags)
    told = {
        group: {"group": group, "verified": False, "replaces": [], "days": [on.isoformat(), ""]}
        for _person, group, _proof in new
    }
    audit.record_each("person.tag", ((tag, None, told[tag.group]) for tag in tags), by=by, at=at)


def _tag(
    person: Person,
    group: str,
    proof: str,
    organisation: Organisation,
    region_code: str,
    *,
    by: User | None,
    at: dt.datetime,
) -> None:
    tag_group(
        person,
        group,
        organisation,
        proof_number=proof,
        checked_by="",
        checked_on=None,
        valid_from=timezone.localdate(at),
        valid_until=None,
        region_code=region_code,
        by=by,
        at=at,
    )
