"""Pages for what went wrong: what happened, what was kept, what to do next."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string

from cms.access import public
from cms.logs.identifiers import current_request_id
from cms.models.site_settings import SiteSettings

logger = logging.getLogger(__name__)


def _view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else "-"


def _render_error(request: HttpRequest, status: int, template: str, **extra: object) -> HttpResponse:
    """Render ``template`` with a request's id, which the log knows too; no path, it may hold a token."""
    code = current_request_id()
    logger.warning("error_page status=%s code=%s view=%s", status, code, _view_name(request))
    return render(request, template, {"reference_code": code, **extra}, status=status)


@public
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself cannot be read."""
    return _render_error(request, 400, "400.html")


@public
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: known, but not for this account."""
    return _render_error(request, 403, "403.html")


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 when the form's token does not match: usually a page left open for long."""
    return _render_error(request, 403, "403_csrf.html")


@public
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: absent or out of scope, which look the same on purpose."""
    return _render_error(request, 404, "404.html")


@public
def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the page must come out even when the database is what failed."""
    code = current_request_id()
    logger.error("error_page status=500 code=%s view=%s", code, _view_name(request))
    try:
        site = SiteSettings.read_for(request)
    except DatabaseError:
        site = SiteSettings()
    # Without the request no context processor runs: session and user may be what is broken.
    context = {"reference_code": code, "site": site, "site_title": settings.SITE_TITLE}
    return HttpResponse(render_to_string("500.html", context), status=500)


def render_too_large(request: HttpRequest, limit_bytes: int) -> HttpResponse:
    """413 with the limit in words; called before session and user are to be relied on."""
    return _render_error(request, 413, "413.html", limit_mb=limit_bytes // (1024 * 1024))


def render_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """405 with the ``Allow`` header, for people who typed the address of a form's target."""
    page = _render_error(request, 405, "405.html")
    response = HttpResponseNotAllowed(allowed, page.content)
    response.headers["Content-Type"] = page.headers["Content-Type"]
    return response


def render_too_many(request: HttpRequest, retry_after_seconds: int) -> HttpResponse:
    """429 with ``Retry-After`` and the wait in whole minutes."""
    minutes = max(1, -(-retry_after_seconds // 60))
    response = _render_error(request, 429, "429.html", minutes=minutes)
    response.headers["Retry-After"] = str(retry_after_seconds)
    return response
