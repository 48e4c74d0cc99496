"""One function that turns ``EMAIL_URL`` into Django's mail settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TIMEOUT_SECONDS = 15


def mail_from_url(url: str) -> dict[str, Any]:
    """Return mail settings for ``smtp://user:password@host:587`` (STARTTLS), ``smtps://…:465`` or ``console:``.

    ``smtp://…?tls=0`` sends in the clear, for a relay on the same machine. Empty: no mail is sent.
    """
    if not url:
        return {"SENDS_EMAIL": False, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"SENDS_EMAIL": True, "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    implicit = parts.scheme == "smtps"
    starttls = not implicit and parse_qs(parts.query).get("tls", ["1"])[0] != "0"
    return {
        "SENDS_EMAIL": True,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit,
        "EMAIL_USE_TLS": starttls,
        "EMAIL_TIMEOUT": _TIMEOUT_SECONDS,
    }
