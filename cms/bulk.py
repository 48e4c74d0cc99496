"""Write many rows of one table: the same statement again and again instead of one long one a batch.

``bulk_create`` builds a statement with every value of a batch, which costs more than the rows themselves.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.base import ModelState
from django.utils import timezone

# Values that go to the database as they are, whatever the column; others are asked of the field.
_PLAIN = (str, int, bool, type(None))
# The same moment, day, key or word of a list stands in many rows: each is made ready once.
_REPEATED = (dt.date, uuid.UUID, str)
AnyModel = TypeVar("AnyModel", bound=models.Model)


def unsaved(model: type[AnyModel], **values: Any) -> AnyModel:
    """Return ``model(**values)`` for rows by the thousand: columns only (``person_id``), and no signal is sent."""
    constant, called = _defaults(model)
    one = model.__new__(model)
    one._state = ModelState()
    columns = one.__dict__
    columns.update(constant)
    for name, default in called:
        if name not in values:
            columns[name] = default()
    columns.update(values)
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


def insert_rows(
    model: type[models.Model],
    objects: Iterable[models.Model],
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> int:
    """Insert unsaved ``objects`` and return how many; keys that the database gives stay unknown.

    A row that meets another with the same ``unique`` fields takes its place in the ``update`` fields. No
    signal is sent and no ``save`` runs, as with ``bulk_create``.
    """
    fields = [field for field in _columns(model) if not isinstance(field, models.AutoField)]
    return _insert(model, fields, list(objects), _conflict(model, unique, update))


def insert_with_keys(model: type[models.Model], objects: Sequence[models.Model]) -> None:
    """Insert unsaved ``objects`` and give them their keys, which are taken from the database beforehand.

    Call it in a transaction: on SQLite that is what keeps others from taking the same keys.
    """
    for one, key in zip(objects, _take_keys(model, len(objects)), strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS
    _insert(model, _columns(model), objects, "")


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


def _columns(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not field.generated]


def _insert(
    model: type[models.Model], fields: Sequence[Any], objects: Sequence[models.Model], conflict: str
) -> int:
    now = timezone.now()
    for field in fields:
        if getattr(field, "auto_now_add", False):
            for one in objects:
                setattr(one, field.attname, now)
    read = attrgetter(*(field.attname for field in fields))
    prepare = [_preparing(field) for field in fields]
    rows = [
        tuple(
            value if type(value) in _PLAIN else ready(value)
            for value, ready in zip(read(one), prepare, strict=True)
        )
        for one in objects
    ]
    if rows:
        connection = connections[DEFAULT_DB_ALIAS]
        quote = connection.ops.quote_name
        names = ", ".join(quote(field.column) for field in fields)
        values = ", ".join(["%s"] * len(fields))
        statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({values})"  # noqa: S608  our own names
        with connection.cursor() as cursor:
            cursor.executemany(statement + conflict, rows)
    return len(rows)


def _preparing(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """Return how a value of the field is handed over."""
    known: dict[Any, Any] = {}
    connection = connections[DEFAULT_DB_ALIAS]  # itself: its proxy looks it up at each attribute

    def ready(value: Any) -> Any:
        if not isinstance(value, _REPEATED):
            return field.get_db_prep_save(value, connection)
        if value not in known:
            known[value] = field.get_db_prep_save(value, connection)
        return known[value]

    return ready


def _conflict(model: type[models.Model], unique: Sequence[str], update: Sequence[str]) -> str:
    if not unique:
        return ""

    columns = {field.name: field.column for field in _columns(model)}

    def column(name: str) -> str:
        return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(columns[name]))

    met = ", ".join(column(name) for name in unique)
    taken = ", ".join(f"{column(name)} = excluded.{column(name)}" for name in update)
    return f" ON CONFLICT ({met}) DO UPDATE SET {taken}"
