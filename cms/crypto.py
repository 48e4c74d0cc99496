"""Field encryption and keyed look-up digests.

``FIELD_KEYS`` encrypt, ``LOOKUP_KEYS`` digest: two different secrets, neither in the database, so that
a stolen database can neither be read nor searched. The newest key is the first; all still decrypt.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: bytes) -> bytes:
    """Encrypt with the newest of ``FIELD_KEYS``."""
    return _fernet(tuple(settings.FIELD_KEYS)).encrypt(plain)


def decrypt(token: bytes) -> bytes:
    """Decrypt with whichever of ``FIELD_KEYS`` made ``token``; raise ``ValueError`` if none did."""
    try:
        return _fernet(tuple(settings.FIELD_KEYS)).decrypt(token)
    except InvalidToken as error:
        raise ValueError("No key in FIELD_KEYS opens this value.") from error


def encrypt_text(plain: str) -> str:
    """Encrypt text to a text token."""
    return encrypt(plain.encode()).decode("ascii")


def decrypt_text(token: str) -> str:
    """Decrypt a text token; raise ``ValueError`` if no key opens it."""
    return decrypt(token.encode("ascii")).decode()


def lookup_digest(purpose: str, value: str) -> str:
    """Return the keyed digest (hex, 64 characters) by which ``value`` is found and kept unique."""
    key = settings.LOOKUP_KEYS[0].encode()
    return hmac.new(key, f"{purpose}\x00{value}".encode(), hashlib.sha256).hexdigest()
