"""The search for pages stands in the side bar of the page screens alone.

On our lists it would be a second search beside the list's own, and find nothing of theirs; two search
regions without a name are also what a screen reader cannot tell apart. Wagtail has no setting for it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.search import admin_search_areas

_areas_of = admin_search_areas.search_items_for_request


def search_pages_among_pages() -> None:
    """Make Wagtail's side bar offer its search on the page screens only."""
    admin_search_areas.search_items_for_request = _areas_among_pages


def _areas_among_pages(request: HttpRequest) -> list[Any]:
    found: list[Any] = _areas_of(request)
    return found if request.path.startswith(reverse("wagtailadmin_explore_root")) else []
