"""Django's database cache with a counter that two processes may raise at the same moment."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import router, transaction
from django.utils import timezone


class SharedDatabaseCache(DatabaseCache):
    """The cache ``shared`` where there is no Redis; its table is ``cms.models.CacheRow``.

    Django's own ``incr`` reads and then writes: of two wrong tries at once one is not counted, and the
    entry's time starts again.
    """

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Add ``delta`` under a lock on the row and keep its expiry; raise ``ValueError`` when absent."""
        from cms.models import CacheRow

        full_key = self.make_and_validate_key(key, version=version)
        with transaction.atomic(using=router.db_for_write(CacheRow)):
            row = CacheRow.objects.select_for_update().filter(cache_key=full_key).first()
            left = (row.expires - timezone.now()).total_seconds() if row else 0
            if left <= 0:
                raise ValueError(f"Key {key!r} not found")
            value = int(self.get(key, 0, version=version)) + delta
            self.set(key, value, timeout=left, version=version)
        return value
