"""Is this certificate genuine? Open to anyone, by QR or by number and name."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from certificates.issuing.forms import VerifyForm
from certificates.issuing.limits import limited
from certificates.issuing.verification import Verification, verify, verify_by_number
from cms.access import public


@public
@require_safe
@limited
def verify_token(request: HttpRequest, token: str) -> HttpResponse:
    """Show the certificate behind a QR; an unknown token is a calm 404."""
    found = verify(token)
    if found is None:
        return _hidden(render(request, "certificates/issuing/verify_unknown.html", status=404))
    return _answer(request, found)


# The form only asks: a forged question changes nothing, and without a token the page sets no cookie.
@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify_form(request: HttpRequest) -> HttpResponse:
    """Ask for number and name; the home page hands the number over in the address."""
    if request.method != "POST":
        form = VerifyForm(initial={"number": request.GET.get("number", "")[:40]})
        return _hidden(render(request, "certificates/issuing/verify_form.html", {"form": form}))
    return _answer_form(request)


@limited
def _answer_form(request: HttpRequest) -> HttpResponse:
    form, unknown = VerifyForm(request.POST), False
    if form.is_valid():
        found = verify_by_number(form.cleaned_data["number"], form.cleaned_data["name"])
        if found is not None:
            return _answer(request, found)
        unknown = True
    context = {"form": form, "unknown": unknown}
    return _hidden(render(request, "certificates/issuing/verify_form.html", context))


def _answer(request: HttpRequest, found: Verification) -> HttpResponse:
    context = {
        "found": found,
        "asked_at": timezone.now(),
        "address": settings.PUBLIC_URL.partition("://")[2],
    }
    return _hidden(render(request, "certificates/issuing/verify.html", context))


def _hidden(response: HttpResponse) -> HttpResponse:
    """Keep the answer out of search engines and caches: tomorrow it may be revoked."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    add_never_cache_headers(response)
    return response
