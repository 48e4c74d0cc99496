"""Registers the refresher's screens with Wagtail; imported by ``certificates.wagtail_hooks``."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from certificates.refreshers.viewsets import DueViewSet, RuleViewSet


class RefresherGroup(ViewSetGroup):
    """回炉 in the side bar."""

    menu_label = pgettext_lazy("menu", "回炉")
    menu_name = "refreshers"
    menu_icon = "rotate"
    menu_order = 500
    items = (DueViewSet, RuleViewSet)


@hooks.register("register_admin_viewset")
def register_refreshers() -> RefresherGroup:
    """Add the group."""
    return RefresherGroup()
