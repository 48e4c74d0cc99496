"""Lock people: whoever writes what hangs on a person locks the row first, in key order."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from cms.errors import DomainError
from cms.models import Person


def lock_person(person: Person) -> Person:
    """Return the fresh row under a lock; raise ``person_merged`` when another row stands for it now."""
    return lock_people([person.pk])[person.pk]


def lock_people(ids: Iterable[int]) -> dict[int, Person]:
    """Return the fresh rows by key, locked in key order so that two calls never wait for each other."""
    rows = {row.pk: row for row in lock_rows(ids)}
    if any(row.merged_into_id for row in rows.values()):
        raise person_merged()
    return rows


def lock_rows(ids: Iterable[int]) -> list[Person]:
    """Lock the rows in key order, merged ones too."""
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=set(ids))
    return list(rows.order_by("pk"))


def person_merged() -> DomainError:
    """Return the refusal of a fact about a row that has been merged into another."""
    words = _("这份登记刚刚并入了同一个人的另一份。请重新打开页面，在留下的那份上办。")
    return DomainError("person_merged", words)


def standing_person(person: Person) -> Person:
    """Return who stands for ``person`` now: itself, or the end of the chain of merges."""
    while person.merged_into is not None:
        person = person.merged_into
    return person
