"""Content security policy, what no request may be, and a page for the wrong method."""

from __future__ import annotations

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from cms.views.errors import render_not_allowed, render_too_large

Handler = Callable[[HttpRequest], HttpResponseBase]


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """No inline script anywhere; inline style only in Wagtail's admin, whose editor sets it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith("/admin/"):
            response._csp_update = {"style-src": settings.CONTENT_SECURITY_POLICY_ADMIN_STYLE}  # type: ignore[attr-defined]  # the middleware's own hook
        return super().process_response(request, response)


class UploadLimitMiddleware:
    """Answer 413 with the limit before a large body is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.UPLOAD_LIMIT_BYTES:
            response: HttpResponse = render_too_large(request, settings.UPLOAD_LIMIT_BYTES)
            return response
        return self.get_response(request)


class AddressMiddleware:
    """Answer 404 to an address with a NUL character: PostgreSQL takes it in no comparison."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            raise Http404
        return self.get_response(request)


class NotAllowedPageMiddleware:
    """Give 405 a page: Django's own answer is empty, and people do type the address of a form's target."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page: HttpResponse = render_not_allowed(request, response.headers["Allow"].split(", "))
        return page
