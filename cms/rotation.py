"""What hangs on the installation's keys, and how each of it moves to the newest key.

An app registers every column that holds a token of ``cms.crypto`` (a guard test compares with the
models' ``*_token`` fields); the ground itself adds private files and look-up digests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from cms import crypto
from cms.registry import Registry


@dataclass(frozen=True)
class KeyedStore:
    """Values of one kind that were made with one of the installation's keys.

    ``rows`` returns all rows that hold such a value and ``stale`` those whose value was not made with
    the newest key. ``renew`` moves one row to the newest key, safe to repeat and beside other writers;
    it raises ``ValueError`` when no key opens the value.
    """

    label: Any
    rows: Callable[[], QuerySet[Any]]
    stale: Callable[[], QuerySet[Any]]
    renew: Callable[[Any], None]


keyed_stores: Registry[KeyedStore] = Registry("keyed_stores")


def token_column(model: type[Model], field: str, label: Any) -> KeyedStore:
    """Return the store of a text column that holds tokens of ``cms.crypto.encrypt_text``; blank is none."""
    manager = model._default_manager

    def rows() -> QuerySet[Any]:
        return manager.exclude(**{field: ""})

    def stale() -> QuerySet[Any]:
        return rows().exclude(**{f"{field}__startswith": f"{crypto.field_key_id()}:"})

    def renew(row: Any) -> None:
        old = getattr(row, field)
        new = crypto.encrypt_text(crypto.decrypt_text(old))
        # Only if nobody changed it meanwhile: what somebody writes now is under the newest key anyway.
        manager.filter(pk=row.pk, **{field: old}).update(**{field: new})

    return KeyedStore(label, rows, stale, renew)
