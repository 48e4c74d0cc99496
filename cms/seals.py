"""What a seal of the audit log says, and the latest one: for the public page and for evidence packs.

Reads only; ``cms.services.sealing`` makes seals, ``cms.audit_check`` checks them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from cms.merkle import leaf_hash
from cms.models import AuditSeal, SigningKey
from cms.signing import signing_input
from cms.snapshots import canonical


@dataclass(frozen=True)
class SealFacts:
    """The latest seal, as printed beside evidence: enough to find it again in the chain."""

    number: int
    at: dt.datetime
    count: int
    digest: str
    kid: str
    jws: str


def latest_seal() -> SealFacts | None:
    """Return the latest seal, or None while nothing is sealed (one query)."""
    seal = AuditSeal.objects.select_related("key").order_by("-number").first()
    if seal is None:
        return None
    return SealFacts(seal.number, seal.at, seal.count, seal.digest, seal.key.kid, jws_of(seal))


def payload_of(seal: AuditSeal) -> dict[str, Any]:
    """Return what a seal says and its signature covers."""
    return {
        "number": seal.number,
        "previous": seal.previous,
        "root": seal.root,
        "count": seal.count,
        "first": str(seal.first_id),
        "last": str(seal.last_id),
        "at": seal.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "key": seal.key.kid,
    }


def payload_digest(payload: dict[str, Any]) -> str:
    """Return the digest by which the next seal and a printed page name this one."""
    return hashlib.sha256(canonical(payload).encode()).hexdigest()


def jws_of(seal: AuditSeal) -> str:
    """Return the seal as a compact JSON Web Signature."""
    return f"{signing_input(payload_of(seal), seal.key.kid).decode()}.{seal.signature}"


def sealed_leaf(entry_id: Any, digest: str, flaw: str) -> bytes:
    """Return an entry's leaf in its seal's Merkle tree."""
    return leaf_hash(entry_id.bytes + f"{digest}\n{flaw}".encode())


def published_keys() -> dict[str, Any]:
    """Return the public parts of all keys of all times, with validity and state (JWK Set, RFC 7517)."""
    keys = SigningKey.objects.select_related("organisation").order_by("pk")
    return {"keys": [_published(key) for key in keys]}


def _published(key: SigningKey) -> dict[str, Any]:
    return {
        **{name: key.public_jwk[name] for name in ("kty", "crv", "x", "y")},
        "kid": key.kid,
        "use": "sig",
        "alg": "ES256",
        "issuer": key.organisation.name if key.organisation else None,
        "issuer_uscc": (key.organisation.uscc or None) if key.organisation else None,
        "state": key.state,
        "valid_from": _moment(key.valid_from),
        "valid_until": _moment(key.valid_until),
        "distrusted_from": _moment(key.distrusted_from),
    }


def _moment(value: dt.datetime | None) -> str | None:
    return None if value is None else value.astimezone(dt.UTC).isoformat(timespec="seconds")
