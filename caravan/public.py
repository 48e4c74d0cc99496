"""What the public sees of stops and classes: places, days and seats, never a person on a roll."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from caravan.enums import OPEN_FOR_ENROLMENT, ClassState, SessionState
from caravan.models import Session, Stop, TrainingClass
from cms.models import Region
from cms.ui import figures
from courses.models import CoursePage

FEW_SEATS = 5
# Sessions with no more than this between them are one sitting for the public.
_REST = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class Seats:
    """Seats of a class at a moment; what waiting people are due is not offered to newcomers."""

    capacity: int
    taken: int
    waiting: int
    is_open: bool
    state: str

    @property
    def left(self) -> int:
        """Return how many a newcomer may take."""
        return max(0, self.capacity - self.taken - self.waiting)

    @property
    def has_room(self) -> bool:
        """Whether a newcomer can have a seat now."""
        return self.is_open and self.left > 0

    @property
    def tag(self) -> tuple[str, str, str]:
        """Return words, tone and icon for the road."""
        if not self.is_open:
            running = self.state == ClassState.RUNNING
            return (_("正在上课"), "info", "clock") if running else (_("报名已截止"), "neutral", "")
        if not self.left:
            return _("已满，可以候补"), "warn", "clock"
        words = ngettext("还有 %(n)s 个名额", "还有 %(n)s 个名额", self.left) % {"n": self.left}
        return words, "warn" if self.left <= FEW_SEATS else "good", "people"


def seats_of(training_class: TrainingClass, at: dt.datetime) -> Seats:
    """Return the seats of a class read by ``with_seats()``."""
    return Seats(
        capacity=training_class.capacity,
        taken=training_class.seats_taken,  # type: ignore[attr-defined]  # annotated by with_seats()
        waiting=training_class.people_waiting,  # type: ignore[attr-defined]  # see above
        is_open=training_class.state in OPEN_FOR_ENROLMENT and at <= training_class.enrol_until,
        state=training_class.state,
    )


@dataclass
class ClassCard:
    """A class as the public sees it."""

    training_class: TrainingClass
    seats: Seats
    courses: list[tuple[str, Decimal, str]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """Return ``居家安全与急救，16 学时``."""
        total = sum(row.course_version.total_hours for row in self.training_class.class_courses.all())
        title = "、".join(title for title, _hours, _url in self.courses) or self.training_class.title
        return _("%(title)s，%(hours)s 学时") % {"title": title, "hours": figures.hours(total)}


@dataclass
class StopCard:
    """A stop on the road with its classes."""

    stop: Stop
    town: str
    classes: list[ClassCard]

    @property
    def place(self) -> str:
        """Return ``河湾镇柳林村妇女之家``."""
        name = self.stop.venue.name
        return name if not self.town or name.startswith(self.town) else f"{self.town}{name}"


def town_code(region_code: str) -> str:
    """Return the code of the town (乡镇、街道) in which ``region_code`` lies."""
    return region_code[:9].ljust(12, "0")


def towns_of(region_codes: Iterable[str]) -> list[Region]:
    """Return the towns of these places, by code (one query)."""
    return list(Region.objects.filter(code__in={town_code(code) for code in region_codes}).order_by("code"))


def public_classes() -> QuerySet[TrainingClass]:
    """Return public classes with seats and courses: three queries for any number of rows."""
    return (
        TrainingClass.objects.public()
        .with_seats()
        .select_related("venue", "organisation")
        .prefetch_related("class_courses__course_version")
        .order_by("starts_on", "class_no")
    )


def coming_stops(on: dt.date, *, town: str = "", limit: int | None = None) -> list[Stop]:
    """Return stops that are not over, soonest first, with their public classes."""
    stops = (
        Stop.objects.public()
        .upcoming(on)
        .select_related("venue", "tour")
        .order_by("starts_on", "order", "pk")
    )
    if town:
        stops = stops.filter(region_code__startswith=town[:9])
    return list(stops.prefetch_related(Prefetch("classes", queryset=public_classes()))[:limit])


def stop_cards(stops: Sequence[Stop], at: dt.datetime) -> list[StopCard]:
    """Return what the road shows of ``stops`` (one query, for the towns' names)."""
    names = {town.code: town.name for town in towns_of(stop.region_code for stop in stops)}
    return [
        StopCard(
            stop,
            names.get(town_code(stop.region_code), ""),
            [class_card(one, at) for one in stop.classes.all()],
        )
        for stop in stops
    ]


def class_card(
    training_class: TrainingClass, at: dt.datetime, urls: dict[int, str] | None = None
) -> ClassCard:
    """Return what a page shows of a class; ``urls`` are the courses' pages."""
    known = urls or {}
    courses = [
        (
            row.course_version.title,
            row.course_version.total_hours,
            known.get(row.course_version.course_id, ""),
        )
        for row in training_class.class_courses.all()
    ]
    return ClassCard(training_class, seats_of(training_class, at), courses)


def course_urls(classes: Iterable[TrainingClass], request: HttpRequest) -> dict[int, str]:
    """Return the public page of each course taught in ``classes``: one query and Wagtail's site paths."""
    wanted = {row.course_version.course_id for one in classes for row in one.class_courses.all()}
    pages = CoursePage.objects.live().filter(course_id__in=wanted)
    return {page.course_id: page.get_url(request) or "" for page in pages}


@dataclass(frozen=True)
class DayPlan:
    """What happens on one day of a class."""

    day: dt.date
    sessions: list[Session]


def day_plans(training_class: TrainingClass) -> list[DayPlan]:
    """Return the sessions of a class day by day (one query)."""
    sessions = training_class.sessions.exclude(state=SessionState.CANCELLED).select_related("room")
    return by_day(sessions.order_by("starts_at"))


def by_day(sessions: Iterable[Session]) -> list[DayPlan]:
    """Group ``sessions``, which come in order of time, by local day."""
    plans: list[DayPlan] = []
    for session in sessions:
        day = timezone.localdate(session.starts_at)
        if not plans or plans[-1].day != day:
            plans.append(DayPlan(day, []))
        plans[-1].sessions.append(session)
    return plans


def usual_times(plans: Sequence[DayPlan], most: int = 3) -> list[tuple[dt.time, dt.time]]:
    """Return the times of day at which the class usually sits, short rests joined; none if they vary a lot."""
    found: set[tuple[dt.time, dt.time]] = set()
    for plan in plans:
        found |= set(_spans([one for one in plan.sessions if one.hours]))
    return sorted(found) if len(found) <= most else []


def _spans(sessions: Sequence[Session]) -> list[tuple[dt.time, dt.time]]:
    spans: list[tuple[dt.datetime, dt.datetime]] = []
    for one in sessions:
        begin, end = timezone.localtime(one.starts_at), timezone.localtime(one.ends_at)
        if spans and begin - spans[-1][1] <= _REST:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return [(begin.time(), end.time()) for begin, end in spans]


@dataclass(frozen=True)
class ScheduleRow:
    """One class on one day of the calendar."""

    training_class: TrainingClass
    times: list[tuple[dt.time, dt.time]]
    kinds: list[str]


def schedule_rows(plan: DayPlan) -> list[ScheduleRow]:
    """Return the classes of a day in the order in which they begin."""
    by_class: dict[int, list[Session]] = {}
    for session in plan.sessions:
        by_class.setdefault(session.training_class_id, []).append(session)
    return [
        ScheduleRow(
            rows[0].training_class, _spans(rows), list(dict.fromkeys(row.get_kind_display() for row in rows))
        )
        for rows in by_class.values()
    ]
