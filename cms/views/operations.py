"""For programs: does the process answer, is it ready, what are its figures. Plain text, no secret."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from cms.access import public
from cms.operations.metrics import render_metrics
from cms.operations.readiness import prober, readiness_probes

# Whatever came through a proxy did not come from this machine, though its address says so.
_PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded")


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503 with the names of those that do not."""
    failing = prober.failing()
    parts = {name: failing.get(name, "ok") for name in readiness_probes.keys()}  # noqa: SIM118 - a registry
    response = JsonResponse({"ready": not failing, "parts": parts}, status=503 if failing else 200)
    # The prober has told the log what fails; Django would add an error for each time a balancer asks.
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
    return response


@public
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' format, for the bearer of ``METRICS_TOKEN`` or a program on this machine."""
    if not _may_read(request):
        response = HttpResponse("METRICS_TOKEN\n", status=401, content_type="text/plain; charset=utf-8")
        response.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if any(header in request.headers for header in _PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
