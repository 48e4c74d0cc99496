"""Pieces that the caravan adds to pages of the apps below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from caravan import public as shown
from caravan.models import Stop
from cms.backoffice.panels import Panel
from cms.ui import dates
from courses.models import Course
from courses.panels import NextStart

_STOPS_AT_HOME = 3
_CLASSES_OF_A_COURSE = 5


class NextStops(Panel):
    """大篷车接下来去哪儿: the first stops of the road."""

    name, template, order = "next_stops", "caravan/panels/next_stops.html", 10

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Return the next stops and how many there are."""
        at = timezone.now()
        on = timezone.localdate(at)
        return {
            "cards": shown.stop_cards(shown.coming_stops(on, limit=_STOPS_AT_HOME), at),
            "count": Stop.objects.public().upcoming(on).count(),
        }


class NextClasses(Panel):
    """The next classes of a course, on the course's own page."""

    name, template, order = "next_classes", "caravan/panels/next_classes.html", 20

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Return classes not yet over that teach the course (``subject`` is the course or its page)."""
        course = subject if isinstance(subject, Course) else subject.course
        at = timezone.now()
        rows = shown.public_classes().filter(
            class_courses__course_version__course=course, ends_on__gte=timezone.localdate(at)
        )
        return {"cards": [shown.class_card(one, at) for one in rows[:_CLASSES_OF_A_COURSE]]}


def next_class_starts(request: HttpRequest, course_ids: Sequence[int]) -> dict[int, NextStart]:
    """Return for each course the next class with seats, or the next of all where none has: three queries."""
    at = timezone.now()
    rows = shown.public_classes().filter(
        class_courses__course_version__course_id__in=course_ids, starts_on__gte=timezone.localdate(at)
    )
    soonest = [(one, shown.seats_of(one, at)) for one in rows.distinct()]
    found: dict[int, NextStart] = {}
    # A stable sort: those with seats first, each kind by the day it begins.
    for one, seats in sorted(soonest, key=lambda pair: not pair[1].has_room):
        words, tone, _icon = seats.tag
        start = NextStart(dates.day(one.starts_on), one.venue.name, words, tone)
        for row in one.class_courses.all():
            found.setdefault(row.course_version.course_id, start)
    return {key: start for key, start in found.items() if key in set(course_ids)}
