"""Cells that the caravan's listings share."""

from __future__ import annotations

from wagtail.admin.ui.tables import Column


class StateColumn(Column):
    """A state as a tag, with its word."""

    cell_template_name = "caravan/admin/state_cell.html"


class DayColumn(Column):
    """A date in words."""

    cell_template_name = "caravan/admin/day_cell.html"
