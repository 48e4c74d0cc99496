"""Load occupations, courses and menus from files; safe to run again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError
from cms.models import User
from courses.enums import TrainingType
from courses.importers import Assessment, CatalogueRow, parse_catalogue
from courses.models import Course, Menu, MenuItem, MenuSection, MenuVersion, Occupation, WorkType
from courses.services.pages import publish_course_page, publish_menu_page
from courses.services.versions import change_course, create_course, create_course_version
from courses.standards import CourseStandard, differences, standard_of

_DATA = Path(__file__).resolve().parents[1] / "data"
MENUS_FILE = _DATA / "menus.json"
_OCCUPATIONS_FILE = _DATA / "occupations.json"
# Each part out of 100, 60 to pass: the national occupational standard; a version may say otherwise.
_PASS_SCORE = 60


@dataclass(frozen=True)
class LoadedCatalogue:
    """What a run did, by course code or menu code."""

    created: tuple[str, ...]
    new_versions: tuple[str, ...]
    unchanged: tuple[str, ...]


@transaction.atomic
def load_catalogue(
    rows: Iterable[Mapping[str, str]],
    *,
    by: User | None,
    at: dt.datetime,
    valid_from: dt.date | None = None,
    numbers: Iterable[int] | None = None,
) -> LoadedCatalogue:
    """Store the rows of a catalogue file as occupations, courses and versions, and publish their pages.

    A course that says the same already stays as it is; one that differs gets a new version.
    ``valid_from`` (default: the local day of ``at``) is the first day of what is new; ``numbers`` are the
    rows' numbers in their file. Raises
    ``Refusals`` naming row and column of every wrong cell, and then nothing is stored.
    """
    parsed = parse_catalogue(rows, numbers)
    start = valid_from or timezone.localdate(at)
    publish_menu_page(by=by, at=at)
    names = _Names(start)
    outcome: dict[str, list[str]] = {"created": [], "new_versions": [], "unchanged": []}
    for row in parsed:
        outcome[_load_row(row, names, start=start, by=by, at=at)].append(row.code)
    return LoadedCatalogue(**{name: tuple(codes) for name, codes in outcome.items()})


@transaction.atomic
def load_menus(
    menus: Iterable[Mapping[str, Any]] | None = None,
    *,
    by: User | None,
    at: dt.datetime,
    valid_from: dt.date | None = None,
) -> LoadedCatalogue:
    """Store menus (the seven that ship with the catalogue unless others are given).

    One that differs from the stored gets a new version. Raises ``DomainError`` ``menu_course`` when a
    menu names a course that is not in the catalogue.
    """
    start = valid_from or timezone.localdate(at)
    courses = {course.code: course for course in Course.objects.all()}
    outcome: dict[str, list[str]] = {"created": [], "new_versions": [], "unchanged": []}
    for one in _shipped_menus() if menus is None else menus:
        _refuse_unknown_courses(one, courses)
        menu, created = Menu.objects.get_or_create(code=one["code"], defaults={"title": one["title"]})
        newest = menu.versions.order_by("-number").first()
        if newest is not None and _content_of(newest) == _content(one):
            outcome["unchanged"].append(menu.code)
            continue
        version = _store_menu_version(menu, newest.number + 1 if newest else 1, one, courses, start)
        audit.record("menu.create" if created else "menu.version", menu, by=by, at=at, number=version.number)
        outcome["created" if created else "new_versions"].append(menu.code)
    return LoadedCatalogue(**{name: tuple(codes) for name, codes in outcome.items()})


class _Names:
    """Occupations and work types by name, made when a row names a new one."""

    def __init__(self, start: dt.date) -> None:
        self._start = start
        self._codes = {one["name"]: one["code"] for one in json.loads(_OCCUPATIONS_FILE.read_text("utf-8"))}
        self._occupations = {one.name: one for one in Occupation.objects.order_by("valid_from")}
        self._work_types = {(one.occupation_id, one.name): one for one in WorkType.objects.all()}

    def occupation(self, name: str) -> Occupation:
        if name not in self._occupations:
            self._occupations[name] = Occupation.objects.create(
                name=name, code=self._codes.get(name, ""), valid_from=self._start
            )
        return self._occupations[name]

    def work_type(self, occupation: Occupation, name: str | None) -> WorkType | None:
        if name is None:
            return None
        key = (occupation.pk, name)
        if key not in self._work_types:
            self._work_types[key] = WorkType.objects.create(occupation=occupation, name=name)
        return self._work_types[key]


def _load_row(row: CatalogueRow, names: _Names, *, start: dt.date, by: User | None, at: dt.datetime) -> str:
    standard = _standard(row, names)
    course = Course.objects.filter(code=row.code).first()
    if course is None:
        create_course(row.code, standard, is_on_caravan=row.is_on_caravan, valid_from=start, by=by, at=at)
        return "created"
    newest = course.versions.select_related("occupation", "work_type").order_by("-number").first()
    if course.is_on_caravan != row.is_on_caravan:
        change_course(course, is_on_caravan=row.is_on_caravan, is_retired=course.is_retired, by=by, at=at)
    if newest is None or differences(standard_of(newest), standard):
        create_course_version(course, standard, valid_from=start, by=by, at=at)
        return "new_versions"
    publish_course_page(course, by=by, at=at)
    return "unchanged"


def _standard(row: CatalogueRow, names: _Names) -> CourseStandard:
    occupation = names.occupation(row.occupation)
    theory = row.assessment in {Assessment.THEORY, Assessment.BOTH}
    practice = row.assessment in {Assessment.PRACTICE, Assessment.BOTH}
    return CourseStandard(
        title=row.title,
        training_type=row.training_type,
        occupation=occupation,
        work_type=names.work_type(occupation, row.work_type),
        skill_level=None if row.skill_level is None else int(row.skill_level),
        total_hours=row.total_hours,
        theory_hours=row.theory_hours,
        practice_hours=row.practice_hours,
        community_hours=row.community_hours,
        audience=row.audience,
        theory_pass_score=_PASS_SCORE if theory else None,
        practice_pass_score=_PASS_SCORE if practice else None,
        certificate_kind=row.certificate_kind,
        counts_as_refresher=row.training_type == TrainingType.REFRESHER,
    )


def _shipped_menus() -> list[dict[str, Any]]:
    menus: list[dict[str, Any]] = json.loads(MENUS_FILE.read_text(encoding="utf-8"))
    return menus


def _refuse_unknown_courses(menu: Mapping[str, Any], courses: Mapping[str, Course]) -> None:
    named = {code for section in menu["sections"] for code in section["courses"]}
    missing = sorted(named - courses.keys())
    if missing:
        words = {"menu": menu["title"], "codes": "、".join(missing)}
        raise DomainError("menu_course", _("套餐“%(menu)s”里的 %(codes)s 不在课程表里。") % words)


def _content(menu: Mapping[str, Any]) -> tuple[Any, ...]:
    sections = tuple(
        (one["title"], one["min_picks"], one["max_picks"], tuple(one["courses"])) for one in menu["sections"]
    )
    return (menu["audience"], Decimal(menu["min_hours"]), Decimal(menu["max_hours"]), sections)


def _content_of(version: MenuVersion) -> tuple[Any, ...]:
    sections = tuple(
        (one.title, one.min_picks, one.max_picks, tuple(item.course.code for item in one.items.all()))
        for one in version.sections.prefetch_related("items__course")
    )
    return (version.audience, version.min_hours, version.max_hours, sections)


def _store_menu_version(
    menu: Menu, number: int, content: Mapping[str, Any], courses: Mapping[str, Course], start: dt.date
) -> MenuVersion:
    version = MenuVersion.objects.create(
        menu=menu,
        number=number,
        audience=content["audience"],
        min_hours=Decimal(content["min_hours"]),
        max_hours=Decimal(content["max_hours"]),
        valid_from=start,
    )
    for order, one in enumerate(content["sections"], start=1):
        section = MenuSection.objects.create(
            version=version,
            order=order,
            title=one["title"],
            min_picks=one["min_picks"],
            max_picks=one["max_picks"],
        )
        MenuItem.objects.bulk_create(
            MenuItem(section=section, order=place, course=courses[code])
            for place, code in enumerate(one["courses"], start=1)
        )
    return version
