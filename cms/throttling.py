"""Counters of wrong tries in Django's cache: too many in a while, and the rest of it has to be waited for.

The counters live as long as the cache: per process with the local-memory cache, shared when the
installation configures a shared one. They hold keyed digests, never a name, phone or address.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from cms.crypto import lookup_digest


class Throttle:
    """Wrong tries of one kind (``name``), each counted under what identifies who tries."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _key(self, who: tuple[str, ...]) -> str:
        return f"throttle:{self.name}:{lookup_digest('throttle', '|'.join(who))}"

    def wait_seconds(self, *who: str, at: dt.datetime) -> int:
        """Return how long ``who`` must wait before the next try; 0 means go on."""
        key = self._key(who)
        if cache.get(key, 0) < settings.THROTTLE_FAILURES:
            return 0
        ends_at: float = cache.get(f"{key}:end", at.timestamp())
        return max(1, int(ends_at - at.timestamp()))

    def count(self, *who: str, at: dt.datetime) -> None:
        """Count one wrong try; the time runs from the first."""
        key = self._key(who)
        seconds = settings.THROTTLE_SECONDS
        if cache.add(key, 0, seconds):
            cache.set(f"{key}:end", at.timestamp() + seconds, seconds)
        try:
            cache.incr(key)
        except ValueError:  # it ran out between the two lines
            cache.set(key, 1, seconds)

    def forget(self, *who: str) -> None:
        """Start again from nothing, after a right try."""
        key = self._key(who)
        cache.delete_many([key, f"{key}:end"])


def address_of(request: HttpRequest) -> str:
    """Return the network address that asks, as the web server tells it."""
    return str(request.META.get("REMOTE_ADDR", ""))
