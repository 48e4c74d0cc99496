"""Sign and verify with EC P-256: JSON Web Signatures (RFC 7515, ES256), which any JOSE library checks.

Where a private part lives is one entry in ``key_stores``. A store returns a ``Signer``, never the key
itself, so that a token which signs inside (PKCS#11) fits as a further store.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from django.conf import settings

from cms import crypto
from cms.enums import SigningKeyStore
from cms.models import SigningKey
from cms.registry import Registry

_COORDINATE_BYTES = 32
_ECDSA = ec.ECDSA(hashes.SHA256())


class Signer(Protocol):
    """Signs with one private key, wherever that is."""

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes r‖s of ES256 over ``data``."""
        ...


class KeyUnavailable(Exception):
    """The private part of a key cannot be reached here."""


KeyStore = Callable[[SigningKey], Signer]
key_stores: Registry[KeyStore] = Registry("key_stores")


class SoftwareSigner:
    """A private key in this process's memory."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    def sign(self, data: bytes) -> bytes:
        """Return r‖s."""
        r, s = decode_dss_signature(self._private.sign(data, _ECDSA))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


def signer_of(key: SigningKey) -> Signer:
    """Return the signer of ``key``; raise ``KeyUnavailable`` where its private part is not to be had."""
    return key_stores.get(key.store)(key)


def _from_database(key: SigningKey) -> Signer:
    try:
        pem = crypto.decrypt_text(key.private_token)
    except ValueError as error:
        raise KeyUnavailable(f"No key in FIELD_KEYS opens the signing key {key.kid}.") from error
    return SoftwareSigner(private_key(pem))


def _from_environment(key: SigningKey) -> Signer:
    for pem in settings.SIGNING_KEYS:
        private = private_key(pem)
        if thumbprint(public_jwk(private.public_key())) == key.kid:
            return SoftwareSigner(private)
    raise KeyUnavailable(f"SIGNING_KEYS does not hold the signing key {key.kid}.")


key_stores.register(SigningKeyStore.DATABASE, _from_database)
key_stores.register(SigningKeyStore.ENVIRONMENT, _from_environment)


def new_private_pem() -> str:
    """Return a fresh private key as PEM (PKCS#8, not encrypted: the caller encrypts it)."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def private_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """Return the key in ``pem``; raise ``ValueError`` unless it is EC P-256 without a password."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise ValueError("The private key has a password; give it without.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("The private key is not EC P-256.")
    return key


def public_jwk(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return the public part as a JSON Web Key (RFC 7517)."""
    numbers = public.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
        "y": b64(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
    }


def thumbprint(jwk: dict[str, Any]) -> str:
    """Return the key's name: its thumbprint after RFC 7638 (43 characters)."""
    named = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return b64(hashlib.sha256(_compact(named)).digest())


def signing_input(payload: dict[str, Any], kid: str) -> bytes:
    """Return what is signed for ``payload``: encoded header, a dot, encoded payload."""
    header = {"alg": "ES256", "kid": kid}
    return f"{b64(_compact(header))}.{b64(_compact(payload))}".encode("ascii")


def verifies(jwk: dict[str, Any], data: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` (r‖s) over ``data`` was made by the key whose public part is ``jwk``."""
    if len(signature) != 2 * _COORDINATE_BYTES:
        return False
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    try:
        x, y = (int.from_bytes(unb64(jwk[name]), "big") for name in ("x", "y"))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(encode_dss_signature(r, s), data, _ECDSA)
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


def b64(data: bytes) -> str:
    """Return base64url without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Return the bytes of ``b64``; raise ``ValueError`` for anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
