"""Frozen snapshots: canonical JSON and a hash that cannot be used to try values."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any


def canonical(snapshot: Any) -> str:
    """Return the one text of a snapshot of JSON primitives."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def new_nonce() -> str:
    """Return 128 random bits; hashed with the snapshot, so that a published hash tells nothing."""
    return secrets.token_hex(16)


def snapshot_digest(snapshot: Any, nonce: str) -> str:
    """Return the SHA-256 (hex) over the nonce and the canonical text."""
    return hashlib.sha256(f"{nonce}\n{canonical(snapshot)}".encode()).hexdigest()
