"""Correct who somebody is on paper: name, document, birth date, sex. Nothing is overwritten.

The former name and the superseded document stay, and every correction is a row that says what stood
before. Where only one organisation knows the person it holds at once; where others rely on the person
too, it waits for a second pair of eyes.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.crypto import decrypt_text, encrypt_text
from cms.documents import add_document, check_identity, find_person
from cms.enums import CHANGE_MOVES, ChangeState
from cms.errors import DomainError
from cms.identity import birth_date_of, check_name, mask_number, normalise_name, sex_of
from cms.models import (
    Affiliation,
    ChangeProposal,
    DocumentDigest,
    Organisation,
    Person,
    PersonDocument,
    PersonName,
    User,
)
from cms.pinyin import spell_name
from cms.services.locking import lock_person

_FACTS = ("legal_name", "sex", "birth_date")


@transaction.atomic
def correct_person(  # noqa: PLR0913  a document has this many parts
    person: Person,
    *,
    organisation: Organisation,
    reason: str,
    legal_name: str = "",
    name_until: dt.date | None = None,
    id_type: str = "",
    number: str = "",
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    sex: str = "",
    birth_date: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> ChangeProposal:
    """Correct what is given, blanks stay; return the row, ``DIRECT`` when it holds or ``WAITING``.

    ``id_type`` without a number renews the current document of that kind. Raises ``reason_missing``,
    ``not_ours`` (the organisation has no reason to know the person), ``correction_waiting``,
    ``nothing_changed``, ``validity_order``, ``document_missing``, ``number_taken``, the codes of
    ``check_identity``, and ``birth_date_differs`` or ``sex_differs`` when a document says otherwise.
    """
    person = lock_person(person)
    reason = _check_asker(person, organisation, reason)
    number = _check_document(person, id_type, number, valid_from, valid_until)
    wanted = _check_facts(person, legal_name, id_type, number, sex, birth_date, at)
    facts = {
        name: [_plain(getattr(person, name)), _plain(value)]
        for name, value in wanted.items()
        if value and value != getattr(person, name)
    }
    if not facts and not number:
        raise DomainError("nothing_changed", _("填的和现在登记的一样，没有要更正的。"))
    others = Affiliation.objects.filter(person=person).exclude(organisation=organisation).exists()
    change = ChangeProposal.objects.create(
        person=person,
        organisation=organisation,
        region_code=organisation.region_code,
        state=ChangeState.WAITING if others else ChangeState.DIRECT,
        facts=facts,
        name_until=(name_until or timezone.localdate(at)) if "legal_name" in facts else None,
        id_type=id_type if number else "",
        number_token=encrypt_text(number) if number else "",
        masked=mask_number(number) if number else "",
        valid_from=valid_from if number else None,
        valid_until=valid_until if number else None,
        reason=reason,
        proposed_by=by,
        proposed_at=at,
    )
    if not others:
        _apply(change, person, at=at)
    _record("person.propose" if others else "person.correct", change, by=by, at=at, reason=reason)
    return change


def _check_asker(person: Person, organisation: Organisation, reason: str) -> str:
    if not reason.strip():
        raise DomainError("reason_missing", _("请写理由。"), field="reason")
    if not Affiliation.objects.filter(person=person, organisation=organisation).exists():
        words = _("这个人不在这家机构的名册里，不能由它更正。")
        raise DomainError("not_ours", words, field="organisation")
    if ChangeProposal.objects.filter(person=person, state=ChangeState.WAITING).exists():
        raise DomainError("correction_waiting", _("这个人已经有一项更正在等审核，请先审完。"))
    return reason.strip()[:200]


def _check_document(
    person: Person, id_type: str, number: str, valid_from: dt.date | None, valid_until: dt.date | None
) -> str:
    """Return the number the new document bears, or an empty text when no document changes."""
    if valid_from and valid_until and valid_until < valid_from:
        raise DomainError("validity_order", _("截止日期不能早于起始日期。"), field="valid_until")
    if number and not id_type:
        raise DomainError("id_type_missing", _("请选证件类型。"), field="id_type")
    if number or not id_type:
        return number
    current = _current_document(person, id_type)
    if current is None:
        words = _("没有登记过这种证件，请填证件号码。")
        raise DomainError("document_missing", words, field="number")
    if not (valid_from or valid_until):
        raise DomainError("nothing_changed", _("换了新证，请填号码或者有效期。"), field="valid_until")
    return decrypt_text(current.number_token)


def _current_document(person: Person, id_type: str) -> PersonDocument | None:
    rows = PersonDocument.objects.filter(person=person, id_type=id_type, superseded_at__isnull=True)
    return rows.order_by("-recorded_at", "-pk").first()


def _check_facts(
    person: Person,
    legal_name: str,
    id_type: str,
    number: str,
    sex: str,
    birth_date: dt.date | None,
    at: dt.datetime,
) -> dict[str, Any]:
    """Return name, sex and birth date as they would be; with a number, as the number says."""
    if number:
        identity = check_identity(
            legal_name=legal_name or person.legal_name,
            id_type=id_type,
            number=number,
            on=timezone.localdate(at),
            sex=sex,
            birth_date=birth_date,
            needs_birth_date=person.birth_date is None,
        )
        holder = find_person(identity.id_type, identity.number)
        if holder is not None and holder.pk != person.pk:
            raise _taken()
        return {
            "legal_name": identity.legal_name if legal_name else "",
            "sex": identity.sex,
            "birth_date": identity.birth_date,
        }
    name = normalise_name(legal_name)
    if name:
        check_name(name)
    _compare_with_documents(person, sex, birth_date)
    return {"legal_name": name, "sex": sex, "birth_date": birth_date}


def _compare_with_documents(person: Person, sex: str, birth_date: dt.date | None) -> None:
    """What a current number says is not changed without another number."""
    for document in PersonDocument.objects.filter(person=person, superseded_at__isnull=True):
        number = decrypt_text(document.number_token)
        words = _("和登记的证件号码对不上。证件号码错了，请一起更正。")
        if birth_date and birth_date_of(number) not in (None, birth_date):
            raise DomainError("birth_date_differs", words, field="birth_date")
        if sex and sex_of(number) not in ("", None, sex):
            raise DomainError("sex_differs", words, field="sex")


def _taken() -> DomainError:
    words = _("这个号码登记在另一个人名下。两份登记是同一个人的话，请合并。")
    return DomainError("number_taken", words, field="number")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")


def _apply(change: ChangeProposal, person: Person, *, at: dt.datetime) -> None:
    """Write the correction: the former name and the superseded document stay as rows."""
    if "legal_name" in change.facts:
        PersonName.objects.create(
            person=person, name=person.legal_name, until=change.name_until or timezone.localdate(at)
        )
        former = person.former_names.values_list("name", flat=True)
        spelled = spell_name(change.facts["legal_name"][1], former)
        person.name_pinyin, person.search_key = spelled.name_pinyin, spelled.search_key
    for name in _FACTS:
        if name in change.facts:
            column: Field[Any, Any] = Person._meta.get_field(name)  # type: ignore[assignment]  # no relation is a fact
            setattr(person, name, column.to_python(change.facts[name][1]))
    person.save(update_fields=[*_FACTS, "name_pinyin", "search_key"])
    if change.number_token:
        _replace_document(change, person, at=at)


def _replace_document(change: ChangeProposal, person: Person, *, at: dt.datetime) -> None:
    old = PersonDocument.objects.filter(person=person, id_type=change.id_type, superseded_at__isnull=True)
    DocumentDigest.objects.filter(document__in=old).update(is_current=False)
    old.update(superseded_at=at)
    try:
        with transaction.atomic():
            document = add_document(person, change.id_type, decrypt_text(change.number_token), at=at)
    except IntegrityError as error:
        raise _taken() from error
    document.valid_from, document.valid_until = change.valid_from, change.valid_until
    document.save(update_fields=["valid_from", "valid_until"])


@transaction.atomic
def accept_change(change: ChangeProposal, *, note: str = "", by: User, at: dt.datetime) -> ChangeProposal:
    """Let a waiting correction hold. Raises ``change_decided``, ``not_reviewer``, ``changed_since``, ``number_taken``."""
    person, change = _lock(change)
    _decide(change, ChangeState.ACCEPTED, by=by)
    if any(_plain(getattr(person, name)) != before for name, (before, _after) in change.facts.items()):
        words = _("提出以后，登记的内容又变了。请不同意这一项，重新提出。")
        raise DomainError("changed_since", words)
    if change.number_token:
        holder = find_person(change.id_type, decrypt_text(change.number_token))
        if holder is not None and holder.pk != person.pk:
            raise _taken()
    _apply(change, person, at=at)
    return _close(change, note, "person.accept_correction", by=by, at=at)


@transaction.atomic
def decline_change(change: ChangeProposal, *, note: str, by: User, at: dt.datetime) -> ChangeProposal:
    """Refuse a waiting correction with a reason. Raises ``note_missing``, ``change_decided``, ``not_reviewer``."""
    if not note.strip():
        raise DomainError("note_missing", _("不同意要写明理由。"), field="note")
    _person, change = _lock(change)
    _decide(change, ChangeState.DECLINED, by=by)
    return _close(change, note, "person.decline_correction", by=by, at=at)


@transaction.atomic
def withdraw_change(change: ChangeProposal, *, by: User, at: dt.datetime) -> ChangeProposal:
    """Take one's own organisation's waiting correction back. Raises ``change_decided``."""
    _person, change = _lock(change)
    _move(change, ChangeState.WITHDRAWN)
    change.save(update_fields=["state"])
    _record("person.withdraw_correction", change, by=by, at=at)
    return change


def _lock(change: ChangeProposal) -> tuple[Person, ChangeProposal]:
    person = lock_person(change.person)
    return person, ChangeProposal.objects.select_for_update(of=("self",)).get(pk=change.pk)


def _move(change: ChangeProposal, to: ChangeState) -> None:
    if to not in CHANGE_MOVES.get(change.state, frozenset()):
        raise DomainError("change_decided", _("这一项已经有结果了。"))
    change.state = to


def _decide(change: ChangeProposal, to: ChangeState, *, by: User) -> None:
    _move(change, to)
    if not ChangeProposal.objects.to_decide(by).filter(pk=change.pk).exists():
        words = _("这一项要由另一家机构的管理员或者地区主管部门审核。")
        raise DomainError("not_reviewer", words)


def _close(change: ChangeProposal, note: str, action: str, *, by: User, at: dt.datetime) -> ChangeProposal:
    change.decided_by, change.decided_at, change.decision_note = by, at, note.strip()[:200]
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _record(action, change, by=by, at=at, remarks=note.strip())
    return change


def _record(action: str, change: ChangeProposal, *, by: User, at: dt.datetime, **typed: str) -> None:
    fields = [*change.facts, *(["document"] if change.number_token else [])]
    audit.record(
        action, change, by=by, at=at, for_person=change.person, fields=fields, number=change.masked, **typed
    )
