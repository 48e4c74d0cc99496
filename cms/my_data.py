"""What is kept about somebody, in sections that every app adds, and what the law makes us keep.

``my_data`` and ``legal_holds`` are owned here and filled by the apps above in their ``registrations.py``;
the ground's own sections are in ``cms/my_data_sections.py``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.functional import Promise

from cms.enums import DataField
from cms.models import Person
from cms.registry import Registry

Value = str | Promise | int | Decimal | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Fact:
    """One thing that is kept: ``key`` for a program, ``label`` for a reader."""

    key: str
    label: str | Promise
    value: Value


@dataclass(frozen=True)
class DataItem:
    """One row that is kept: a class, a certificate, a look at the number."""

    title: str
    facts: Sequence[Fact] = ()


@dataclass(frozen=True)
class DataSection:
    """Rows of one kind; ``why`` says in plain words what they are kept for."""

    title: str | Promise
    why: str | Promise
    items: Sequence[DataItem] = field(default=())


# Name → what is kept about a person, without a document number in clear, in a fixed number of queries.
my_data: Registry[Callable[[Person], DataSection]] = Registry("what is kept about a person")


@dataclass(frozen=True)
class LegalHold:
    """Why something of a person must be kept although she asks for its deletion.

    ``words`` tells her why, ``keeps`` says which fields. ``until`` is the last day, if one is known; a hold
    that ``blocks`` has to end before anything is deleted (a class that is running, a claim on its way).
    """

    code: str
    words: str
    keeps: frozenset[DataField]
    until: dt.date | None = None
    blocks: bool = False


# Name → the holds on a person on a day.
legal_holds: Registry[Callable[[Person, dt.date], Sequence[LegalHold]]] = Registry("legal holds on a person")

# Name → blanks what the app keeps of the fields that are erased; called inside the transaction.
erasers: Registry[Callable[[Person, frozenset[DataField], dt.datetime], None]] = Registry("erasers")


def holds_on(person: Person, on: dt.date) -> list[LegalHold]:
    """Return every hold on ``person`` on a day, those that block first."""
    found = [hold for ask in legal_holds for hold in ask(person, on)]
    return sorted(found, key=lambda hold: not hold.blocks)


def kept_fields(holds: Sequence[LegalHold]) -> frozenset[DataField]:
    """Return the fields that a hold keeps."""
    return frozenset().union(*(hold.keeps for hold in holds))


def sections_of(person: Person) -> list[tuple[str, DataSection]]:
    """Return every section with something in it, by name, in the order of registration."""
    found = [(name, section(person)) for name, section in my_data.items()]
    return [(name, section) for name, section in found if section.items]
