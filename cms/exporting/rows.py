"""Rows of an export: a fixed number of queries for each batch, whatever is looked up."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cms.exporting.columns import Column, Context, Lookup
from cms.exporting.declarations import Export
from cms.exporting.keys import Keys

# Larger batches are no faster, and a batch is most of the memory that an export takes.
BATCH = 500


def rows_of(
    export: Export,
    keys: Keys,
    columns: Sequence[Column],
    context: Context,
    *,
    after: Callable[[int], None] | None = None,
) -> Iterator[Sequence[Any]]:
    """Yield the values of ``columns`` for each key, in order; rows deleted meanwhile are left out.

    Batches are read by their keys: no query stays open while a file is written, which would hold up SQLite's
    writers and PostgreSQL's vacuum. ``after`` is called with the number of rows done after each batch.
    """
    for start in range(0, len(keys), BATCH):
        batch = keys.part(start, BATCH)
        yield from zip(*_values(export, batch, columns, context), strict=True)
        # What a batch leaves in cycles goes with it: collections of their own are rare in our processes.
        gc.collect(1)
        if after is not None:
            after(start + len(batch))


def _values(
    export: Export, batch: Sequence[int], columns: Sequence[Column], context: Context
) -> list[list[Any]]:
    """Return the values of a batch, a list for each column; a function, so that nothing else outlives it."""
    paths, places = _paths(columns)
    manager: Any = export.model._default_manager
    read = {row[0]: row for row in manager.filter(pk__in=batch).order_by().values_list("pk", *paths)}
    rows = [read[key] for key in batch if key in read]
    answers: dict[tuple[Lookup, tuple[int, ...]], Mapping[Any, Any]] = {}
    return [
        _column(column, place, rows, context, answers) for column, place in zip(columns, places, strict=True)
    ]


def _paths(columns: Sequence[Column]) -> tuple[list[str], list[tuple[int, ...]]]:
    """Return the paths to read, each once, and where each column finds its own; place 0 is the key."""
    paths: list[str] = []
    places = []
    for column in columns:
        for path in column.sources:
            if path not in paths:
                paths.append(path)
        places.append(tuple(paths.index(path) + 1 for path in column.sources))
    return paths, places


def _column(
    column: Column,
    place: tuple[int, ...],
    rows: Sequence[Sequence[Any]],
    context: Context,
    answers: dict[tuple[Lookup, tuple[int, ...]], Mapping[Any, Any]],
) -> list[Any]:
    if len(place) == 1:
        values: list[Any] = [row[place[0]] for row in rows]
    else:
        values = [tuple(row[one] for one in place) for row in rows]
    if column.lookup is not None:
        found = answers.get((column.lookup, place))
        if found is None:
            found = answers[column.lookup, place] = column.lookup(set(values), context)
        values = [found.get(value) for value in values]
    return values if column.show is None else [column.show(value) for value in values]
