"""Make signing keys, take them into use, put them away."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit, crypto
from cms.enums import SIGNING_KEY_MOVES, SigningKeyState, SigningKeyStore
from cms.errors import DomainError
from cms.models import Organisation, SealChain, SigningKey, User
from cms.signing import new_private_pem, private_key, public_jwk, thumbprint


@transaction.atomic
def make_key(
    organisation: Organisation | None, *, by: User | None, at: dt.datetime, outside_pem: str = ""
) -> SigningKey:
    """Make a key for ``organisation``, or for the installation itself (None); it does not sign yet.

    With ``outside_pem`` (one of ``SIGNING_KEYS``) only the public part is stored. Raises ``DomainError``
    ``key_known`` when that key is registered already and ``key_unfit`` when it is not EC P-256.
    """
    pem = outside_pem or new_private_pem()
    try:
        jwk = public_jwk(private_key(pem).public_key())
    except ValueError as error:
        raise DomainError("key_unfit", _("这把密钥不能用：要 EC P-256，并且不带口令。")) from error
    if SigningKey.objects.filter(kid=thumbprint(jwk)).exists():
        raise DomainError("key_known", _("这把密钥已经登记过了。"))
    key = SigningKey.objects.create(
        kid=thumbprint(jwk),
        organisation=organisation,
        public_jwk=jwk,
        store=SigningKeyStore.ENVIRONMENT if outside_pem else SigningKeyStore.DATABASE,
        private_token="" if outside_pem else crypto.encrypt_text(pem),
        made_at=at,
    )
    audit.record("signing_key.make", key, by=by, at=at, kid=key.kid, store=str(key.store))
    return key


@transaction.atomic
def activate_key(key: SigningKey, *, by: User | None, at: dt.datetime) -> SigningKey:
    """Sign with ``key`` from now on; the issuer's key so far is retired. Raises ``key_state``."""
    _lock_keys()
    key = _moved(key, SigningKeyState.ACTIVE)
    for other in SigningKey.objects.filter(organisation=key.organisation, state=SigningKeyState.ACTIVE):
        retire_key(other, by=by, at=at)
    key.valid_from = at
    key.save(update_fields=["state", "valid_from"])
    audit.record("signing_key.activate", key, by=by, at=at, kid=key.kid)
    return key


@transaction.atomic
def retire_key(key: SigningKey, *, by: User | None, at: dt.datetime) -> SigningKey:
    """Sign with ``key`` no more; what it signed stays good. Its private part is forgotten here."""
    _lock_keys()
    key = _moved(key, SigningKeyState.RETIRED)
    key.valid_until = at
    key.private_token = ""
    key.save(update_fields=["state", "valid_until", "private_token"])
    audit.record("signing_key.retire", key, by=by, at=at, kid=key.kid)
    return key


@transaction.atomic
def revoke_key(
    key: SigningKey, *, since: dt.datetime, reason: str, by: User | None, at: dt.datetime
) -> SigningKey:
    """Trust nothing that ``key`` signed from ``since`` on (lost, copied); earlier seals stand.

    Raises ``reason_missing``, ``since_future`` and ``key_state``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("请写明为什么吊销。"), field="reason")
    if since > at:
        raise DomainError("since_future", _("不可信的时间不能晚于现在。"), field="since")
    _lock_keys()
    key = _moved(key, SigningKeyState.REVOKED)
    key.distrusted_from = since
    key.valid_until = key.valid_until or at
    key.private_token = ""
    key.save(update_fields=["state", "distrusted_from", "valid_until", "private_token"])
    audit.record(
        "signing_key.revoke", key, by=by, at=at, kid=key.kid, since=since.isoformat(), reason=reason.strip()
    )
    return key


@transaction.atomic
def ensure_installation_key(*, at: dt.datetime) -> SigningKey:
    """Return the key that signs for the installation, made and taken into use where there is none.

    The first of ``SIGNING_KEYS`` takes over as soon as it is there; without it the key is made here.
    Safe to run twice, also at the same moment.
    """
    _lock_keys()
    active = SigningKey.objects.filter(organisation=None, state=SigningKeyState.ACTIVE).first()
    outside = settings.SIGNING_KEYS[0] if settings.SIGNING_KEYS else ""
    if outside and not _is_registered(outside):
        return activate_key(make_key(None, by=None, at=at, outside_pem=outside), by=None, at=at)
    if active is None:
        return activate_key(make_key(None, by=None, at=at), by=None, at=at)
    return active


def outside_keys() -> dict[str, str]:
    """Return the PEM of each of ``SIGNING_KEYS`` that is not registered yet, by its name."""
    found = {_kid(pem): pem for pem in settings.SIGNING_KEYS}
    for kid in SigningKey.objects.filter(kid__in=found).values_list("kid", flat=True):
        found.pop(kid)
    return found


def _kid(pem: str) -> str:
    return thumbprint(public_jwk(private_key(pem).public_key()))


def _is_registered(pem: str) -> bool:
    return SigningKey.objects.filter(kid=_kid(pem)).exists()


def _lock_keys() -> None:
    """Let one at a time change who signs: the chain's row is the lock, which no writer of entries takes."""
    SealChain.objects.get_or_create(pk=1)
    SealChain.objects.select_for_update().get(pk=1)


def _moved(key: SigningKey, state: SigningKeyState) -> SigningKey:
    key = SigningKey.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=key.pk)
    if state not in SIGNING_KEY_MOVES[key.state]:
        raise DomainError("key_state", _("这把密钥现在不能这样办。"))
    key.state = state
    return key
