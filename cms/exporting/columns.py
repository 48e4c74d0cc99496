"""What a column of an export is: title, kind, width, where its values come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.http import QueryDict
from django.utils import translation

from cms.models import User


class Kind(StrEnum):
    """How a value stands in a file; everything but the figures is text, in XLSX and in CSV."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    MOMENT = "moment"


FIGURES = frozenset({Kind.WHOLE, Kind.NUMBER, Kind.MONEY})


@dataclass(frozen=True)
class Context:
    """For whom, when and of which rows an export is made.

    ``query`` is what the list is narrowed to; ``in_clear``: with full document numbers where that is allowed.
    """

    user: User
    at: dt.datetime
    query: QueryDict = field(default_factory=QueryDict)
    in_clear: bool = False


Lookup = Callable[[Set[Any], Context], Mapping[Any, Any]]


@dataclass(frozen=True)
class Column:
    """One column. ``title`` stands in the file, always Chinese.

    ``source`` is a path of the model as ``values_list`` takes it, or several that make one key. ``show``
    turns a value into what is written. ``lookup`` answers for all keys of a batch of rows at once, so that no
    row asks the database by itself; a key that it leaves out gives None. Columns that share a ``lookup`` and a
    ``source`` share its answer; each takes its part by ``show``.
    ``is_personal`` marks what names or describes a person; ``is_number`` a document number, masked unless the
    export is made with numbers in clear.
    """

    key: str
    title: str
    source: str | tuple[str, ...] = ""
    kind: Kind = Kind.TEXT
    width: int = 12
    show: Callable[[Any], Any] | None = None
    lookup: Lookup | None = None
    is_personal: bool = False
    is_number: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths that are read."""
        found = self.source or self.key
        return (found,) if isinstance(found, str) else found


def labels(choices: Iterable[tuple[Any, Any]]) -> Callable[[Any], str]:
    """Return a ``show`` that writes the words of ``choices``; they are looked up when a row is written."""
    rows = list(choices)
    known: dict[Any, str] = {}

    def show(value: Any) -> str:
        if not known:  # files are Chinese whatever the reader has chosen: one set of words serves all
            with translation.override("zh-hans"):
                known.update({key: str(label) for key, label in rows})
        return known.get(value, "") if value not in (None, "") else ""

    return show
