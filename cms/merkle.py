"""The Merkle tree of RFC 6962 §2.1 (SHA-256): one digest that vouches for a list, order included."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of one item; the prefix keeps an item from posing as a node."""
    return hashlib.sha256(_LEAF + content).digest()


def root_of(leaves: Iterable[bytes]) -> str:
    """Return the root (hex) over hashed leaves; of no leaf the hash of nothing.

    Pairing level by level and carrying an odd last one up gives the RFC's tree.
    """
    level = list(leaves)
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        paired = [
            hashlib.sha256(_NODE + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex()
