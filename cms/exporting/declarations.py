"""What an app says about a table that can be exported; the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from cms.errors import DomainError
from cms.exporting.columns import Column, Context
from cms.exporting.keys import Keys
from cms.models import User
from cms.registry import Registry
from cms.search.names import found_by

# What a list shows or pages by, not what it is narrowed to.
_NO_FILTERS = frozenset({"p", "page", "ordering", "export", "index_results", "_w_filter_fragment"})


@dataclass(frozen=True)
class Export:
    """A table that can be exported.

    ``lists`` are the names of the lists whose 导出 button leads here; the first is where its reader came from.
    ``permission`` is the right to export, apart from the right to see. ``filters`` is the list's own class of
    filters and ``search_fields`` its search, so that what the list shows is what is exported.
    ``select`` replaces both where a list is no plain query: it returns the rows' keys in their order.
    ``sheet`` names the worksheet, ``notes`` go onto the sheet of explanations; both Chinese.
    """

    slug: str
    title: str | Promise
    model: type[models.Model]
    permission: str
    columns: tuple[Column, ...]
    lists: tuple[str, ...]
    ordering: tuple[str, ...] = ("pk",)
    filters: type[Any] | None = None
    search_fields: tuple[str, ...] = ()
    narrow: Callable[[QuerySet[Any], Context], QuerySet[Any]] | None = None
    select: Callable[[Context], Iterable[int]] | None = None
    sheet: str = "数据"
    notes: tuple[str, ...] = ()

    @property
    def holds_numbers(self) -> bool:
        """Whether a column shows document numbers."""
        return any(column.is_number for column in self.columns)

    def chosen(self, keys: Iterable[str]) -> tuple[Column, ...]:
        """Return the columns with ``keys``, in the order they are declared."""
        wanted = set(keys)
        return tuple(column for column in self.columns if column.key in wanted)


exports: Registry[Export] = Registry("exports")


def register_exports(*declared: Export) -> None:
    """Add exports under their slugs."""
    for export in declared:
        exports.register(export.slug, export)


def exports_of_list(url_name: str, user: User) -> list[Export]:
    """Return what ``user`` may export from the list with that URL name."""
    return [one for one in exports if url_name in one.lists and user.has_perm(one.permission)]


def filters_of(query: QueryDict) -> QueryDict:
    """Return what a list is narrowed to: its query without pages, order and empty fields."""
    kept = query.copy()
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value.strip()]
        if name in _NO_FILTERS or not values:
            del kept[name]
        else:
            kept.setlist(name, values)
    return kept


def visible_rows(export: Export, user: User) -> QuerySet[Any]:
    """Return the rows that ``user`` may see, each once, without the joins that found them."""
    manager: Any = export.model._default_manager
    return manager.filter(pk__in=manager.visible_to(user).order_by().values("pk"))  # type: ignore[no-any-return]  # a manager of any model


def keys_of(export: Export, context: Context) -> Keys:
    """Return the primary keys of the rows, in order. Refuses ``filters_wrong``."""
    if export.select is not None:
        return Keys(export.select(context))
    rows = _narrowed(export, visible_rows(export, context.user), context)
    return Keys(rows.order_by(*export.ordering, "pk").values_list("pk", flat=True).iterator())


def _narrowed(export: Export, rows: QuerySet[Any], context: Context) -> QuerySet[Any]:
    query = context.query
    if export.filters is not None:
        # The filters of a list ask their request for nothing but its user.
        found = export.filters(query, queryset=rows, request=SimpleNamespace(user=context.user))
        if not found.is_valid():
            words = "；".join(str(text) for texts in found.errors.values() for text in texts)
            raise DomainError("filters_wrong", words)
        rows = found.qs
    words = query.get("q", "").strip()
    if words and export.search_fields:
        rows = found_by(rows, words, export.search_fields)
    return export.narrow(rows, context) if export.narrow is not None else rows


def filter_words(export: Export, query: QueryDict, user: User) -> list[tuple[str, str]]:
    """Return label and value of each filter, in the reader's words."""
    found = []
    form = None
    if export.filters is not None:
        rows = export.model._default_manager.none()
        form = export.filters(query, queryset=rows, request=SimpleNamespace(user=user)).form
    for name in query:
        field = form.fields.get(name) if form is not None else None
        label = str(field.label) if field is not None and field.label else _PLAIN.get(name, "")
        values = [_shown(field, value) for value in query.getlist(name)]
        if label:
            found.append((label, "、".join(values)))
    return found


def _shown(field: Any, value: str) -> str:
    choices = getattr(field, "choices", None)
    if choices is None:
        return value
    for key, words in choices:
        if isinstance(words, (list, tuple)):
            inner = next((text for inner_key, text in words if str(inner_key) == value), None)
            if inner is not None:
                return str(inner)
        elif str(key) == value:
            return str(words)
    return value


_PLAIN: dict[str, Any] = {"q": gettext_lazy("搜索")}
