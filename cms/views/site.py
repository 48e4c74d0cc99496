"""Settings of the reader, not of an account: text size and language."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language as django_set_language
from django.views.static import serve

from cms.access import public
from cms.context import SIZES, TEXT_SIZE_COOKIE

YEAR_SECONDS = 365 * 24 * 60 * 60

# Both settings only keep a preference, so a forged request harms nobody. A token would put a cookie
# and a per-visitor secret into every public page, and such a page could not be cached.


def _next_url(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return "/"


@public
@csrf_exempt
@require_POST
def set_text_size(request: HttpRequest) -> HttpResponse:
    """Keep a larger size for a year, or forget it; back to the page the reader came from."""
    response = HttpResponseRedirect(_next_url(request))
    size = request.POST.get("size", "")
    if size in SIZES:
        response.set_cookie(
            TEXT_SIZE_COOKIE, size, max_age=YEAR_SECONDS, secure=request.is_secure(), samesite="Lax"
        )
    else:
        response.delete_cookie(TEXT_SIZE_COOKIE, samesite="Lax")
    return response


@public
@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a picture of the site where no web server does it; the name changes with the content."""
    response = serve(request, path, document_root=str(Path(settings.MEDIA_ROOT) / "images"))
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


@public
@csrf_exempt
@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own language switch."""
    return django_set_language(request)
