"""Accounts and for whom they act: sign-up, one-time slips, acting for others."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.crypto import lookup_digest, lookup_digests
from cms.documents import Identity, check_identity
from cms.enums import AccountProof, AccountRelation
from cms.errors import DomainError, Refusals
from cms.ids import normalise_spoken, spoken_code
from cms.models import Consent, Organisation, Person, PersonAccount, PersonSlip, Undertaking, User
from cms.phones import check_phone, normalise_phone
from cms.roles import Role
from cms.services.consents import carry_over, consent_at_sign_up
from cms.services.locking import lock_person
from cms.services.password_rules import password_faults
from cms.services.people import create_undocumented_person


@transaction.atomic
def sign_up(
    *,
    phone: str,
    password: str,
    legal_name: str,
    id_type: str,
    number: str,
    by: User | None = None,
    at: dt.datetime,
) -> User:
    """Open an account with a person of its own, and return it.

    Typing a number proves nothing, so the number is checked and then dropped: it is neither stored nor
    compared with the register, and nobody can learn from the answer whether it is known. Birth date and
    sex follow from it and stay as the person's own word. The document comes later, from the counter
    (``verify_document``) or with a slip (``redeem_slip``). The page asked for consent: it is recorded
    with the wording now in force.

    Raises ``Refusals`` (the codes of ``check_identity``, ``phone_wrong``, ``password_weak``) or
    ``DomainError`` ``phone_taken``.
    """
    identity = check_sign_up(
        phone=phone,
        password=password,
        legal_name=legal_name,
        id_type=id_type,
        number=number,
        on=timezone.localdate(at),
    )
    phone = normalise_phone(phone)
    user = _create_user(phone, password, identity.legal_name, at=at)
    person = create_undocumented_person(
        legal_name=identity.legal_name, sex=identity.sex, birth_date=identity.birth_date, phone=phone
    )
    link = PersonAccount.objects.create(
        user=user, person=person, relation=AccountRelation.SELF, proof=AccountProof.SIGN_UP, since=at
    )
    audit.record("account.sign_up", user, by=by or user, at=at, person=person.pk)
    audit.record(
        "account.act_for",
        person,
        by=by or user,
        at=at,
        relation=link.relation,
        proof=link.proof,
        user=user.pk,
    )
    consent_at_sign_up(person, user, at=at)
    return user


def check_sign_up(
    *, phone: str, password: str, legal_name: str, id_type: str, number: str, on: dt.date
) -> Identity:
    """Return the identity that was typed, or raise ``Refusals`` with every fault; asks no database."""
    faults: list[DomainError] = []
    identity = None
    try:
        identity = check_identity(
            legal_name=legal_name,
            id_type=id_type,
            number=number,
            on=on,
            needs_birth_date=False,  # a passport carries none: the counter asks
        )
    except Refusals as refusals:
        faults += refusals.refusals
    faults += _account_faults(normalise_phone(phone), password)
    if faults or identity is None:
        raise Refusals(faults)
    return identity


def _account_faults(phone: str, password: str) -> list[DomainError]:
    faults = []
    try:
        check_phone(phone, mobile=True)
    except DomainError as fault:
        faults.append(fault)
    return faults + password_faults(password)


def _phone_taken() -> DomainError:
    return DomainError(
        "phone_taken",
        _("这个手机号已经有账号了，请直接登录。忘了密码，在登录页点“忘了密码”。"),
        field="phone",
    )


def _create_user(phone: str, password: str, name: str, *, at: dt.datetime) -> User:
    # Never digits only: a phone typed as a user name must not shadow the phone's owner (see cms.auth).
    if User.objects.filter(phone=phone).exists():
        raise _phone_taken()
    user = User(username=f"u{secrets.token_hex(6)}", phone=phone, display_name=name, date_joined=at)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise _phone_taken() from error
    return user


@transaction.atomic
def make_slip(
    person: Person, organisation: Organisation, *, by: User, at: dt.datetime
) -> tuple[PersonSlip, str]:
    """Return a new one-time slip and its code, which is shown now and never again.

    An earlier unused slip of this organisation for the person stops working. Raises ``DomainError``
    ``slip_scope`` unless the organisation has a reason to know the person.
    """
    # Two clerks at once: the second waits, and ends the first one's slip.
    person = lock_person(person)
    on = timezone.localdate(at)
    reasons = person.affiliations.filter(organisation=organisation)
    if not reasons.filter(models.Q(until__isnull=True) | models.Q(until__gte=on)).exists():
        raise DomainError("slip_scope", _("这个人不在贵单位的名册里，不能开凭条。"))
    PersonSlip.objects.filter(
        person=person, organisation=organisation, used_at__isnull=True, expires_at__gt=at
    ).update(expires_at=at)
    code = spoken_code(8)
    slip = PersonSlip.objects.create(
        person=person,
        organisation=organisation,
        code_digest=_code_digest(code),
        created_by=by,
        created_at=at,
        expires_at=at + dt.timedelta(days=settings.SLIP_DAYS),
    )
    audit.record("slip.make", slip, by=by, at=at, person=person.pk)
    return slip, code


def _code_digest(code: str) -> str:
    return lookup_digest("slip", normalise_spoken(code))


def find_slip(code: str, *, at: dt.datetime) -> PersonSlip:
    """Return the live slip of ``code``; raise ``DomainError`` ``slip_wrong`` for any other code.

    Wrong, used and expired sound alike, so that guessing teaches nothing.
    """
    slips = PersonSlip.objects.select_related("person", "organisation")
    # A slip made before the key was changed is good until it expires.
    digests = lookup_digests("slip", normalise_spoken(code)).values()
    slip = slips.filter(code_digest__in=digests, used_at__isnull=True, expires_at__gt=at).first()
    if slip is None:
        raise _slip_wrong()
    return slip


def _slip_wrong() -> DomainError:
    return DomainError(
        "slip_wrong",
        _("这个码用不了：可能抄错了，也可能用过或过期了。请对着凭条再看看，或者到窗口换一张。"),
        field="code",
    )


@transaction.atomic
def redeem_slip(
    code: str,
    *,
    user: User | None = None,
    phone: str = "",
    password: str = "",
    relation: str = AccountRelation.SELF,
    at: dt.datetime,
) -> User:
    """Bind an account to the slip's person and return it; without ``user`` a new account is opened.

    An account that signed up before keeps its own first person only while facts hang on it (see
    ``_leave_own_person``). Raises ``DomainError`` ``slip_wrong``, ``self_taken`` (the account is already
    proven to be somebody else), ``Refusals`` with ``phone_wrong``, ``phone_taken``, ``password_weak``.
    """
    slip = _lock_slip(code, at=at)
    if user is None:
        phone = normalise_phone(phone)
        faults = _account_faults(phone, password)
        if faults:
            raise Refusals(faults)
        user = _create_user(phone, password, slip.person.legal_name, at=at)
    bind_account(user, slip.person, AccountRelation(relation), AccountProof.SLIP, at=at)
    _use(slip, by=user, at=at)
    return user


@transaction.atomic
def bind_account(
    user: User, person: Person, relation: AccountRelation, proof: AccountProof, *, at: dt.datetime
) -> PersonAccount:
    """Bind ``user`` to a person on a proof that its holder brought.

    Raises ``DomainError`` ``self_taken``, ``person_merged``.
    """
    person = lock_person(person)
    if relation == AccountRelation.SELF:
        _leave_own_person(user, person, at=at)
    return _link(user, person, relation, proof, by=user, at=at)


def _lock_slip(code: str, *, at: dt.datetime) -> PersonSlip:
    """Return the slip under a lock, which decides between two bearers of one code: the second finds it used."""
    found = find_slip(code, at=at)
    lock_person(found.person)  # first: a merge locks people before it moves their slips
    slip = PersonSlip.objects.select_for_update().select_related("person").get(pk=found.pk)
    if slip.used_at is not None or slip.expires_at <= at:
        raise _slip_wrong()
    return slip


def _use(slip: PersonSlip, *, by: User, at: dt.datetime) -> None:
    slip.used_at, slip.used_by = at, by
    slip.save(update_fields=["used_at", "used_by"])
    audit.record("slip.redeem", slip, by=by, at=at, for_person=slip.person, person=slip.person_id)


def accounts_of_slip(slip: PersonSlip) -> list[User]:
    """Return the accounts whose password the slip may set: those of its person, without a role.

    An account with a role gets its password from an administrator: else whoever may print slips could
    take over an officer's account.
    """
    links = PersonAccount.objects.filter(
        person=slip.person, relation=AccountRelation.SELF, until__isnull=True, user__is_active=True
    )
    users = [link.user for link in links.select_related("user").order_by("since", "pk")]
    return [user for user in users if not user.is_superuser and not user.live_roles()]


@transaction.atomic
def use_slip_for_account(code: str, account: int, *, at: dt.datetime) -> tuple[User, PersonSlip]:
    """Return the slip's account with the id ``account`` and the slip, which is then used.

    Raises ``DomainError`` ``slip_wrong`` or ``slip_account``.
    """
    slip = _lock_slip(code, at=at)
    user = next((user for user in accounts_of_slip(slip) if user.pk == account), None)
    if user is None:
        raise DomainError("slip_account", _("这张凭条不能给这个账号设密码。"), field="account")
    _use(slip, by=user, at=at)
    return user, slip


def _leave_own_person(user: User, proven: Person, *, at: dt.datetime) -> None:
    """Make room for the proven self: the person of the sign-up was only somebody's word.

    Nothing hangs on it: the link ends. Something does (an enrolment, say): the account goes on acting
    for it, so that nothing vanishes from the owner's sight, until the two are merged at the counter.
    """
    links = PersonAccount.objects.select_for_update().select_related("person")
    own = links.filter(user=user, relation=AccountRelation.SELF, until__isnull=True).first()
    if own is None or own.person_id == proven.pk:
        return
    if own.proof != AccountProof.SIGN_UP or own.person.documents.exists():
        raise DomainError(
            "self_taken",
            _("您的账号已经核验过本人。给家人绑定，请选“家人”；弄错了请到窗口办。"),
            field="relation",
        )
    own.until = at
    own.save(update_fields=["until"])
    audit.record("account.leave", own.person, by=user, at=at, user=user.pk, proven=proven.pk)
    carry_over(own.person, proven, by=user, at=at)
    if not is_bare(own.person):
        _link(user, own.person, AccountRelation.FAMILY, AccountProof.SIGN_UP, by=user, at=at)


# Agreements go on to the proven person (``carry_over``).
_CARRIED = (PersonAccount, Consent, Undertaking)


def is_bare(person: Person) -> bool:
    """Say whether nothing but accounts and what was agreed to points at ``person``, whichever app it is in."""
    # Hidden relations too: a foreign key without a way back is still a fact that hangs on the person.
    for relation in person._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel) or relation.related_model in _CARRIED:
            continue
        rows = relation.related_model._base_manager
        if rows.filter(**{relation.field.name: person}).exists():
            return False
    return True


@transaction.atomic
def act_for(
    user: User, person: Person, relation: str, proof: str, *, by: User | None, at: dt.datetime
) -> PersonAccount:
    """Let an account act for a person; said again, nothing changes.

    Raises ``DomainError`` ``not_coordinator`` when the account holds no such role, ``self_taken`` when the
    account is somebody else already.
    """
    person = lock_person(person)
    if relation == AccountRelation.COORDINATOR and not user.has_role(Role.COORDINATOR):
        raise DomainError("not_coordinator", _("这个账号不是社区协调员，不能代办。"), field="account")
    return _link(user, person, AccountRelation(relation), AccountProof(proof), by=by, at=at)


def _link(
    user: User,
    person: Person,
    relation: AccountRelation,
    proof: AccountProof,
    *,
    by: User | None,
    at: dt.datetime,
) -> PersonAccount:
    live = PersonAccount.objects.filter(user=user, until__isnull=True)
    link = live.filter(person=person).first()
    if link is not None and (link.relation, link.proof) == (relation, proof):
        return link
    if relation == AccountRelation.SELF and live.filter(relation=relation).exclude(person=person).exists():
        raise DomainError(
            "self_taken", _("您的账号已经核验过本人。给家人绑定，请选“家人”。"), field="relation"
        )
    if link is not None:
        link.until = at
        link.save(update_fields=["until"])
    link = PersonAccount.objects.create(user=user, person=person, relation=relation, proof=proof, since=at)
    audit.record(
        "account.act_for",
        person,
        by=by,
        at=at,
        for_person=person,
        user=user.pk,
        relation=relation,
        proof=proof,
    )
    return link


@transaction.atomic
def stop_acting(link: PersonAccount, *, by: User | None, at: dt.datetime) -> PersonAccount:
    """End that an account acts for a person; what it did stays recorded."""
    link = PersonAccount.objects.select_for_update().get(pk=link.pk)
    if link.until is None:
        link.until = at
        link.save(update_fields=["until"])
        audit.record("account.leave", link.person, by=by, at=at, user=link.user_id)
    return link
