"""Field encryption and keyed look-up digests.

``FIELD_KEYS`` encrypt, ``LOOKUP_KEYS`` digest: two different secrets, neither in the database, so that
a stolen database can neither be read nor searched. The newest key is the first; all still open and find.
A token begins with the id of the key that made it, so that rotation knows what is left to do.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

KEY_ID_LENGTH = 8


@lru_cache(maxsize=32)
def key_id(key: str) -> str:
    """Return the public name of a secret key (8 hex characters); it tells nothing about the key.

    >>> len(key_id("any secret"))
    8
    """
    return hashlib.sha256(f"caravan key id\x00{key}".encode()).hexdigest()[:KEY_ID_LENGTH]


def field_key_id() -> str:
    """Return the id of the key that encrypts now."""
    return key_id(settings.FIELD_KEYS[0])


def lookup_key_ids() -> list[str]:
    """Return the ids of the keys that find, newest first."""
    return [key_id(key) for key in settings.LOOKUP_KEYS]


@lru_cache(maxsize=32)
def _fernet(key: str) -> Fernet:
    return Fernet(key)


def encrypt(plain: bytes) -> bytes:
    """Encrypt with the newest of ``FIELD_KEYS``."""
    key = settings.FIELD_KEYS[0]
    return key_id(key).encode() + b":" + _fernet(key).encrypt(plain)


def decrypt(token: bytes) -> bytes:
    """Decrypt with the one of ``FIELD_KEYS`` that made ``token``; raise ``ValueError`` if it is not there."""
    name, _colon, body = token.partition(b":")
    for key in settings.FIELD_KEYS:
        if key_id(key).encode() == name:
            try:
                return _fernet(key).decrypt(body)
            except InvalidToken as error:
                raise ValueError("This value is damaged.") from error
    raise ValueError("No key in FIELD_KEYS opens this value.")


def encrypt_text(plain: str) -> str:
    """Encrypt text to a text token."""
    return encrypt(plain.encode()).decode("ascii")


def decrypt_text(token: str) -> str:
    """Decrypt a text token; raise ``ValueError`` if no key opens it."""
    return decrypt(token.encode()).decode()


def is_current(token: bytes | str) -> bool:
    """Say whether the newest of ``FIELD_KEYS`` made ``token``."""
    head = token[: KEY_ID_LENGTH + 1]
    return (head.decode("ascii", "replace") if isinstance(head, bytes) else head) == f"{field_key_id()}:"


def lookup_digests(purpose: str, value: str) -> dict[str, str]:
    """Return the digest of ``value`` under each of ``LOOKUP_KEYS`` by key id, newest key first.

    While two keys are in use what was stored under either must be found and stay unique.
    """
    return {key_id(key): _digest(key, purpose, value) for key in settings.LOOKUP_KEYS}


def lookup_digest(purpose: str, value: str) -> str:
    """Return the keyed digest (hex, 64 characters) of ``value`` under the newest key."""
    return _digest(settings.LOOKUP_KEYS[0], purpose, value)


def _digest(key: str, purpose: str, value: str) -> str:
    return hmac.digest(key.encode(), f"{purpose}\x00{value}".encode(), "sha256").hex()
