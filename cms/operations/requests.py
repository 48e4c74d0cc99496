"""The outermost layer of a request: its id, its line in the log, its place in the figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bound_contextvars

from cms.logs.identifiers import accepted_request_id
from cms.operations.metrics import observe_request

logger = logging.getLogger("cms.access")

HEADER = "X-Request-ID"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Asked every few seconds by programs: a line for each would bury those of people.
_BY_MACHINES = {"operations:healthz", "operations:readyz", "operations:metrics"}


class RequestMiddleware:
    """Accept or make the request's id, bind it to all its log lines, return it, and tell how it went.

    The line names the route, never the path: a path may hold a token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = accepted_request_id(request.headers.get(HEADER, ""))
        began = time.perf_counter()
        with bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            if not _is_asset(request):
                _tell(request, response, time.perf_counter() - began)
        return response


def _is_asset(request: HttpRequest) -> bool:
    return request.resolver_match is None and request.path_info.startswith(settings.STATIC_URL)


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    route = (match.view_name or match.func.__name__) if match else "-"
    method = request.method if request.method in _METHODS else "other"
    observe_request(str(method), route, response.status_code, seconds)
    # Only an account that the view itself asked for: the log must not cause a query of its own.
    user = getattr(request, "_cached_user", None)
    logger.log(
        logging.DEBUG if route in _BY_MACHINES else logging.INFO,
        "request",
        extra={
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000),
            "user": getattr(user, "pk", None),
        },
    )
