"""The 导出 button of a list: it takes the list's filters along."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin.widgets.button import HeaderButton

from cms.exporting.declarations import Export, exports_of_list, filters_of


def export_buttons(request: HttpRequest, url_name: str) -> list[HeaderButton]:
    """Return the 导出 button of a list, with the list's filters, for who may export from it."""
    user: Any = request.user
    found = exports_of_list(url_name, user)
    if not found:
        return []
    return [HeaderButton(_("导出"), url=export_url(found[0], request), icon_name="download")]


def export_url(export: Export, request: HttpRequest, **more: Any) -> str:
    """Return the address that exports what ``request``'s list is narrowed to."""
    query = filters_of(request.GET)
    for name, value in more.items():
        query[name] = str(value)
    address = reverse("caravan_export", args=[export.slug])
    return f"{address}?{query.urlencode()}" if query else address
