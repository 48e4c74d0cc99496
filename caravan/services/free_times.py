"""Free times near a wanted one: three to pick from after a clash."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from caravan.enums import SessionState
from caravan.models import Booking, Room, Session, TrainerProfile, TrainingClass
from caravan.rules import day_hours_rules

# Where sessions usually lie; a session never runs through the midday rest.
DAY_BLOCKS = ((dt.time(8, 30), dt.time(11, 45)), (dt.time(13, 30), dt.time(16, 45)))
EVENING = (dt.time(18, 30), dt.time(20, 30))
_STEP = dt.timedelta(minutes=30)
_DAYS_AROUND = 7

Interval = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class FreeTime:
    """A time at which the trainer and ``room`` are free; ``other_room`` says that it is not the wanted room."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    room: Room
    other_room: bool


def free_times(
    training_class: TrainingClass,
    *,
    room: Room,
    trainer: TrainerProfile,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    hours: Decimal,
    at: dt.datetime,
    ignore: Session | None = None,
    count: int = 3,
) -> list[FreeTime]:
    """Return up to ``count`` times, by day and nearest to the wanted one, at which nothing clashes.

    Only days of the class within a week of the wanted day, and days that still hold ``hours`` 学时.
    Another room of the same venue is offered where the wanted one is taken. Four queries.
    """
    days = _days(training_class, timezone.localdate(starts_at))
    if not days:
        return []
    rooms = [room, *room.venue.rooms.exclude(pk=room.pk).filter(capacity__gte=training_class.capacity)]
    taken = _taken(rooms, trainer, days, ignore)
    full = _full_days(training_class, days, hours, ignore)
    length = ends_at - starts_at
    found: list[FreeTime] = []
    for begin in sorted(
        _starts(days, length), key=lambda time: (_is_evening(time), abs(time - starts_at), time)
    ):
        if (
            begin <= at
            or timezone.localdate(begin) in full
            or _meets(taken[f"trainer:{trainer.pk}"], begin, length)
        ):
            continue
        fit = next((one for one in rooms if not _meets(taken[f"room:{one.pk}"], begin, length)), None)
        if fit is not None and not any(_near(begin, one.starts_at, length) for one in found):
            found.append(FreeTime(begin, begin + length, fit, other_room=fit.pk != room.pk))
            if len(found) == count:
                break
    return sorted(found, key=lambda one: one.starts_at)


def _days(training_class: TrainingClass, wanted: dt.date) -> list[dt.date]:
    first = max(training_class.starts_on, wanted - dt.timedelta(days=_DAYS_AROUND))
    last = min(training_class.ends_on, wanted + dt.timedelta(days=_DAYS_AROUND))
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def _starts(days: list[dt.date], length: dt.timedelta) -> Iterator[dt.datetime]:
    for day in days:
        for first, last in (*DAY_BLOCKS, EVENING):
            begin, end = local_time(day, first), local_time(day, last)
            while begin + length <= end:
                yield begin
                begin += _STEP


def _is_evening(moment: dt.datetime) -> bool:
    """Evenings are offered only when the days are full: people go home."""
    return timezone.localtime(moment).time() >= EVENING[0]


def local_time(day: dt.date, time: dt.time) -> dt.datetime:
    """Return the instant of a local wall-clock time."""
    return timezone.make_aware(dt.datetime.combine(day, time))


def _taken(
    rooms: list[Room], trainer: TrainerProfile, days: list[dt.date], ignore: Session | None
) -> dict[str, list[Interval]]:
    keys = [f"trainer:{trainer.pk}", *(f"room:{room.pk}" for room in rooms)]
    found: dict[str, list[Interval]] = {key: [] for key in keys}
    rows = Booking.objects.filter(
        resource_key__in=keys,
        starts_at__lt=local_time(days[-1] + dt.timedelta(days=1), dt.time.min),
        ends_at__gt=local_time(days[0], dt.time.min),
    )
    if ignore is not None:
        rows = rows.exclude(session=ignore)
    for key, begin, end in rows.values_list("resource_key", "starts_at", "ends_at"):
        found[key].append((begin, end))
    return found


def _meets(intervals: list[Interval], begin: dt.datetime, length: dt.timedelta) -> bool:
    return any(start < begin + length and end > begin for start, end in intervals)


def _near(begin: dt.datetime, other: dt.datetime, length: dt.timedelta) -> bool:
    """Three offers that overlap each other are one offer."""
    return abs(begin - other) < length


def _full_days(
    training_class: TrainingClass, days: list[dt.date], hours: Decimal, ignore: Session | None
) -> set[dt.date]:
    rules = day_hours_rules(training_class.region_code, days)
    if not hours or not any(rules.values()):
        return set()
    sessions = training_class.sessions.exclude(state=SessionState.CANCELLED)
    if ignore is not None:
        sessions = sessions.exclude(pk=ignore.pk)
    sums = (
        sessions.annotate(day=TruncDate("starts_at"))
        .values_list("day")
        .annotate(total=Sum("hours"))
        .order_by()
    )
    used = dict(sums)
    return {
        day
        for day, rule in rules.items()
        if rule is not None and used.get(day, Decimal(0)) + hours > rule.max_hours_a_day
    }
