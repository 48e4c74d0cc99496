"""What follows a person when two rows of the register turn out to be one human.

Each app registers every foreign key to ``Person`` that it has: in ``merge_moves`` with a plan of what
moves and which conflicts there are, or in ``merge_stays`` with the reason why it does not move. A plan
only reads; ``cms.services.merging`` writes it and keeps the list by which it is undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise

from cms.models import Person
from cms.registry import Registry

Values = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Change:
    """One row and, by field, its value before and after; ``watched``: what must still hold for an undo."""

    model: type[Model]
    pk: Any
    values: Values
    watched: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """A named way to meet a conflict."""

    code: str
    label: str | Promise


@dataclass(frozen=True)
class Conflict:
    """Two facts that cannot both stand: met by one of ``choices``, or, without any, a refusal."""

    code: str
    text: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a merge would write, in order, and the conflicts it meets; ``staying`` rows keep their person."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    staying: int = 0


@dataclass(frozen=True)
class Pair:
    """Who stands for both, who goes, which conflicts are met how, and when."""

    kept: Person
    merged: Person
    at: dt.datetime
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """Return both keys in order."""
        return sorted([self.kept.pk, self.merged.pk])


# By model label: the keys of the rows that a merge moved.
Moved = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Follower:
    """A model whose rows follow their person.

    ``lock`` takes locks that other services take before a person's; ``refuse_undo`` says in words why
    rows made since stand against an undo, or returns an empty text.
    """

    model: type[Model]
    plan: Callable[[Pair], Plan]
    lock: Callable[[Pair], None] | None = None
    refuse_undo: Callable[[Moved], str] | None = None


merge_moves: Registry[Follower] = Registry("what follows a merged person")
merge_stays: Registry[str] = Registry("what stays with a merged person, and why")


def relation_name(model: type[Model], name: str = "person") -> str:
    """Return the key in the registries of a foreign key to ``Person``."""
    return f"{model._meta.label_lower}.{name}"


def follow(
    model: type[Model],
    plan: Callable[[Pair], Plan] | None = None,
    *,
    watch: Collection[str] = (),
    lock: Callable[[Pair], None] | None = None,
    refuse_undo: Callable[[Moved], str] | None = None,
) -> None:
    """Let the rows of ``model`` follow their person: all of them, or as ``plan`` says."""
    how = plan or (lambda pair: Plan(move_rows(model, pair, watch=watch)))
    merge_moves.register(relation_name(model), Follower(model, how, lock, refuse_undo))


def stay(model: type[Model], reason: str, *, name: str = "person") -> None:
    """Declare that the rows of ``model`` stay with the person they were made for."""
    merge_stays.register(relation_name(model, name), reason)


def rows_of(model: type[Model], person: Person) -> list[Any]:
    """Return every row of ``model`` about ``person``, in key order."""
    return list(model._base_manager.filter(person=person).order_by("pk"))


def move_rows(
    model: type[Model],
    pair: Pair,
    *,
    rows: Iterable[Any] | None = None,
    but: Collection[Any] = (),
    watch: Collection[str] = (),
    also: Mapping[Any, Values] | None = None,
) -> list[Change]:
    """Return the changes that give the merged person's rows, without those ``but``, to the kept one."""
    found = rows_of(model, pair.merged) if rows is None else rows
    return [
        Change(
            model,
            row.pk,
            {**((also or {}).get(row.pk, {})), "person_id": (pair.merged.pk, pair.kept.pk)},
            {name: getattr(row, name) for name in watch},
        )
        for row in found
        if row.pk not in but
    ]


def plan_merge(pair: Pair) -> list[tuple[Follower, Plan]]:
    """Return what every app would move, in order of registration."""
    return [(follower, follower.plan(pair)) for follower in merge_moves]
