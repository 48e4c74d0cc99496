"""The search backend named in ``WAGTAILSEARCH_BACKENDS``: the vendor's, fed with words it can tell apart.

Left alone, both databases take a run of Han characters for one word and find only the whole run.
Indexing and asking go through ``cms.search.words``; storage, ranking and filters stay the vendor's.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.encoding import force_str
from modelsearch.backends.base import BaseSearchBackend, EmptySearchResults
from modelsearch.query import And, Boost, Fuzzy, Not, Or, Phrase, PlainText

from cms.search.words import index_words, query_words


def SearchBackend(params: dict[str, Any]) -> BaseSearchBackend:
    """Return the backend of the default database; raise ``NotImplementedError`` for a third kind."""
    if connection.vendor == "sqlite":
        return _sqlite_backend(params)
    if connection.vendor == "postgresql":
        return _postgresql_backend(params)
    raise NotImplementedError(f"No Chinese search on {connection.vendor}.")


def search_or_similar(queryset: Any, words: str) -> tuple[list[Any], bool]:
    """Return the objects that hold all ``words``, best first, and ``True``; else those that hold some.

    The second value is ``False`` when only similar ones are returned (one to two searches).
    """
    found = list(queryset.search(words, operator="and"))
    if found:
        return found, True
    return list(queryset.search(words, operator="or")), False


class _Indexing:
    """Of an object indexer: hand over words instead of running text."""

    def prepare_value(self, value: Any) -> str:
        """Return the words of a field's value, separated by spaces."""
        if isinstance(value, list):
            return " ".join(self.prepare_value(item) for item in value)
        if isinstance(value, dict):
            return " ".join(self.prepare_value(item) for item in value.values())
        return " ".join(index_words(force_str(value)))


class _Asking:
    """Of a backend: ask for words. ``fields`` is not kept: the index is one text an object."""

    def _search(self, compiler: Any, query: Any, model_or_queryset: Any, **options: Any) -> Any:
        options["fields"] = None
        asked = _asked(query, options.get("operator") or "and")
        if asked is None:
            return EmptySearchResults()
        return super()._search(compiler, asked, model_or_queryset, **options)  # type: ignore[misc]  # a mixin


def _asked(query: Any, operator: str) -> Any:
    """Return ``query`` over words, or ``None`` when nothing in it can be searched for."""
    if isinstance(query, str):
        return _plain(query, operator)
    if isinstance(query, PlainText):
        return _plain(query.query_string, query.operator)
    if isinstance(query, Phrase | Fuzzy):
        return _plain(query.query_string, "and")
    if isinstance(query, Boost):
        return _asked(query.subquery, operator)
    if isinstance(query, And | Or):
        parts = [part for one in query.subqueries if (part := _asked(one, operator)) is not None]
        return type(query)(parts) if parts else None
    if isinstance(query, Not):
        part = _asked(query.subquery, operator)
        return None if part is None else Not(part)
    return query


def _plain(text: str, operator: str) -> PlainText | None:
    words = query_words(text)
    return PlainText(" ".join(words), operator=operator) if words else None


def _sqlite_backend(params: dict[str, Any]) -> BaseSearchBackend:
    from modelsearch.backends.database.sqlite import sqlite

    _install_indexer(sqlite)

    class SQLiteBigramBackend(_Asking, sqlite.SQLiteSearchBackend):
        pass

    return SQLiteBigramBackend(params)


def _postgresql_backend(params: dict[str, Any]) -> BaseSearchBackend:
    from modelsearch.backends.database.postgres import postgres

    _install_indexer(postgres)

    class PostgresBigramBackend(_Asking, postgres.PostgresSearchBackend):
        pass

    # "simple" stems nothing, so both databases find the same.
    return PostgresBigramBackend({"SEARCH_CONFIG": "simple", **params})


def _install_indexer(module: Any) -> None:
    """Let the vendor's ``add_items`` build our indexer: it names the class as a global, not as an attribute."""
    if not issubclass(module.ObjectIndexer, _Indexing):
        module.ObjectIndexer = type("BigramIndexer", (_Indexing, module.ObjectIndexer), {})
