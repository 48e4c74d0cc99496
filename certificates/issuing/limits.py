"""How often one address may ask: keeps people from trying numbers, not from checking a pile of paper."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from cms.views.errors import render_too_many

PER_MINUTE = 30
WINDOW_SECONDS = 60

View = TypeVar("View", bound=Callable[..., HttpResponse])


def too_often(address: str) -> int:
    """Count one question of ``address``; return the seconds to wait, or 0 when it may be answered."""
    now = int(time.time())
    key = f"certificate-questions:{address}:{now // WINDOW_SECONDS}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        asked = cache.incr(key)
    except ValueError:  # dropped between the two calls by a full cache
        return 0
    return WINDOW_SECONDS - now % WINDOW_SECONDS if asked > PER_MINUTE else 0


def limited(view: View) -> View:
    """Answer 429 beyond ``PER_MINUTE`` questions a minute from one address."""

    @wraps(view)
    def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wait = too_often(request.META.get("REMOTE_ADDR", ""))
        return render_too_many(request, wait) if wait else view(request, *args, **kwargs)

    return cast(View, counted)
