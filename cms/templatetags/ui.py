"""The design system's template tags; docs/design-system.md shows each in use."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from django import template
from django.conf import settings
from django.db import DatabaseError
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cms import navigation, shared_phone
from cms.acting import acting_link, request_links
from cms.backoffice.panels import panels_for
from cms.enums import AccountRelation
from cms.ui import dates, figures, form_fields, states

register = template.Library()

register.filter("date_zh", dates.day)
register.filter("date_full", dates.full_date)
register.filter("day_range", dates.day_range)
register.filter("day_span", dates.day_span)
register.filter("clock", dates.clock)
register.filter("time_range", dates.time_range)
register.filter("moment", dates.moment)
register.filter("hours", figures.hours)
register.filter("yuan", figures.yuan)
register.filter("percent_of", figures.percent_of)


@register.filter
def day_in_words(value: Any) -> Any:
    """Say a day or a moment as the project does; anything else stays what it is."""
    if isinstance(value, dt.datetime):
        return dates.moment(value)
    return dates.full_date(value) if isinstance(value, dt.date) else value


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw ``name`` from the sprite; ``size`` is empty (24), ``s`` (20) or ``l`` (64). Words stand beside it."""
    sized = f"i i-{size}" if size else "i"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        sized,
        static("cms/icons.svg"),
        name,
    )


@register.simple_tag
def sprite(name: str) -> str:
    """Return the address of a drawing in the sprite, for a ``use`` element of one's own."""
    return f"{static('cms/icons.svg')}#{name}"


@register.inclusion_tag("components/tag.html")
def tag(label: str, tone: str = "neutral", icon: str = "") -> dict[str, Any]:
    """Show a short word in a tone: neutral, info, good, warn, bad or accent."""
    return {"label": label, "tone": states.check_tone(tone), "icon": icon}


@register.inclusion_tag("components/tag.html")
def status(subject: Any, field: str = "", icon: str | None = None) -> dict[str, Any]:
    """Show the state of ``subject``: a choice, or an object by its ``field``, ``status`` or ``state``."""
    shown = states.describe(subject, field)
    return {"label": shown.label, "tone": shown.tone, "icon": shown.icon if icon is None else icon}


@register.simple_tag
def field(bound: BoundField, label: str = "", hint: str = "", **attrs: Any) -> SafeString:
    """Render label, hint, error and control of one form field; further words become attributes.

    Underscores in attribute names become hyphens: ``input_class`` adds a class to the control.
    """
    return mark_safe(  # noqa: S308  the template escapes what people typed
        render_to_string(
            "components/field.html", form_fields.describe(bound, label=label, hint=hint, attrs=attrs)
        )
    )


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """List every mistake of ``forms`` on top of the page, each linked to its field."""
    return {"mistakes": form_fields.mistakes(forms)}


@register.inclusion_tag("components/stack_bar.html")
def hours_bar(theory: Any, practice: Any, community: Any = 0) -> dict[str, Any]:
    """Draw hours by kind, always in the order theory, practice, community."""
    return {
        "segments": figures.segments([("theory", theory), ("practice", practice), ("community", community)])
    }


@register.inclusion_tag("components/progress.html")
def bar(value: Any, maximum: Any, label: str, tone: str = "", thick: bool = False) -> dict[str, Any]:
    """Draw how far ``value`` is of ``maximum``; ``label`` says it to a screen reader."""
    return {"value": value, "maximum": maximum, "label": label, "tone": tone, "thick": thick}


@register.simple_tag
def data_value(value: Any) -> Any:
    """Show what is kept as a reader reads it: days and moments in words, the rest as it is."""
    if isinstance(value, dt.datetime):
        return dates.moment(value)
    return dates.full_date(value) if isinstance(value, dt.date) else value


@register.simple_tag(takes_context=True)
def panels(context: Context, place: str, subject: Any = None) -> SafeString:
    """Render the panels that apps registered for ``place``, in their order."""
    request = context.get("request")
    if request is None:
        return SafeString("")
    parts = []
    for panel in panels_for(place, request, subject):
        values = {"panel": panel, "subject": subject, **panel.context(request, subject)}
        parts.append(render_to_string(panel.template, values, request=request))
    return mark_safe("".join(parts))  # noqa: S308  each part is a rendered template


@register.simple_tag(takes_context=True)
def menu_links(context: Context, menu: str = "public") -> list[navigation.MenuLink]:
    """Return the links of the ``public``, ``work`` or ``footer`` menu for this visitor."""
    menus = {
        "public": navigation.public_menu,
        "work": navigation.work_menu,
        "footer": navigation.footer_menu,
    }
    return navigation.links_for(menus[menu], context.get("request"))


@register.inclusion_tag("components/shared_choice.html", takes_context=True)
def shared_phone_choice(context: Context) -> dict[str, Any]:
    """Ask at sign-in whether others use this phone too; what the phone said last is ticked."""
    request = context["request"]
    return {"checked": shared_phone.is_wanted(request), "minutes": settings.SHARED_PHONE_MINUTES}


@register.inclusion_tag("components/acting_bar.html", takes_context=True)
def acting_bar(context: Context, only_shared: bool = False) -> dict[str, Any]:
    """Say for whom the account acts when it is not for its owner, and lock a shared phone in one tap."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {}
    link, links = None, []
    if not only_shared:
        # An error page shows the bar too, also while the database is what is broken.
        with suppress(DatabaseError):
            link, links = acting_link(request), request_links(request)
    shared = shared_phone.is_shared(request)
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "acts_for": link.person if link and link.relation != AccountRelation.SELF else None,
        "own": next((one for one in links if one.relation == AccountRelation.SELF), None),
        "others": [one for one in links if link and one.pk != link.pk],
        "shared": shared,
        "lock_after": settings.SHARED_PHONE_MINUTES * 60,
        "place": request.get_full_path() if request.method == "GET" else "",
    }


@register.simple_tag(takes_context=True)
def unread_messages(context: Context) -> int:
    """Return how many messages the reader has not read, 100 for more; one query a page, none for visitors."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return 0
    if not hasattr(request, "_unread_messages"):
        from cms.models import Message

        try:
            request._unread_messages = Message.objects.unread_by(user).order_by()[:100].count()
        except DatabaseError:
            # An error page shows the header too, also while the database is what is broken.
            request._unread_messages = 0
    found: int = request._unread_messages
    return found
