"""What the installation publishes of itself: its latest seal and the public parts of its keys."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from cms.access import public
from cms.models import AuditSeal, SigningKey
from cms.seals import latest_seal, payload_digest, published_keys

# Seals come once a minute, keys once in years; a key made in a hurry must be seen soon.
_SEAL_SECONDS = 60
_KEYS_SECONDS = 300


def _seal_tag(request: HttpRequest) -> str:
    digest = AuditSeal.objects.order_by("-number").values_list("digest", flat=True).first()
    return f'"{(digest or "none")[:32]}"'


def _keys_tag(request: HttpRequest) -> str:
    rows = SigningKey.objects.order_by("pk").values_list(
        "kid", "state", "organisation__name", "organisation__uscc"
    )
    return f'"{payload_digest({"keys": [list(row) for row in rows]})[:32]}"'


@public
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The latest seal in words that anybody understands."""
    return render(request, "cms/seal.html", {"seal": latest_seal()})


@public
@require_safe
@cache_control(public=True, max_age=_SEAL_SECONDS)
@condition(etag_func=_seal_tag)
def seal_json(request: HttpRequest) -> JsonResponse:
    """The latest seal for programs; ``jws`` is what the signature covers, with it."""
    seal = latest_seal()
    if seal is None:
        return JsonResponse({"seal": None})
    facts: dict[str, Any] = {
        "number": seal.number,
        "at": seal.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "count": seal.count,
        "digest": seal.digest,
        "kid": seal.kid,
        "jws": seal.jws,
    }
    return JsonResponse({"seal": facts})


@public
@require_safe
@cache_control(public=True, max_age=_KEYS_SECONDS)
@condition(etag_func=_keys_tag)
def keys_json(request: HttpRequest) -> JsonResponse:
    """The public parts of all keys of all times (JWK Set)."""
    return JsonResponse(published_keys())
