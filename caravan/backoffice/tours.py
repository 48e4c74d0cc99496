"""Screens of a tour: the list counts its stops, the tour itself names them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView
from cms.ui import dates


class TourIndexView(ScopedIndexView):
    """Tours with the number of their stops."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Count stops in the listing's own query."""
        rows: QuerySet[Any] = super().get_base_queryset().annotate(stop_count=Count("stops", distinct=True))
        return rows


class TourInspectView(ScopedInspectView):
    """A tour with each stop's days and place."""

    def get_field_label(self, field_name: str, field: Any) -> Any:
        """Name the stops, which are no field of the tour's own."""
        return _("各站") if field_name == "stops" else super().get_field_label(field_name, field)

    def get_field_display_value(self, field_name: str, field: Any) -> Any:
        """Lead from each stop to its own screen."""
        if field_name != "stops":
            return super().get_field_display_value(field_name, field)
        rows = self.object.stops.select_related("venue").order_by("starts_on", "pk")
        return format_html_join(
            mark_safe("<br>"),
            '<a href="{}">{}</a> {}',
            (
                (
                    reverse("stops:inspect", args=[row.pk]),
                    row.venue.name,
                    dates.day_range(row.starts_on, row.ends_on),
                )
                for row in rows
            ),
        )
