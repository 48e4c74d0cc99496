"""Time-ordered identifiers (UUID version 7, RFC 9562), so that logs can be partitioned by month later."""

from __future__ import annotations

import os
import secrets
import time
import uuid

# No look-alikes (0 O, 1 I L, 8 B, 2 Z, 5 S, U V): codes are read aloud over the phone.
_SPOKEN = "34679ACDEFGHJKMNPQRTWXY"


def uuid7() -> uuid.UUID:
    """Return a UUIDv7: 48 bits of milliseconds, then randomness."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def spoken_code(length: int = 8) -> str:
    """Return a random code without look-alike letters; 8 characters are 36 bits."""
    return "".join(secrets.choice(_SPOKEN) for _ in range(length))


def normalise_spoken(code: str) -> str:
    """Return ``code`` as stored: upper case without blanks and dashes."""
    return "".join(character for character in code.upper() if character.isalnum())
