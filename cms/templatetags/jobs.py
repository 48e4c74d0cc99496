"""What the page of a background job needs beyond the design system."""

from __future__ import annotations

from typing import Any

from django import template

from cms.backoffice.job_words import item_label
from cms.enums import ItemState
from cms.models import Job, JobItem
from cms.ui.states import describe

register = template.Library()


@register.inclusion_tag("components/tag.html")
def item_state(job: Job, item: JobItem) -> dict[str, Any]:
    """Show how an item went; what a cancelled job left open is cancelled with it."""
    shown = describe(ItemState(item.state))
    return {"label": item_label(job, ItemState(item.state)), "tone": shown.tone, "icon": shown.icon}
