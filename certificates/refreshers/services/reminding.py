"""Remind workers of their refresher: once a step, by the outbox's constraint, from the facts of the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from certificates.refreshers.reading import RefresherLine, lines_on, periods_on
from certificates.refreshers.reminders import step_on
from cms.messaging import Note, queue_messages
from cms.models import InPostPeriod

KIND = "refresher_due"
PEOPLE_AT_ONCE = 500


def queue_reminders(at: dt.datetime) -> int:
    """Queue the reminder that each worker in post has reached; return for how many one was due.

    Safe to run at any time, twice or after days of standstill: the message of a step exists once, and
    the worker's status is asked again before it is sent. Reminders change nothing else.
    """
    on = timezone.localdate(at)
    return sum(_queue(lines_on(chunk, on), on, at) for chunk in _chunks(on))


def _chunks(on: dt.date) -> Iterator[list[InPostPeriod]]:
    """Yield the periods that hold ``on``, all of one person together."""
    rows = InPostPeriod.objects.current().filter(periods_on(on)).select_related("person", "organisation")
    chunk: list[InPostPeriod] = []
    people: set[int] = set()
    for row in rows.order_by("person_id", "pk").iterator(chunk_size=PEOPLE_AT_ONCE):
        if row.person_id not in people and len(people) >= PEOPLE_AT_ONCE:
            yield chunk
            chunk, people = [], set()
        people.add(row.person_id)
        chunk.append(row)
    if chunk:
        yield chunk


@transaction.atomic
def _queue(lines: list[RefresherLine], on: dt.date, at: dt.datetime) -> int:
    notes = [note for line in lines if (note := _note(line, on)) is not None]
    if notes:
        queue_messages(KIND, notes, by=None, at=at)
    return len(notes)


def _note(line: RefresherLine, on: dt.date) -> Note | None:
    due_on = line.status.due_on
    step = step_on(due_on, on) if due_on is not None else None
    if due_on is None or step is None:
        return None
    # About the person, not the period: who changes employers is not reminded twice of one day.
    return Note(
        line.person,
        {"due_on": due_on.isoformat(), "step": step},
        person=line.person,
        occasion=f"{due_on.isoformat()} {step}",
        organisation=line.period.organisation,
        region_code=line.period.region_code,
    )
