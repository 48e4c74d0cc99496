"""Bind an account to a person in the register by a code to the phone on record; only where texts can be sent.

A code goes out only if name, document and phone all agree with one person; whatever was typed, the answer is the
same, and a code that went to nobody fails like a wrong one.
"""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cms import tasks
from cms.crypto import encrypt_text, lookup_digest
from cms.documents import Identity, check_identity, find_person
from cms.enums import AccountProof, AccountRelation, CodePurpose
from cms.errors import DomainError, Refusals
from cms.models import Person, SignInCode, User
from cms.phones import check_phone, normalise_phone
from cms.services.accounts import bind_account
from cms.services.codes import code_wrong, refuse_too_many, texts_are_sent, use_code
from cms.services.people import is_known_name
from cms.throttling import Throttle

# An account asks so often a day, whatever it types.
BINDS_A_DAY = 5
_asked = Throttle("bind_day", limit=BINDS_A_DAY, seconds=24 * 3600)


def ask_binding(
    user: User, *, legal_name: str, id_type: str, number: str, phone: str, at: dt.datetime
) -> SignInCode:
    """Text a code to the phone on record if all that was typed fits one person; return the row to check it with.

    Raises ``Refusals`` for what cannot be a name, number or phone at all (nothing is looked up for that), or
    ``DomainError`` ``no_way`` or ``code_soon``.
    """
    if not texts_are_sent():
        raise DomainError("no_way", _("现在不能发短信，请到窗口或者用凭条核验。"))
    identity, phone = _check(legal_name, id_type, number, phone, at)
    if _asked.take(str(user.pk), at=at):
        raise DomainError("code_soon", _("今天问得太多了，请明天再来，或者到窗口核验。"))
    refuse_too_many(phone, at=at)
    found = find_person(identity.id_type, identity.number)
    fits = found is not None and is_known_name(found, identity.legal_name) and _phone_of(found) == phone
    code = f"{secrets.randbelow(10**6):06d}"
    sealed = encrypt_text(code)
    with transaction.atomic():
        row = SignInCode(
            purpose=CodePurpose.BIND,
            user=user,
            person=found if fits else None,
            made_at=at,
            expires_at=at + dt.timedelta(seconds=settings.CODE_SECONDS),
        )
        row.code_digest = lookup_digest("sign_in_code", f"{row.pk}:{code}")
        row.save(force_insert=True)
        if fits:
            tasks.deliver_code(str(row.pk), sealed, False, translation.get_language() or "")
    return row


def _check(legal_name: str, id_type: str, number: str, phone: str, at: dt.datetime) -> tuple[Identity, str]:
    faults: list[DomainError] = []
    identity = None
    try:
        identity = check_identity(
            legal_name=legal_name,
            id_type=id_type,
            number=number,
            on=timezone.localdate(at),
            needs_birth_date=False,
        )
    except Refusals as refusals:
        faults += refusals.refusals
    phone = normalise_phone(phone)
    try:
        check_phone(phone, mobile=True)
    except DomainError as fault:
        faults.append(fault)
    if faults or identity is None:
        raise Refusals(faults)
    return identity, phone


def _phone_of(person: Person) -> str:
    return normalise_phone(person.phone)


def redeem_binding(
    code_id: str, code: str, *, user: User, relation: str = AccountRelation.SELF, at: dt.datetime
) -> Person:
    """Bind ``user`` to the person whose phone got the code, and return the person.

    Raises ``DomainError`` ``code_wrong`` (wrong, late, used, tried too often, sent to nobody, asked for by another
    account) or ``self_taken``.
    """
    row = use_code(code_id, code, purpose=CodePurpose.BIND, at=at)
    if row is None or row.person is None or row.user_id != user.pk:
        raise code_wrong()
    bind_account(user, row.person, AccountRelation(relation), AccountProof.CODE, at=at)
    return row.person
