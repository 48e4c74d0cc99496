"""One function that turns ``CACHE_URL`` into Django's cache settings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

DATABASE = "database:"


def caches_from_url(url: str) -> dict[str, Any]:
    """Return the caches ``default`` and ``shared`` for a ``redis:`` or ``rediss:`` URL or ``database:``.

    ``shared`` holds what must be the same in every process: counters of tries. ``default`` holds what may
    be read again at any time, so without Redis each process keeps its own in memory.
    """
    if url.startswith(("redis:", "rediss:")):
        redis = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "caravan",
        }
        return {"default": redis, "shared": redis}
    if url != DATABASE:
        raise ImproperlyConfigured(
            "CACHE_URL is neither a redis: or rediss: address nor database:. Use one of them."
        )
    return {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "shared": {
            "BACKEND": "cms.caching.SharedDatabaseCache",
            "LOCATION": "cms_cache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        },
    }
