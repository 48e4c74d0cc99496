"""What the public pages show; the pages themselves are Wagtail's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone

from cms.search.bigram import search_or_similar
from courses.listing import Listing, current_menus, current_versions, list_courses
from courses.menu_words import menu_rows, section_rule
from courses.models import Course, CourseMenuPage, CoursePage, CourseVersion, MenuVersion
from courses.panels import NextStart, starts_of
from courses.wording import (
    audience_of,
    certificate_line,
    certificate_note,
    hour_parts,
    icon_of,
    pass_rule,
)

PER_PAGE = 12


@dataclass(frozen=True)
class Row:
    """A course in the list."""

    version: CourseVersion
    url: str
    hours: list[str]
    icon: str
    audience: list[str]
    next_start: NextStart | None


@dataclass(frozen=True)
class MenuPart:
    """A section of the chosen menu with its courses."""

    title: str
    rule: str
    courses: list[Course]


def menu_page_context(page: CourseMenuPage, request: HttpRequest) -> dict[str, Any]:
    """Return the list as asked for in the address; the same queries for two courses and for hundreds."""
    today = timezone.localdate()
    url = page.get_url(request)
    slugs = dict(CoursePage.objects.live().public().child_of(page).values_list("course_id", "slug"))
    versions = [one for one in current_versions(today) if one.course_id in slugs]
    menus = current_menus(today)
    listing = list_courses(request.GET, versions=versions, menus=menus, search=_search)
    shown = Paginator(listing.versions, PER_PAGE).get_page(request.GET.get("page"))
    starts = starts_of(request, [one.course_id for one in shown])
    return {
        "listing": listing,
        "page_obj": shown,
        "rows": [_row(one, f"{url}{slugs[one.course_id]}/", starts.get(one.course_id)) for one in shown],
        "has_starts": bool(starts),
        "menus": menu_rows(menus, versions, url),
        "menu_parts": _parts(listing.menu),
        "url": url,
        "kept": _kept(request, listing),
    }


def course_page_context(page: CoursePage, request: HttpRequest) -> dict[str, Any]:
    """Return the course's version of today, or the next one while none holds yet."""
    today = timezone.localdate()
    versions = list(
        page.course.versions.select_related("course", "occupation", "work_type").order_by("number")
    )
    valid = [one for one in versions if one.valid_from <= today and (one.valid_until or today) >= today]
    version = (valid or versions or [None])[-1]
    if version is None:
        return {"course": page.course, "version": None}
    return {
        "course": page.course,
        "version": version,
        "audience": audience_of(version),
        "rules": pass_rule(version),
        "certificate": certificate_line(version),
        "certificate_note": certificate_note(version),
    }


def _search(words: str) -> tuple[list[int], bool]:
    pages, is_exact = search_or_similar(CoursePage.objects.live(), words)
    return [page.course_id for page in pages], is_exact


def _row(version: CourseVersion, url: str, next_start: NextStart | None) -> Row:
    return Row(
        version=version,
        url=url,
        hours=hour_parts(version),
        icon=icon_of(version),
        audience=audience_of(version),
        next_start=next_start,
    )


def _parts(menu: MenuVersion | None) -> list[MenuPart]:
    if menu is None:
        return []
    parts = []
    for section in menu.sections.all():
        courses = [item.course for item in section.items.all()]
        rule = section_rule(section.min_picks, section.max_picks, len(courses))
        parts.append(MenuPart(section.title, rule, courses))
    return parts


def _kept(request: HttpRequest, listing: Listing) -> list[tuple[str, str]]:
    """Return the chosen filters as hidden fields, so that a new word keeps them."""
    kept = [(one.name, choice.value) for one in listing.filters for choice in one.choices if choice.is_chosen]
    return [*kept, ("menu", listing.menu.menu.code)] if listing.menu else kept
