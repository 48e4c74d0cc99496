"""What can be imported: each app declares its kinds, one path and one set of screens serves them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise

from cms.enums import FileKind, RowOutcome
from cms.importing.reader import Heading, SourceRow, Table
from cms.importing.resources import ImportedRow
from cms.models import Organisation, User
from cms.registry import Registry


@dataclass(frozen=True)
class ImportSetting:
    """Whose rows they are, where they come from, who imports them and when.

    ``document`` is the decree that renumbered places rest on; ``seen`` is what ``look_over`` returned.
    """

    organisation: Organisation | None
    source: str
    document: str
    by: User | None
    at: dt.datetime
    seen: Any = None


class TableResource(Protocol):
    """Judges rows of a table, then writes them."""

    def judge(self, rows: Sequence[SourceRow]) -> Sequence[ImportedRow]:
        """Return the rows as judged; nothing is changed."""

    def apply(self, rows: Sequence[Any]) -> None:
        """Write judged rows in the caller's transaction; a late refusal becomes a finding of its row."""


@dataclass(frozen=True)
class ImportKind:
    """A kind of import.

    ``label`` names it in lists, ``unit`` is what one row is called (人, 个). ``permission`` is who may
    import. ``headings`` are asked when a file is read: other apps may add columns. ``look_over`` sees all
    rows of the file once, for what only the whole file tells. ``whole``: all rows or none, judged and
    written at once; else each row stands on its own and the refused ones stay out. ``writes`` are the
    outcomes that change something on confirmation. ``guidance`` are the sentences of the template.
    ``asks_document`` says from the judged rows whether the confirmation needs a decree.
    ``result_url_name`` is the list where what came in is seen.
    """

    name: str
    label: str | Promise
    unit: str | Promise
    headings: Callable[[], Sequence[Heading]]
    resource: Callable[[Table, ImportSetting], TableResource]
    permission: str
    result_url_name: str
    intro: str | Promise
    look_over: Callable[[Sequence[SourceRow]], Any] | None = None
    needs_organisation: bool = False
    whole: bool = False
    writes: frozenset[RowOutcome] = frozenset({RowOutcome.NEW, RowOutcome.DIFFERS})
    file_kind: FileKind = FileKind.IMPORT
    guidance: tuple[str | Promise, ...] = ()
    asks_document: Callable[[Sequence[ImportedRow]], bool] | None = None


import_kinds: Registry[ImportKind] = Registry("import_kinds")


def kinds_of(user: User) -> list[ImportKind]:
    """Return the kinds that ``user`` may import, in order of registration."""
    return [kind for kind in import_kinds if user.has_perm(kind.permission)]


def kind_label(name: str) -> str:
    """Return what readers call a kind, or its name where the app that had it is gone."""
    return str(import_kinds.get(name).label) if name in import_kinds else name
