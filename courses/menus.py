"""Which picks a menu (套餐) allows, and which version of a course holds on a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cms.errors import DomainError, Refusals
from cms.querysets import live_on
from cms.ui.figures import hours
from courses.models import Course, CourseVersion, MenuVersion


@dataclass(frozen=True)
class SectionFacts:
    """A part of a menu: the course ids offered and how many of them are picked."""

    title: str
    courses: frozenset[int]
    min_picks: int
    max_picks: int


@dataclass(frozen=True)
class MenuFacts:
    """What a menu version allows; hours are the budget of all picks together."""

    sections: Sequence[SectionFacts]
    min_hours: Decimal
    max_hours: Decimal


@dataclass(frozen=True)
class Pick:
    """A course chosen, with the hours it will take."""

    course_id: int
    title: str
    total_hours: Decimal


def version_on(course: Course, on: dt.date) -> CourseVersion:
    """Return the newest version valid ``on``; raise ``DomainError`` ``no_version`` when there is none."""
    found = CourseVersion.objects.filter(live_on(on), course=course).order_by("-number").first()
    if found is None:
        raise DomainError("no_version", _("%(course)s这一天没有可用的版本。") % {"course": course.title})
    return found


def refuse_picks(menu_version: MenuVersion, courses: Iterable[Course | CourseVersion]) -> None:
    """Raise ``Refusals`` with every reason why ``menu_version`` does not allow ``courses``.

    Codes: ``pick_twice``, ``pick_not_offered``, ``picks_too_few``, ``picks_too_many``,
    ``hours_under_budget``, ``hours_over_budget``. For a ``Course`` the hours of its newest version count.
    """
    reasons = picks_refused(menu_facts(menu_version), [_pick(one) for one in courses])
    if reasons:
        raise Refusals(reasons)


def menu_facts(menu_version: MenuVersion) -> MenuFacts:
    """Read a menu version (two queries, or none when its sections and items are prefetched)."""
    sections = [
        SectionFacts(
            title=section.title,
            courses=frozenset(item.course_id for item in section.items.all()),
            min_picks=section.min_picks,
            max_picks=section.max_picks,
        )
        for section in menu_version.sections.prefetch_related("items")
    ]
    return MenuFacts(sections, menu_version.min_hours, menu_version.max_hours)


def picks_refused(menu: MenuFacts, picks: Sequence[Pick]) -> list[DomainError]:
    """Return every reason against ``picks``, in the order a reader meets them; empty means allowed."""
    reasons = _wrong_courses(menu, picks)
    chosen = {pick.course_id for pick in picks}
    for section in menu.sections:
        reasons += _wrong_number(section, len(section.courses & chosen))
    return reasons + _wrong_hours(menu, sum((pick.total_hours for pick in picks), Decimal(0)))


def _wrong_courses(menu: MenuFacts, picks: Sequence[Pick]) -> list[DomainError]:
    offered = frozenset[int]().union(*(section.courses for section in menu.sections))
    titles = {pick.course_id: pick.title for pick in picks}
    reasons = []
    for course_id, times in Counter(pick.course_id for pick in picks).items():
        words = {"course": titles[course_id]}
        if times > 1:
            reasons.append(DomainError("pick_twice", _("%(course)s选了不止一次。") % words))
        if course_id not in offered:
            reasons.append(DomainError("pick_not_offered", _("%(course)s不在这个套餐里。") % words))
    return reasons


def _wrong_number(section: SectionFacts, picked: int) -> list[DomainError]:
    words = {"title": section.title, "picked": picked, "min": section.min_picks, "max": section.max_picks}
    if picked < section.min_picks:
        text = _("“%(title)s”至少选 %(min)s 门，现在选了 %(picked)s 门。") % words
        return [DomainError("picks_too_few", text)]
    if picked > section.max_picks:
        text = _("“%(title)s”最多选 %(max)s 门，现在选了 %(picked)s 门。") % words
        return [DomainError("picks_too_many", text)]
    return []


def _wrong_hours(menu: MenuFacts, total: Decimal) -> list[DomainError]:
    if total < menu.min_hours:
        words = {"total": hours(total), "limit": hours(menu.min_hours)}
        text = _("这个套餐不少于 %(limit)s 学时，现在合计 %(total)s 学时。") % words
        return [DomainError("hours_under_budget", text)]
    if total > menu.max_hours:
        words = {"total": hours(total), "limit": hours(menu.max_hours)}
        text = _("这个套餐不超过 %(limit)s 学时，现在合计 %(total)s 学时。") % words
        return [DomainError("hours_over_budget", text)]
    return []


def _pick(one: Course | CourseVersion) -> Pick:
    version = one if isinstance(one, CourseVersion) else _newest(one)
    return Pick(version.course_id, version.title, version.total_hours)


def _newest(course: Course) -> CourseVersion:
    found = course.versions.order_by("-number").first()
    if found is None:
        raise DomainError("no_version", _("%(course)s还没有可用的版本。") % {"course": course.title})
    return found
