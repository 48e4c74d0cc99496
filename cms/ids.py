"""Time-ordered identifiers (UUID version 7, RFC 9562), so that logs can be partitioned by month later."""

from __future__ import annotations

import secrets
import threading
import time
import uuid

# No look-alikes (0 O, 1 I L, 8 B, 2 Z, 5 S, U V): codes are read aloud over the phone.
_SPOKEN = "34679ACDEFGHJKMNPQRTWXY"


class _Clock:
    """The last millisecond used and how many identifiers it gave, for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._count = 0

    def tick(self) -> tuple[int, int]:
        """Return the millisecond and a 12-bit count that rises within it."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now == self._millisecond and self._count < 0xFFF:
                self._count += 1
            else:
                self._millisecond, self._count = now, secrets.randbelow(0x800)
            return self._millisecond, self._count


_clock = _Clock()


def uuid7() -> uuid.UUID:
    """Return a UUIDv7: 48 bits of milliseconds, a count that keeps one process's order, 62 random bits."""
    millisecond, count = _clock.tick()
    value = millisecond << 80 | 0x7 << 76 | count << 64 | 0x2 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


def spoken_code(length: int = 8) -> str:
    """Return a random code without look-alike letters; 8 characters are 36 bits."""
    return "".join(secrets.choice(_SPOKEN) for _ in range(length))


def normalise_spoken(code: str) -> str:
    """Return ``code`` as stored: upper case without blanks and dashes."""
    return "".join(character for character in code.upper() if character.isalnum())
