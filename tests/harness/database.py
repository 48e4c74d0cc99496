"""The test database: a file on SQLite, and after each flush the rows of the migrations again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import TransactionTestCase

from tests.harness.migrated import migrated_database, migrated_file

_PREFIX = "initial_row_of_"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Begin with a migrated copy: 170 migrations take 20 s, copying what they made takes none.

    On SQLite the test database is a file: threads and worker processes cannot share one in memory.
    """
    config = connections["default"].settings_dict
    cache = Path(request.config.cache.mkdir("caravan-database"))
    if config["ENGINE"].endswith("sqlite3"):
        config["TEST"]["NAME"] = str(Path(settings.VAR_DIR) / "test.sqlite3")
        shutil.copyfile(migrated_file(cache), config["TEST"]["NAME"])
    else:
        config["TEST"]["TEMPLATE"] = migrated_database(cache, config)
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """On SQLite the copy is the test database; on PostgreSQL one is made from the template."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep the rows that migrations made: a test with real transactions ends with a flush.

    Otherwise the second such test, and every test after it, would miss Wagtail's root page.
    """
    original = TransactionTestCase._fixture_teardown
    with django_db_blocker.unblock():
        _keep_initial_rows()
    TransactionTestCase._fixture_teardown = _flush_and_restore
    yield
    TransactionTestCase._fixture_teardown = original


@pytest.fixture
def on_commit(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[Any]]],
) -> Callable[[], AbstractContextManager[list[Any]]]:
    """``with on_commit():`` runs what the block left for the commit, inside a test's transaction."""

    def run() -> AbstractContextManager[list[Any]]:
        return django_capture_on_commit_callbacks(execute=True)

    return run


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep what module-wide fixtures write until the module's last test; each test goes back to it.

    For worlds that take long to build and that no test with real transactions uses.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_database_url() -> str:
    """Return the URL of the database this test runs on, for a process that is to share it."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    password = f":{config['PASSWORD']}" if config["PASSWORD"] else ""
    return f"postgresql://{config['USER']}{password}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


test_database_url.__test__ = False


def _tables() -> list[tuple[str, str]]:
    """Return each model's table with its columns, as quoted SQL."""
    quote = connection.ops.quote_name
    found = {}
    for model in connection.introspection.get_migratable_models():
        options: Any = model._meta
        if options.managed and not options.proxy:
            columns = [field.column for field in options.local_concrete_fields if not field.generated]
            found[options.db_table] = ", ".join(quote(column) for column in columns)
            for field in options.local_many_to_many:
                through = field.remote_field.through._meta
                found[through.db_table] = ", ".join(
                    quote(part.column) for part in through.local_concrete_fields
                )
    return sorted(found.items())


def _keep_initial_rows() -> None:
    with connection.cursor() as cursor:
        for table, columns in _tables():
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")
            if cursor.fetchone():
                copy = connection.ops.quote_name(_PREFIX + table)
                cursor.execute(f"DROP TABLE IF EXISTS {copy}")
                cursor.execute(f"CREATE TABLE {copy} AS SELECT {columns} FROM {name}")


def _flush_and_restore(self: TransactionTestCase) -> None:
    if connection.vendor == "postgresql":
        _empty_what_is_filled()
    else:
        with _append_only_lifted():
            call_command(
                "flush",
                verbosity=0,
                interactive=False,
                allow_cascade=False,
                inhibit_post_migrate=True,
                reset_sequences=False,
            )
    with transaction.atomic(), connection.cursor() as cursor:
        kept = set(connection.introspection.table_names(cursor))
        for table, columns in _tables():
            if _PREFIX + table in kept:
                quote = connection.ops.quote_name
                cursor.execute(
                    f"INSERT INTO {quote(table)} ({columns}) SELECT {columns} FROM {quote(_PREFIX + table)}"
                )


def _empty_what_is_filled() -> None:
    """Delete the rows of PostgreSQL's tables that have any: truncating them all takes longer.

    As a replica the server heeds neither foreign keys nor the triggers that refuse a delete.
    """
    quote = connection.ops.quote_name
    tables = [quote(table) for table, _columns in _tables()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM {one})" for one in tables)
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")


@contextmanager
def _append_only_lifted() -> Iterator[None]:
    """Take off SQLite's triggers that refuse a delete; on PostgreSQL they are not heeded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE %s", ["%RAISE(ABORT%"]
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        for _, definition in triggers:
            cursor.execute(definition)
