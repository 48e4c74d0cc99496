"""Agree, withdraw, sign: who, which wording, how, by whose hand, when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import UNDERTAKINGS, ConsentWay
from cms.errors import DomainError
from cms.models import Consent, Organisation, Person, PolicyText, Undertaking, User
from cms.services.locking import lock_person
from cms.services.policies import SIGN_UP_KINDS, SOURCE_LANGUAGE, required_kinds, texts_in_force


@transaction.atomic
def give_consent(
    person: Person,
    text: PolicyText,
    *,
    way: ConsentWay,
    by: User | None,
    at: dt.datetime,
    signed_on: dt.date | None = None,
    kept_by: Organisation | None = None,
) -> Consent:
    """Record that ``person`` agreed to ``text``; agreed to already, the same row is returned.

    ``signed_on`` is the day on the paper. Raises ``DomainError`` ``text_kind`` (an undertaking is
    signed), ``text_not_in_force``, ``signed_later`` (a day to come).
    """
    if text.is_undertaking:
        raise DomainError("text_kind", _("承诺书要签，不是点同意。"))
    _check(text, way, signed_on, at)
    person = _lock(person)
    same = Consent.objects.filter(
        person=person, text__kind=text.kind, text__version=text.version, withdrawn_at__isnull=True
    ).first()
    if same is not None:
        return same
    consent = Consent.objects.create(
        person=person, text=text, way=way, given_by=by, given_at=at,
        signed_on=signed_on or timezone.localdate(at), kept_by=kept_by,
    )  # fmt: skip
    audit.record("consent.give", consent, by=by, at=at, for_person=person, **_told(text, way))
    return consent


@transaction.atomic
def sign_undertaking(
    person: Person,
    text: PolicyText,
    *,
    way: ConsentWay,
    by: User | None,
    at: dt.datetime,
    signed_on: dt.date | None = None,
    kept_by: Organisation | None = None,
) -> Undertaking:
    """Record that ``person`` signed ``text``; signed already, the same row is returned.

    Raises ``DomainError`` ``text_kind``, ``text_not_in_force``, ``signed_later``.
    """
    if not text.is_undertaking:
        raise DomainError("text_kind", _("这份文本不是承诺书。"))
    _check(text, way, signed_on, at)
    person = _lock(person)
    same = Undertaking.objects.filter(person=person, text__kind=text.kind, text__version=text.version).first()
    if same is not None:
        return same
    signed = Undertaking.objects.create(
        person=person, text=text, way=way, given_by=by, given_at=at,
        signed_on=signed_on or timezone.localdate(at), kept_by=kept_by,
    )  # fmt: skip
    audit.record("undertaking.sign", signed, by=by, at=at, for_person=person, **_told(text, way))
    return signed


@transaction.atomic
def agree_to(
    person: Person,
    texts: Iterable[PolicyText],
    *,
    way: ConsentWay,
    by: User | None,
    at: dt.datetime,
    signed_on: dt.date | None = None,
    kept_by: Organisation | None = None,
) -> None:
    """Consent to or sign each of ``texts``: all or none; raises what the two services raise."""
    for text in texts:
        service = sign_undertaking if text.is_undertaking else give_consent
        service(person, text, way=way, by=by, at=at, signed_on=signed_on, kept_by=kept_by)


@transaction.atomic
def withdraw_consent(consent: Consent, *, by: User, at: dt.datetime) -> Consent:
    """End a consent; what was done on its strength stays done. Withdrawn already, nothing changes."""
    consent = (
        Consent.objects.select_for_update(of=("self",)).select_related("person", "text").get(pk=consent.pk)
    )
    if consent.withdrawn_at is None:
        consent.withdrawn_at, consent.withdrawn_by = at, by
        consent.save(update_fields=["withdrawn_at", "withdrawn_by"])
        told = _told(consent.text, ConsentWay(consent.way))
        audit.record("consent.withdraw", consent, by=by, at=at, for_person=consent.person, **told)
    return consent


def consent_at_sign_up(person: Person, user: User, *, at: dt.datetime) -> None:
    """Record the consents of the sign-up page: the texts that it names, as they stand now."""
    texts = texts_in_force(timezone.localdate(at), get_language() or SOURCE_LANGUAGE, SIGN_UP_KINDS)
    agree_to(person, texts.values(), way=ConsentWay.SCREEN, by=user, at=at)


@transaction.atomic
def carry_over(old: Person, new: Person, *, by: User, at: dt.datetime) -> None:
    """What the holder of an account agreed to holds for the person that a slip proved them to be."""
    for model in (Consent, Undertaking):
        for row in model._default_manager.filter(person=old).select_related("text"):
            if getattr(row, "withdrawn_at", None) is not None:
                continue
            if row.text in current_texts([row.text.kind], at):
                agree_to(new, [row.text], way=ConsentWay(row.way), by=by, at=at, signed_on=row.signed_on)


def current_texts(kinds: Collection[str], at: dt.datetime) -> list[PolicyText]:
    """Return the texts in force of ``kinds`` in every language."""
    shown = texts_in_force(timezone.localdate(at), SOURCE_LANGUAGE, kinds)
    versions = {text.kind: text.version for text in shown.values()}
    rows = PolicyText.objects.filter(kind__in=versions)
    return [row for row in rows if row.version == versions[row.kind]]


def agreed_versions(person_ids: Collection[int], kinds: Collection[str]) -> dict[int, set[tuple[str, int]]]:
    """Return person id → (kind, version) agreed to and not withdrawn (a query for each of the two models)."""
    found: dict[int, set[tuple[str, int]]] = {}
    asked = set(kinds)
    rows: list[tuple[int, str, int]] = []
    if asked - UNDERTAKINGS:
        consents = Consent.objects.filter(
            person_id__in=person_ids, withdrawn_at__isnull=True, text__kind__in=asked
        )
        rows += consents.values_list("person_id", "text__kind", "text__version")
    if asked & UNDERTAKINGS:
        signed = Undertaking.objects.filter(person_id__in=person_ids, text__kind__in=asked)
        rows += signed.values_list("person_id", "text__kind", "text__version")
    for person_id, kind, version in rows:
        found.setdefault(person_id, set()).add((kind, version))
    return found


def missing_texts(
    person_ids: Collection[int], region_code: str, *, at: dt.datetime, language: str = ""
) -> dict[int, list[PolicyText]]:
    """Return person id → texts that enrolling in ``region_code`` needs and the person has not agreed to.

    Only people with at least one; a kind without a text in force asks nobody. The number of queries
    does not depend on the people.
    """
    on = timezone.localdate(at)
    kinds = required_kinds(region_code, on)
    if not kinds or not person_ids:
        return {}
    texts = texts_in_force(on, language or get_language() or SOURCE_LANGUAGE, kinds)
    agreed = agreed_versions(person_ids, kinds)
    missing = {
        person_id: [
            text for text in texts.values() if (text.kind, text.version) not in agreed.get(person_id, ())
        ]
        for person_id in person_ids
    }
    return {person_id: found for person_id, found in missing.items() if found}


@transaction.atomic
def record_paper_consents(
    people: Sequence[Person],
    *,
    region_code: str,
    kept_by: Organisation,
    signed_on: dt.date,
    by: User | None,
    at: dt.datetime,
) -> int:
    """Record for many people the papers that enrolling in ``region_code`` needs; return how many rows.

    Set by set: the number of statements does not depend on the people. Raises ``signed_later``.
    """
    _refuse_later(signed_on, at)
    ids = [person.pk for person in people]
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    missing = missing_texts(ids, region_code, at=at, language=SOURCE_LANGUAGE)
    facts = {
        "way": ConsentWay.PAPER,
        "given_by": by,
        "given_at": at,
        "signed_on": signed_on,
        "kept_by": kept_by,
    }
    pairs = [(person_id, text) for person_id, texts in missing.items() for text in texts]
    consents = [Consent(person_id=pk, text=text, **facts) for pk, text in pairs if not text.is_undertaking]
    signed = [Undertaking(person_id=pk, text=text, **facts) for pk, text in pairs if text.is_undertaking]
    Consent.objects.bulk_create(consents, batch_size=500)
    Undertaking.objects.bulk_create(signed, batch_size=500)
    audit.record_many("consent.give", consents, by=by, at=at, how=ConsentWay.PAPER)
    audit.record_many("undertaking.sign", signed, by=by, at=at, how=ConsentWay.PAPER)
    return len(pairs)


def _lock(person: Person) -> Person:
    return lock_person(person)


def _check(text: PolicyText, way: ConsentWay, signed_on: dt.date | None, at: dt.datetime) -> None:
    """A paper may be older than the version now in force only if it is of that version."""
    if text not in current_texts([text.kind], at):
        raise DomainError("text_not_in_force", _("这份说明刚换了新的，请看过新的再点同意。"), field="texts")
    if signed_on is not None:
        _refuse_later(signed_on, at)


def _refuse_later(signed_on: dt.date, at: dt.datetime) -> None:
    if signed_on > timezone.localdate(at):
        raise DomainError("signed_later", _("签字日期不能在今天以后。"), field="signed_on")


def _told(text: PolicyText, way: ConsentWay) -> dict[str, str | int]:
    return {"kind": text.kind, "text_version": text.version, "language": text.language, "how": str(way)}
