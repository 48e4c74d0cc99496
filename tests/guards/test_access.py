"""Every view of ours says who may open it, exactly once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.guards.source import APPS

_MARKER = re.compile(r"public|signed_in|role:[a-z_]+(,[a-z_]+)*")

# Views of the frameworks that are mounted as they are, by module, with what guards them instead.
_FRAMEWORK = {
    "django.views.static": "media files on the development server only",
    "django.views.i18n": "the language switch and its catalogue, open to anyone",
    "django.contrib.auth.views": "the sign-in form of Wagtail's private pages",
    "wagtail.views": "public pages, guarded by Wagtail's page privacy",
    "wagtail.documents.views.serve": "documents, guarded by Wagtail's collection privacy",
    "wagtail.images.views.serve": "signed image addresses",
}


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each address outside the back office with its view."""
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if address.startswith("admin/"):
            continue  # Wagtail's own guard; the rows are judged in test_backoffice.py
        if isinstance(entry, URLResolver):
            yield from views(entry, address)
        elif isinstance(entry, URLPattern):
            yield address, entry.callback


def fault(view: Any) -> str | None:
    """Return what is wrong with the view's access marker, or ``None``."""
    module = getattr(view, "view_class", view).__module__
    marker = getattr(view, "access_marker", None)
    if module.split(".")[0] not in APPS and not marker:
        known = any(module == name or module.startswith(f"{name}.") for name in _FRAMEWORK)
        return None if known else f"{module} is no view of ours and not in the list of this test"
    if marker is None:
        return "has no access marker"
    if not _MARKER.fullmatch(marker):
        return f"has the unknown marker {marker!r}"
    # A marked function that wraps a marked one would be guarded by two rules, and shown as one.
    inner = getattr(view, "__wrapped__", None)
    while inner is not None:
        if getattr(inner, "access_marker", None) and getattr(inner, "access_marker", None) != marker:
            return f"has two markers: {marker!r} and {inner.access_marker!r}"
        inner = getattr(inner, "__wrapped__", None)
    return None


def test_every_view_has_one_access_marker() -> None:
    found = list(views(get_resolver()))
    wrong = [f"/{address}: {reason}" for address, view in found if (reason := fault(view))]
    assert len(found) > 5
    assert not wrong, "\n".join(wrong)


def test_the_guard_sees_a_view_without_a_marker() -> None:
    def bare(request: object) -> None: ...

    bare.__module__ = "caravan.views.classes"
    assert fault(bare) == "has no access marker"
    bare.access_marker = "anyone"
    assert "unknown marker" in (fault(bare) or "")
    bare.access_marker = "role:trainer,planner"
    assert fault(bare) is None
