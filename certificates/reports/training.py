"""开展家政服务职业培训（人次）: completed enrolments, by town and by organisation.

Source: the training line of 附件2 (domain Part 1, row 58). 人次, not 人: whoever completes two classes
counts twice. A lecture is no training: classes whose only courses are lectures are not counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from caravan.enums import EnrolmentState
from caravan.models import ClassCourse, Enrolment, TrainingClass
from cms.models import Region, User
from cms.scope import in_ranges, territory_of
from courses.enums import TrainingType


@dataclass(frozen=True)
class Figure:
    """One line: classes and completed enrolments."""

    name: str
    classes: int
    completed: int


@dataclass(frozen=True)
class ClassLine:
    """One class behind the figures."""

    training_class: TrainingClass
    town: str
    completed: int


@dataclass(frozen=True)
class TrainingReport:
    """The figures of a period; both tables and the list of classes add up to ``total``."""

    start: dt.date
    end: dt.date
    by_town: list[Figure]
    by_organisation: list[Figure]
    classes: list[ClassLine]

    @property
    def total(self) -> int:
        """All completed enrolments."""
        return sum(line.completed for line in self.classes)


def training_report(user: User | None, start: dt.date, end: dt.date, region_code: str = "") -> TrainingReport:
    """Count what ended from ``start`` to ``end`` (local days, both inclusive) as ``user`` may see it.

    None as user counts everything, for the operator's command. A fixed number of queries.
    """
    counts = dict(
        _completed(user, start, end, region_code)
        .values_list("training_class")
        .annotate(people=Count("pk"))
        .order_by("training_class")
    )
    rows = list(
        TrainingClass.objects.filter(pk__in=counts)
        .select_related("organisation")
        .order_by("starts_on", "class_no")
    )
    towns = _town_names(rows)
    lines = [ClassLine(row, towns[_town(row.region_code)], counts[row.pk]) for row in rows]
    return TrainingReport(
        start=start,
        end=end,
        by_town=_summed((line.town, line) for line in lines),
        by_organisation=_summed((str(line.training_class.organisation), line) for line in lines),
        classes=lines,
    )


def _completed(user: User | None, start: dt.date, end: dt.date, region_code: str) -> QuerySet[Enrolment]:
    zone = timezone.get_default_timezone()
    since = dt.datetime.combine(start, dt.time.min, zone)
    before = dt.datetime.combine(end + dt.timedelta(days=1), dt.time.min, zone)
    taught = ClassCourse.objects.filter(training_class=OuterRef("training_class")).exclude(
        course_version__training_type=TrainingType.LECTURE
    )
    rows = Enrolment.objects.filter(
        Exists(taught), state=EnrolmentState.COMPLETED, ended_at__gte=since, ended_at__lt=before
    )
    if region_code:
        # As the region is at the end of the period: what was merged into it by then is its own.
        rows = rows.filter(in_ranges("training_class__region_code", territory_of([region_code], end)))
    if user is not None:
        # Its joins would count a class's enrolments once for each of its staff.
        rows = rows.filter(training_class__in=TrainingClass.objects.visible_to(user).order_by().values("pk"))
    return rows


def _town(region_code: str) -> str:
    return region_code[:9].ljust(12, "0")


def _town_names(rows: Iterable[TrainingClass]) -> dict[str, str]:
    codes = {_town(row.region_code) for row in rows}
    names = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    return {code: names.get(code, code) for code in codes}


def _summed(named: Iterable[tuple[str, ClassLine]]) -> list[Figure]:
    classes: dict[str, int] = {}
    completed: dict[str, int] = {}
    for name, line in named:
        classes[name] = classes.get(name, 0) + 1
        completed[name] = completed.get(name, 0) + line.completed
    return sorted(
        (Figure(name, classes[name], completed[name]) for name in classes),
        key=lambda row: (-row.completed, row.name),
    )
