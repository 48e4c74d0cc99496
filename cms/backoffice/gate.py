"""The gate of the back office: screens of ours for who works here, Wagtail's own for who edits the site.

Competing organisations share one admin, and most of Wagtail's screens (choosers, reports, histories,
autocompletes) ask only whether somebody may open the admin at all. So a screen that is not ours is closed
to everybody without rights over pages, images or documents, whatever its address: one that a later Wagtail
brings is closed as well. To an editor Wagtail's own rights decide, as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.permissions import policy_registry

from cms.models import User

# Wagtail's screens that everybody with access to the admin may use, and why.
OPEN_TO_STAFF = {
    "wagtailadmin_logout": "one's own session ends",
    "wagtailadmin_sprite": "the icons, the same for everybody",
    "wagtailadmin_javascript_catalog": "words of the interface, the same for everybody",
    "wagtail.admin.views.home.default": "says that there is no such page",
}
# Raises an error on purpose, for who sets a server up.
_CLOSED = frozenset({"wagtailadmin_error_test"})
_COLLECTION_ACTIONS = ("add", "change", "delete")

Handler = Callable[[HttpRequest], HttpResponseBase]


class BackofficeGate:
    """Decide before any view below the admin runs: sign in, 403, or go on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Return a redirect to the sign-in page, raise ``PermissionDenied``, or let the view answer."""
        match = request.resolver_match
        if match is None or not is_admin_address(request.path):
            return None
        user: Any = request.user
        if getattr(match.func, "access_marker", None) and is_ours(match.func):
            return None  # says itself who may open it
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not user.has_perm("wagtailadmin.access_admin") or not may_open(user, match):
            raise PermissionDenied
        return None


def is_admin_address(path: str) -> bool:
    """Say whether ``path`` lies in the back office."""
    return path.startswith(reverse("wagtailadmin_home"))


def may_open(user: User, match: ResolverMatch) -> bool:
    """Say whether the gate lets ``user`` pass to the view; the view still asks for its own rights."""
    name = name_of(match)
    return is_ours(match.func) or name in OPEN_TO_STAFF or (name not in _CLOSED and is_editor(user))


def leads_somewhere(user: User, url: str) -> bool:
    """Say whether a link into the admin is worth showing to ``user``; links elsewhere are."""
    path = urlsplit(url).path
    if not is_admin_address(path):
        return True
    try:
        return may_open(user, resolve(path))
    except Resolver404:
        return False


def name_of(match: ResolverMatch) -> str:
    """Return the view's URL name, or its dotted path where it has none."""
    return match.view_name if match.url_name else f"{match.func.__module__}.{match.func.__name__}"


def is_ours(view: Any) -> bool:
    """Say whether a view is written by us: a generic view of Wagtail's used for a model of ours is not."""
    module: str = getattr(view, "view_class", view).__module__
    return module.split(".")[0] in _our_apps()


@cache
def _our_apps() -> frozenset[str]:
    return frozenset(
        config.name for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR
    )


def is_editor(user: User) -> bool:
    """Say whether ``user`` has any right over the site's pages, images or documents; asked once a request."""
    known: bool | None = user.__dict__.get("_is_editor")
    if known is None:
        known = bool(user.is_superuser) or user_has_any_page_permission(user)
        known = known or any(
            policy_registry.get_by_type(model).user_has_any_permission(user, _COLLECTION_ACTIONS)
            for model in (get_image_model(), get_document_model())
        )
        user.__dict__["_is_editor"] = known
    return known
