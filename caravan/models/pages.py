"""The shop window: where the caravan goes, and the calendar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page


class StopsPage(Page):
    """The list of stops at /stops/; a stop's own page is a plain view below it."""

    introduction = RichTextField(_("开头的话"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["cms.HomePage"]
    subpage_types: list[str] = []
    max_count = 1
    template = "caravan/stops_page.html"

    class Meta:
        verbose_name = _("大篷车页")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the stops; reads them."""
        from caravan.views.listing import stops_context

        return {**super().get_context(request, *args, **kwargs), **stops_context(request)}


class SchedulePage(Page):
    """The calendar of classes at /schedule/."""

    introduction = RichTextField(_("开头的话"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["cms.HomePage"]
    subpage_types: list[str] = []
    max_count = 1
    template = "caravan/schedule_page.html"

    class Meta:
        verbose_name = _("课表页")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the sessions; reads them."""
        from caravan.views.listing import schedule_context

        return {**super().get_context(request, *args, **kwargs), **schedule_context(request)}
