"""Menus (套餐) as rows of links; pure, from versions that are loaded already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.ui.figures import hours
from courses.models import CourseVersion, MenuVersion
from courses.wording import icon_of


@dataclass(frozen=True)
class MenuRow:
    """A menu as a link row shows it."""

    title: str
    line: str
    url: str
    icon: str


def menu_line(menu: MenuVersion) -> str:
    """``3 门课，112 学时`` or ``任选 1 门，16 学时起``; reads the prefetched sections."""
    sections = list(menu.sections.all())
    picks = sum(section.min_picks for section in sections)
    offered = sum(len(section.items.all()) for section in sections)
    words = {"picks": picks, "hours": hours(menu.min_hours)}
    if menu.min_hours < menu.max_hours:
        return _("任选 %(picks)s 门，%(hours)s 学时起") % words
    if picks < offered:
        return _("任选 %(picks)s 门，%(hours)s 学时") % words
    return ngettext("%(picks)s 门课，%(hours)s 学时", "%(picks)s 门课，%(hours)s 学时", picks) % words


def menu_rows(menus: Iterable[MenuVersion], versions: Iterable[CourseVersion], url: str) -> list[MenuRow]:
    """Return one row a menu; its longest course gives the drawing."""
    by_course = {version.course_id: version for version in versions}
    rows = []
    for menu in menus:
        ids = [item.course_id for section in menu.sections.all()[:1] for item in section.items.all()]
        known = [by_course[one] for one in ids if one in by_course]
        rows.append(
            MenuRow(
                title=menu.menu.title,
                line=menu_line(menu),
                url=f"{url}?{urlencode({'menu': menu.menu.code})}",
                icon=icon_of(max(known, key=lambda one: one.total_hours)) if known else "book",
            )
        )
    return rows


def section_rule(min_picks: int, max_picks: int, offered: int) -> str:
    """``3 门里选 1 门``: what a part of a menu asks for."""
    words = {"min": min_picks, "max": max_picks, "offered": offered}
    if min_picks == offered:
        rule = _("共 %(offered)s 门，都要学") % words
    elif min_picks == max_picks:
        rule = _("%(offered)s 门里选 %(min)s 门") % words
    elif min_picks == 0:
        rule = _("%(offered)s 门里最多选 %(max)s 门，也可以不选") % words
    else:
        rule = _("%(offered)s 门里选 %(min)s—%(max)s 门") % words
    return rule
