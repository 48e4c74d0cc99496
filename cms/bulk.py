"""Write many rows of one table: one short statement, the values beside it, column by column.

``bulk_create`` builds a statement with every value of a batch, which costs more than the rows themselves.
SQLite takes the statement again for each few rows, PostgreSQL once with an array a column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.base import ModelState
from django.utils import timezone

# Values that go to the database as they are, whatever the column; others are asked of the field.
_PLAIN = frozenset({str, int, bool, type(None)})
# The same moment, day or word of a list stands in many rows.
_REPEATED = (dt.date, str)
# SQLite: half the time of one row a statement; beyond it nothing is gained.
_ROWS_A_STATEMENT = 100
AnyModel = TypeVar("AnyModel", bound=models.Model)


def unsaved(model: type[AnyModel], **values: Any) -> AnyModel:
    """Return ``model(**values)`` for rows by the thousand: columns only (``person_id``), and no signal is sent."""
    constant, called = _defaults(model)
    one = model.__new__(model)
    one.__dict__ = {**constant, "_state": ModelState(), **values}
    for name, default in called:
        if name not in values:
            one.__dict__[name] = default()
    return one


@lru_cache(maxsize=64)
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Return the columns' values that are the same for each row, and what makes those that are not."""
    constant: dict[str, Any] = {}
    called = []
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            called.append((field.attname, field.default))
        else:
            constant[field.attname] = field.get_default()
    return constant, called


def insert_columns(
    model: type[models.Model],
    count: int,
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
    **columns: Any,
) -> None:
    """Insert ``count`` rows: of a column (``person_id``) a list holds the value of each row, else all have it.

    Columns that are not given have their defaults; ``ValueError`` where a list is longer or shorter, of which
    PostgreSQL would make rows with NULL. A row that meets another with the same ``unique`` columns
    takes its place in the ``update`` columns. No signal is sent and no ``save`` runs, as with ``bulk_create``.
    """
    fields = [field for field in _fields(model) if not isinstance(field, models.AutoField)]
    if unknown := columns.keys() - {field.attname for field in fields}:
        raise TypeError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    values = [_column(field, columns, count) for field in fields]
    if count:
        _insert(model, fields, values, _conflict(unique, update))


def insert_with_keys(model: type[models.Model], objects: Sequence[models.Model]) -> None:
    """Insert unsaved ``objects`` and give them their keys, which are taken from the database beforehand.

    Call it in a transaction: on SQLite that is what keeps others from taking the same keys.
    """
    fields, now = _fields(model), timezone.now()
    dated = [field.attname for field in fields if getattr(field, "auto_now_add", False)]
    for one, key in zip(objects, _take_keys(model, len(objects)), strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS
        for name in dated:
            setattr(one, name, now)
    if objects:
        values = [_ready(field, list(map(attrgetter(field.attname), objects))) for field in fields]
        _insert(model, fields, values, "")


def _take_keys(model: type[models.Model], count: int) -> Iterable[int]:
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("keys are taken in the transaction that uses them")
    table, column = model._meta.db_table, str(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
            return range(last + 1, last + 1 + count)
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(table), column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not field.generated]


def _column(field: Any, columns: Mapping[str, Any], count: int) -> list[Any]:
    """Return the values of a column of ``insert_columns``."""
    if field.attname in columns:
        value = columns[field.attname]
        if isinstance(value, list):
            if len(value) != count:
                raise ValueError(f"{len(value)} values of {field.attname} for {count} rows")
            return _ready(field, value)
    elif getattr(field, "auto_now_add", False):
        value = timezone.now()
    elif field.has_default() and callable(field.default):
        return _ready(field, [field.default() for _ in range(count)])
    else:
        value = field.get_default()
    return _ready(field, [value]) * count


def _insert(
    model: type[models.Model], fields: Sequence[Any], columns: Sequence[list[Any]], conflict: str
) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    into = f"INSERT INTO {quote(model._meta.db_table)} ({names})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{_array_type(field)}" for field in fields)
            cursor.execute(f"{into} SELECT * FROM unnest({arrays}){conflict}", columns)  # noqa: S608  our own names
        else:
            values = f"({', '.join(['%s'] * len(fields))})"
            for count, parameters in _in_statements(columns):
                cursor.executemany(f"{into} VALUES {', '.join([values] * count)}{conflict}", parameters)


def _in_statements(columns: Sequence[list[Any]]) -> Iterator[tuple[int, list[list[Any]]]]:
    """Yield how many rows a statement takes, and the values of all its calls: the rest goes in one of its own."""
    values = list(chain.from_iterable(zip(*columns, strict=True)))
    width = _ROWS_A_STATEMENT * len(columns)
    whole = len(values) - len(values) % width
    if whole:
        yield _ROWS_A_STATEMENT, [values[at : at + width] for at in range(0, whole, width)]
    if rest := values[whole:]:
        yield len(rest) // len(columns), [rest]


def _array_type(field: models.Field[Any, Any]) -> str:
    """Return PostgreSQL's type of many values, without a length: a cast to ``varchar(50)`` would cut."""
    return str(field.db_type(connections[DEFAULT_DB_ALIAS])).partition("(")[0] + "[]"


def _ready(field: models.Field[Any, Any], values: list[Any]) -> list[Any]:
    """Return the values of a column as they are handed over; one that stands in many rows is made ready once."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return values
    connection = connections[DEFAULT_DB_ALIAS]  # itself: its proxy looks it up at each attribute

    def ready(value: Any) -> Any:
        if type(value) in _PLAIN:
            return value
        return field.get_db_prep_save(value.value if isinstance(value, Enum) else value, connection)

    if all(issubclass(kind, _REPEATED) or kind in _PLAIN for kind in kinds):
        known = {value: ready(value) for value in set(values)}
        return [known[value] for value in values]
    made = {key: ready(value) for key, value in {id(value): value for value in values}.items()}
    return [made[id(value)] for value in values]


def _conflict(unique: Sequence[str], update: Sequence[str]) -> str:
    if not unique:
        return ""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    met = ", ".join(quote(column) for column in unique)
    taken = ", ".join(f"{quote(column)} = excluded.{quote(column)}" for column in update)
    return f" ON CONFLICT ({met}) DO UPDATE SET {taken}"
