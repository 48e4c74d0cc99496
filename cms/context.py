"""What every template may ask for; nothing is read until a template asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cms.models.site_settings import SiteSettings

TEXT_SIZE_COOKIE = "text_size"
LARGE = "large"  # a quarter larger
LARGER = "larger"  # half as large again
SIZES = (LARGE, LARGER)


def text_size(request: HttpRequest) -> str:
    """Return ``"large"`` or ``"larger"`` when the reader asked for larger text, else an empty string."""
    wanted = request.COOKIES.get(TEXT_SIZE_COOKIE, "")
    return wanted if wanted in SIZES else ""


def site(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``site_title``, ``site`` (a lazy ``SiteSettings``) and ``text_size``."""
    return {
        "site_title": settings.SITE_TITLE,
        "site": SimpleLazyObject(lambda: SiteSettings.read_for(request)),
        "text_size": text_size(request),
    }
