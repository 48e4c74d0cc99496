"""How often one address may ask: keeps people from trying numbers, not from checking a pile of paper."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cms.throttling import Throttle, address_of
from cms.views.errors import render_too_many

PER_MINUTE = 30

View = TypeVar("View", bound=Callable[..., HttpResponse])

_questions = Throttle("certificate_question", limit=PER_MINUTE, seconds=60)


def limited(view: View) -> View:
    """Answer 429 beyond ``PER_MINUTE`` questions a minute from one address."""

    @wraps(view)
    def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wait = _questions.take(address_of(request), at=timezone.now())
        return render_too_many(request, wait) if wait else view(request, *args, **kwargs)

    return cast(View, counted)
