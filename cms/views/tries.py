"""What the forms of signing in share: counted tries, and where to go afterwards."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from cms.errors import DomainError
from cms.forms.refusals import RefusalForm
from cms.throttling import Throttle, address_of
from cms.views.errors import render_too_many


def next_url(request: HttpRequest) -> str:
    """Return the address of this site that the visitor came from, or an empty string."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""


def with_next(url_name: str, target: str) -> str:
    """Return the address of a page that leads on to ``target``."""
    return reverse(url_name) + (f"?{urlencode({'next': target})}" if target else "")


def submit(
    request: HttpRequest,
    form: RefusalForm | Any,
    tries: Throttle,
    act: Callable[[dict[str, Any]], Any],
    *,
    guesses: Set[str] = frozenset(),
    who: str = "",
    counts_all: bool = False,
) -> Any:
    """Return what ``act`` returns, a 429 page, or ``None`` with the refusals on the form.

    A try counts, under ``who`` or the address, only when it is refused with a code of ``guesses``: what a
    guesser learns from. ``counts_all``: whatever comes of it.
    """
    if not form.is_valid():
        return None
    at, who = timezone.now(), who or address_of(request)
    if wait := tries.take(who, at=at):
        return render_too_many(request, wait)
    try:
        done = act(form.cleaned_data)
    except DomainError as error:
        learnt = {refusal.code for refusal in getattr(error, "refusals", [error])} & guesses
        if not learnt and not counts_all:
            tries.give_back(who)
        form.add_refusals(error)
        return None
    if not counts_all:
        tries.give_back(who)
    return done
