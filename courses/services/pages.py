"""The shop window: one page for the menu, one for each course. Facts stay with the course."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from html import escape
from pathlib import Path
from typing import TypedDict

from django.db import transaction
from django.utils.translation import gettext as _

from cms.models import HomePage, User
from courses.models import Course, CourseMenuPage, CoursePage

_TEXTS = Path(__file__).resolve().parents[1] / "data" / "pages.json"
MENU_SLUG = "courses"


class PageText(TypedDict):
    """First words of a course's page; an editor may change them later."""

    summary: str
    points: list[str]


@cache
def _texts() -> dict[str, PageText]:
    texts: dict[str, PageText] = json.loads(_TEXTS.read_text(encoding="utf-8"))
    return texts


@transaction.atomic
def publish_menu_page(*, by: User | None, at: dt.datetime) -> CourseMenuPage | None:
    """Return the page at /courses/, made if missing; ``None`` while the site has no home page."""
    page: CourseMenuPage | None = CourseMenuPage.objects.first()
    if page is not None:
        return page
    home = HomePage.objects.order_by("path").first()
    if home is None:
        return None
    page = CourseMenuPage(
        title=_("课程菜单"),
        slug=MENU_SLUG,
        show_in_menus=True,
        owner=by,
        first_published_at=at,
        last_published_at=at,
    )
    home.add_child(instance=page)
    return page


@transaction.atomic
def publish_course_page(course: Course, *, by: User | None, at: dt.datetime) -> CoursePage | None:
    """Make the course's page, or follow its title and hide it once the course is retired.

    What editors wrote stays. Returns ``None`` while there is no menu page to put it under.
    """
    page: CoursePage | None = CoursePage.objects.filter(course=course).first()
    if page is not None:
        return _follow(page, course)
    menu = publish_menu_page(by=by, at=at)
    if menu is None or course.is_retired:
        return None
    text = _texts().get(course.code)
    page = CoursePage(
        title=course.title,
        slug=course.code.lower(),
        course=course,
        summary=text["summary"] if text else "",
        body=_list(text["points"]) if text else "",
        owner=by,
        first_published_at=at,
        last_published_at=at,
    )
    menu.add_child(instance=page)
    return page


def _follow(page: CoursePage, course: Course) -> CoursePage:
    if page.title != course.title or page.live == course.is_retired:
        page.title = page.draft_title = course.title
        page.live = not course.is_retired
        page.save()
    return page


def _list(points: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"
