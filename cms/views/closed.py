"""Addresses of packages below us that would be a second way to sign in: closed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from cms.access import public
from cms.views.tries import next_url, with_next


@public
@require_safe
def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Lead to the one page for signing in, and from there back."""
    return redirect(with_next("account:sign_in", next_url(request)))


@public
def gone(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """There is no such page."""
    raise Http404
