"""One week of somebody's sessions, laid out in quarter hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone

from caravan.enums import SessionKind
from caravan.models import Session

FIRST_HOUR, LAST_HOUR = 8, 18
_ROWS, _LONGEST = 64, 32  # what the style sheet has classes for
_TONES = {SessionKind.PRACTICE: "event-practice", SessionKind.COMMUNITY: "event-community"}


@dataclass(frozen=True)
class Event:
    """A session or a wanted time; ``row`` and ``length`` are quarters from the first hour shown."""

    title: str
    line: str
    place: str
    row: int
    length: int
    tone: str
    url: str


@dataclass
class Day:
    """A column of the week."""

    day: dt.date
    is_today: bool
    events: list[Event] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    @property
    def is_weekend(self) -> bool:
        """Whether it is a Saturday or Sunday."""
        return self.day.weekday() >= 5


@dataclass
class Week:
    """Seven days from a Monday."""

    monday: dt.date
    days: list[Day]
    hours: list[tuple[int, str]]
    now_row: int | None = None

    @property
    def sunday(self) -> dt.date:
        """Return the last day."""
        return self.monday + dt.timedelta(days=6)


def monday_of(day: dt.date) -> dt.date:
    """Return the Monday of the week of ``day``."""
    return day - dt.timedelta(days=day.weekday())


def lay_out(monday: dt.date, sessions: Sequence[Session], at: dt.datetime) -> Week:
    """Place ``sessions`` (of this week, with class and room read) on the grid."""
    first, last = _hours_shown(sessions)
    today = timezone.localdate(at)
    days = [Day(day, day == today) for day in (monday + dt.timedelta(days=number) for number in range(7))]
    for session in sessions:
        column = days[(timezone.localdate(session.starts_at) - monday).days]
        column.sessions.append(session)
        column.events.append(event_of(session, first))
    now = timezone.localtime(at)
    shows_now = any(day.is_today for day in days) and first <= now.hour < last
    return Week(
        monday,
        days,
        [((hour - first) * 4, f"{hour}:00") for hour in range(first, last + 1)],
        _row(now, first) if shows_now else None,
    )


def event_of(session: Session, first_hour: int) -> Event:
    """Return where a session stands on the grid."""
    return Event(
        title=session.training_class.title,
        line=session.words,
        place=session.room.name,
        row=_row(timezone.localtime(session.starts_at), first_hour),
        length=quarters(session.starts_at, session.ends_at),
        tone=_TONES.get(SessionKind(session.kind), ""),
        url=reverse("caravan:teach_class", args=[session.training_class.class_no]),
    )


def quarters(starts_at: dt.datetime, ends_at: dt.datetime) -> int:
    """Return how many quarter hours lie between, at least one, at most what the grid knows."""
    return min(_LONGEST, max(1, int((ends_at - starts_at).total_seconds() // 900)))


def _row(moment: dt.datetime, first_hour: int) -> int:
    return min(_ROWS - 1, max(0, (moment.hour - first_hour) * 4 + moment.minute // 15))


def _hours_shown(sessions: Sequence[Session]) -> tuple[int, int]:
    starts = [timezone.localtime(one.starts_at).hour for one in sessions]
    ends = [timezone.localtime(one.ends_at).hour + 1 for one in sessions]
    return min([FIRST_HOUR, *starts]), min(max([LAST_HOUR, *ends]), 24)
