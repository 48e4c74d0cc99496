"""Counters of tries in the cache that all processes share: too many in a while, and the rest has to be waited for.

They hold keyed digests, never a name, phone or address. A try is counted before it is judged: a hundred
guesses sent at the same moment are a hundred tries.
"""

from __future__ import annotations

import datetime as dt

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from cms.crypto import lookup_digest


class Throttle:
    """Tries of one kind (``name``), each counted under what identifies who tries.

    Without a ``limit`` and ``seconds`` of its own it follows ``THROTTLE_FAILURES`` and ``THROTTLE_SECONDS``.
    """

    def __init__(self, name: str, *, limit: int | None = None, seconds: int | None = None) -> None:
        self.name = name
        self._limit = limit
        self._seconds = seconds

    @property
    def limit(self) -> int:
        """How many tries are free."""
        return settings.THROTTLE_FAILURES if self._limit is None else self._limit

    @property
    def seconds(self) -> int:
        """How long a try is remembered."""
        return settings.THROTTLE_SECONDS if self._seconds is None else self._seconds

    def _key(self, who: tuple[str, ...]) -> str:
        return f"throttle:{self.name}:{lookup_digest('throttle', '|'.join(who))}"

    def wait_seconds(self, *who: str, at: dt.datetime) -> int:
        """Return how long ``who`` must wait before the next try; 0 means go on."""
        key = self._key(who)
        if caches["shared"].get(key, 0) < self.limit:
            return 0
        return self._left(key, at)

    def _left(self, key: str, at: dt.datetime) -> int:
        ends_at: float = caches["shared"].get(f"{key}:end", at.timestamp())
        return max(1, int(ends_at - at.timestamp()))

    def take(self, *who: str, at: dt.datetime) -> int:
        """Count one try; return 0 when it is free, else how long to wait. The time runs from the first."""
        if wait := self.wait_seconds(*who, at=at):
            return wait
        key, shared = self._key(who), caches["shared"]
        if shared.add(key, 0, self.seconds):
            shared.set(f"{key}:end", at.timestamp() + self.seconds, self.seconds)
        try:
            tries = shared.incr(key)
        except ValueError:  # it ran out between the two lines
            shared.set(key, 1, self.seconds)
            tries = 1
        return 0 if tries <= self.limit else self._left(key, at)

    def give_back(self, *who: str) -> None:
        """Uncount one try that taught a guesser nothing."""
        try:
            caches["shared"].decr(self._key(who))
        except ValueError:
            return

    def forget(self, *who: str) -> None:
        """Start again from nothing, after a right try."""
        key = self._key(who)
        caches["shared"].delete_many([key, f"{key}:end"])


def address_of(request: HttpRequest) -> str:
    """Return the network address that asks; ``TRUSTED_PROXIES`` says which part of ``X-Forwarded-For`` counts."""
    return get_client_ip(request) or ""
