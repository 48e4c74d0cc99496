"""What the catalogue page lists: filters from the address, counted choices, search, menus.

All versions of the day are read once and judged in memory, so every figure beside a choice comes from
the same rows and the number of queries does not grow with the catalogue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.querysets import live_on
from courses.enums import SkillLevel, TrainingType
from courses.models import CourseVersion, MenuVersion

Judge = Callable[[CourseVersion], bool]


@dataclass(frozen=True)
class Choice:
    """One choice of a filter, with the number of courses it would leave."""

    value: str
    label: str | Promise
    count: int
    is_chosen: bool
    query: str


@dataclass(frozen=True)
class Filter:
    """A filter and its choices, those without a course left out unless chosen."""

    name: str
    label: str | Promise
    choices: list[Choice]


@dataclass(frozen=True)
class _Kind:
    """How one filter judges: ``value_of`` gives the course's value, ``options`` the known ones."""

    name: str
    label: str | Promise
    options: Sequence[tuple[str, str | Promise]]
    value_of: Callable[[CourseVersion], str]


# Upper ends of the steps of length, in 学时: two days, a week, two weeks, longer.
_LENGTHS: list[tuple[str, Decimal | None, str | Promise]] = [
    ("short", Decimal(16), _("16 学时以内")),
    ("week", Decimal(40), _("17—40 学时")),
    ("weeks", Decimal(80), _("41—80 学时")),
    ("long", None, _("80 学时以上")),
]


def _length_of(version: CourseVersion) -> str:
    return next(name for name, limit, _label in _LENGTHS if limit is None or version.total_hours <= limit)


@dataclass
class Listing:
    """The catalogue as one visitor asked for it."""

    versions: list[CourseVersion]
    filters: list[Filter]
    total: int
    words: str = ""
    menu: MenuVersion | None = None
    is_similar: bool = False
    query_without_words: str = ""
    chosen: list[Choice] = field(default_factory=list)

    @property
    def quick(self) -> list[Choice]:
        """What a phone shows as buttons: the caravan, and every choice made."""
        caravan = [choice for one in self.filters if one.name == "caravan" for choice in one.choices]
        return caravan + [choice for choice in self.chosen if choice not in caravan]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.chosen or self.words or self.menu)


def current_versions(on: dt.date) -> list[CourseVersion]:
    """Return the version of each offered course that holds ``on``, by code (one query)."""
    rows = (
        CourseVersion.objects.filter(live_on(on), course__is_retired=False)
        .select_related("course", "occupation", "work_type")
        .order_by("course__code", "number")
    )
    return list({version.course_id: version for version in rows}.values())


def current_menus(on: dt.date) -> list[MenuVersion]:
    """Return the newest version of each offered menu, with sections, items and courses (four queries)."""
    rows = (
        MenuVersion.objects.filter(valid_from__lte=on, menu__is_retired=False)
        .select_related("menu")
        .prefetch_related("sections__items__course")
        .order_by("menu__code", "number")
    )
    return list({version.menu_id: version for version in rows}.values())


def list_courses(
    asked: QueryDict,
    *,
    versions: list[CourseVersion],
    menus: Iterable[MenuVersion],
    search: Callable[[str], tuple[list[int], bool]],
) -> Listing:
    """Return what ``asked`` leaves of ``versions``.

    ``search`` answers typed words with course ids, best first, and whether they hold all the words.
    An unknown value in the address is no choice and narrows nothing.
    """
    words = asked.get("q", "").strip()[:60]
    menu = next((one for one in menus if one.menu.code == asked.get("menu")), None)
    pool, is_similar = versions, False
    if menu is not None:
        pool = _of_menu(pool, menu)
    if words:
        ids, is_exact = search(words)
        place = {course_id: number for number, course_id in enumerate(ids)}
        pool = sorted((one for one in pool if one.course_id in place), key=lambda one: place[one.course_id])
        is_similar = bool(pool) and not is_exact
    kinds = _kinds(versions)
    chosen = {kind.name: _chosen(asked, kind) for kind in kinds}
    filters = [_filter(kind, kinds, chosen, pool, asked) for kind in kinds]
    return Listing(
        versions=[one for one in pool if _passes(one, kinds, chosen)],
        filters=[one for one in filters if one.choices],
        total=len(versions),
        words=words,
        menu=menu,
        is_similar=is_similar,
        query_without_words=_query(asked, without="q"),
        chosen=[choice for one in filters for choice in one.choices if choice.is_chosen],
    )


def _kinds(versions: Sequence[CourseVersion]) -> list[_Kind]:
    occupations = {str(one.occupation_id): one.occupation.name for one in versions}
    return [
        _Kind(
            "caravan",
            _("大篷车"),
            [("1", _("大篷车可到"))],
            lambda one: "1" if one.course.is_on_caravan else "",
        ),
        _Kind("occupation", _("职业"), list(occupations.items()), lambda one: str(one.occupation_id)),
        _Kind("type", _("类型"), TrainingType.choices, lambda one: one.training_type),
        _Kind(
            "level",
            _("等级"),
            [(str(value), label) for value, label in SkillLevel.choices],
            lambda one: str(one.skill_level or ""),
        ),
        _Kind("hours", _("学时"), [(name, label) for name, _limit, label in _LENGTHS], _length_of),
    ]


def _of_menu(versions: list[CourseVersion], menu: MenuVersion) -> list[CourseVersion]:
    order = [item.course_id for section in menu.sections.all() for item in section.items.all()]
    return sorted(
        (one for one in versions if one.course_id in order), key=lambda one: order.index(one.course_id)
    )


def _chosen(asked: QueryDict, kind: _Kind) -> set[str]:
    known = {value for value, _label in kind.options}
    return set(asked.getlist(kind.name)) & known


def _passes(
    version: CourseVersion, kinds: Sequence[_Kind], chosen: dict[str, set[str]], *, ignoring: str = ""
) -> bool:
    """Choices of one filter widen, filters narrow one another."""
    return all(
        not chosen[kind.name] or kind.name == ignoring or kind.value_of(version) in chosen[kind.name]
        for kind in kinds
    )


def _filter(
    kind: _Kind,
    kinds: Sequence[_Kind],
    chosen: dict[str, set[str]],
    pool: Sequence[CourseVersion],
    asked: QueryDict,
) -> Filter:
    left = [one for one in pool if _passes(one, kinds, chosen, ignoring=kind.name)]
    choices = []
    for value, label in kind.options:
        count = sum(kind.value_of(one) == value for one in left)
        is_chosen = value in chosen[kind.name]
        if count or is_chosen:
            query = _query(asked, toggle=(kind.name, value))
            choices.append(Choice(value, label, count, is_chosen, query))
    return Filter(kind.name, kind.label, choices)


def _query(asked: QueryDict, *, toggle: tuple[str, str] | None = None, without: str = "") -> str:
    """Return the address's words after a choice is added or taken back; the page number goes."""
    changed = asked.copy()
    for name in ("page", without):
        changed.pop(name, None)
    if toggle is not None:
        name, value = toggle
        values = changed.getlist(name)
        changed.setlist(
            name, [one for one in values if one != value] if value in values else [*values, value]
        )
    return changed.urlencode()
