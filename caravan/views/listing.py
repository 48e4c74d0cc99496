"""What the two Wagtail pages list: coming stops, and sessions day by day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from caravan import public as shown
from caravan.enums import PUBLIC_STATES, SessionState
from caravan.models import Session, Stop, TrainingClass

WINDOW = dt.timedelta(days=14)


def stops_context(request: HttpRequest) -> dict[str, Any]:
    """Return the road of coming stops, by town if one is asked for: six queries for any number."""
    at = timezone.now()
    on = timezone.localdate(at)
    codes = Stop.objects.public().upcoming(on).values_list("region_code", flat=True)
    towns = shown.towns_of(codes)
    town = _chosen(request, {one.code for one in towns})
    return {
        "towns": towns,
        "town": town,
        "cards": shown.stop_cards(shown.coming_stops(on, town=town), at),
    }


def schedule_context(request: HttpRequest) -> dict[str, Any]:
    """Return two weeks of public sessions day by day, by town if one is asked for."""
    today = timezone.localdate()
    first = _date(request.GET.get("from", ""), today)
    rows = (
        Session.objects.exclude(state=SessionState.CANCELLED)
        .filter(training_class__state__in=PUBLIC_STATES)
        .filter(starts_at__date__gte=first, starts_at__date__lt=first + WINDOW)
        .select_related("training_class__venue", "training_class__stop", "room")
        .order_by("starts_at", "pk")
    )
    towns = shown.towns_of(_class_codes(first))
    town = _chosen(request, {one.code for one in towns})
    if town:
        rows = rows.filter(training_class__region_code__startswith=town[:9])
    return {
        "towns": towns,
        "town": town,
        "days": [(plan.day, shown.schedule_rows(plan)) for plan in shown.by_day(rows)],
        "today": today,
        "first": first,
        "last": first + WINDOW - dt.timedelta(days=1),
        "earlier": (first - WINDOW).isoformat(),
        "later": (first + WINDOW).isoformat(),
    }


def _class_codes(first: dt.date) -> list[str]:
    classes = TrainingClass.objects.public().filter(starts_on__lt=first + WINDOW, ends_on__gte=first)
    return list(classes.order_by().values_list("region_code", flat=True).distinct())


def _chosen(request: HttpRequest, known: set[str]) -> str:
    town = request.GET.get("town", "")
    return town if town in known else ""


def _date(text: str, default: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return default
    # Arithmetic at the ends of the calendar would overflow.
    return found if 2000 <= found.year <= 2200 else default
