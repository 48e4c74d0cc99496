"""Pieces of pages: what this app adds to the ground's pages, and where upper apps add to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from cms.backoffice.panels import Panel
from cms.registry import Registry
from courses.enums import RecordState
from courses.learner import current_record
from courses.listing import current_menus, current_versions
from courses.menu_words import MenuRow, menu_rows
from courses.models import CourseMenuPage, TrainingRecord

# Panels of a course's page; the subject is the ``Course``. Placed as "course".
course_panels: Registry[Panel] = Registry("course page panels")


@dataclass(frozen=True)
class NextStart:
    """When and where a course begins next, in words, for the list of courses."""

    day: str
    place: str
    words: str = ""
    tone: str = "neutral"


NextStarts = Callable[[HttpRequest, Sequence[int]], Mapping[int, NextStart]]

# Each answers course ids with the next start of those that have one, in a fixed number of queries.
next_starts: Registry[NextStarts] = Registry("next starts of courses")


def starts_of(request: HttpRequest, course_ids: Sequence[int]) -> dict[int, NextStart]:
    """Return the next start of each course that has one; the provider registered first wins."""
    found: dict[int, NextStart] = {}
    for provider in next_starts:
        found = {**provider(request, course_ids), **found}
    return found


class MenuPanel(Panel):
    """At home: the menus, and the way to all courses."""

    name = "course_menu"
    template = "courses/panels/menu.html"
    order = 20

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Return the menus as rows and the number of courses (six queries)."""
        today = timezone.localdate()
        versions = current_versions(today)
        page = CourseMenuPage.objects.live().first()
        url = page.get_url(request) if page is not None else ""
        rows: list[MenuRow] = menu_rows(current_menus(today), versions, url) if url else []
        return {"rows": rows, "count": len(versions), "url": url}


class CurrentRecordsPanel(Panel):
    """On /me/: what one is learning now, hours done by kind, and what is still to do."""

    name = "current_records"
    template = "courses/panels/current_records.html"
    order = 20

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Return the open records of the person acted for (two queries)."""
        rows = (
            TrainingRecord.objects.filter(person=subject, state=RecordState.OPEN)
            .select_related("course_version")
            .prefetch_related("components")
            .order_by("opened_at", "pk")
        )
        return {"records": [current_record(record) for record in rows]}
