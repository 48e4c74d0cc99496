"""What plain screens of the ground's back office have in common: the head of the page and its way back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.errors import DomainError


def head(title: str, *between: tuple[str, str], icon: str = "site") -> dict[str, Any]:
    """Return the page's title and its way back; ``between`` are (address, label)."""
    crumbs = [(reverse("wagtailadmin_home"), _("首页")), *between, ("", title)]
    return {
        "breadcrumbs_items": [{"url": url, "label": label} for url, label in crumbs],
        "header_title": title,
        "page_title": title,
        "header_icon": icon,
    }


def add_refusal(form: Any, error: DomainError) -> None:
    """Show every reason of a refusal at its field, or above the form."""
    for one in getattr(error, "refusals", [error]):
        form.add_error(one.field if one.field in form.fields else None, str(one.message))


def may(request: HttpRequest, permission: str) -> bool:
    """Say whether the signed-in user holds a permission."""
    return bool(request.user.has_perm(permission))
