"""Take the database out as one consistent file, and put such a file in: SQLite and PostgreSQL."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from cms.operations.backup.errors import BackupError

# One of these with a row in it, and somebody works with the database.
USED_TABLES = ("cms_user", "cms_organisation", "cms_person")
Settings = Mapping[str, Any]


class DatabaseTool(Protocol):
    """What differs between the two databases."""

    def dump(self, target: Path) -> dict[str, int]:
        """Write a consistent copy to ``target``; return the rows of each table in that copy."""
        ...

    def check(self, source: Path) -> None:
        """Raise ``BackupError`` when the copy cannot be read."""
        ...

    def load(self, source: Path, keep_as: str) -> None:
        """Replace the whole database by the copy, all or nothing; ``keep_as`` names what SQLite keeps."""
        ...

    def tables(self) -> dict[str, int]:
        """Return the rows of each table; no table in a new database."""
        ...

    def users(self) -> str:
        """Name who is connected, empty when nobody is."""
        ...


def database_tool(vendor: str, config: Settings) -> DatabaseTool:
    """Return the tool for a database's settings."""
    return PostgreSQLTool(config) if vendor == "postgresql" else SQLiteTool(config)


class SQLiteTool:
    """The copy is a database file; taking it locks no writer out for longer than the copying takes."""

    def __init__(self, config: Settings) -> None:
        self.path = Path(str(config["NAME"]))

    def dump(self, target: Path) -> dict[str, int]:
        """Copy page by page in one read transaction, so writers of the meantime are not half in it."""
        with _sqlite(self.path) as source, _sqlite(target) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            return _sqlite_tables(copy)

    def check(self, source: Path) -> None:
        """SQLite's own look at every page."""
        with _sqlite(source) as copy:
            try:
                said = copy.execute("PRAGMA integrity_check").fetchone()[0]
            except sqlite3.DatabaseError as error:
                said = str(error)
        if said != "ok":
            raise BackupError(f"The database of the archive is damaged: {said}")

    def load(self, source: Path, keep_as: str) -> None:
        """Put the file into its place by renaming; the one that was there stays beside it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            with _sqlite(self.path) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if self.tables():
                self.path.rename(self.path.with_name(f"{self.path.name}{keep_as}"))
        for left in ("-wal", "-shm"):
            self.path.with_name(self.path.name + left).unlink(missing_ok=True)
        staged = self.path.with_name(self.path.name + ".restoring")
        shutil.move(source, staged)
        staged.replace(self.path)

    def tables(self) -> dict[str, int]:
        """Count each table's rows."""
        if not self.path.exists():
            return {}
        with _sqlite(self.path) as database:
            return _sqlite_tables(database)

    def users(self) -> str:
        """Ask the lock that ``serve`` holds for as long as it runs."""
        lock = self.path.parent / "serve.lock"
        if not lock.exists():
            return ""
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return "manage.py serve"
        return ""


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=20)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def _sqlite_tables(database: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    names = [row[0] for row in database.execute(query)]
    return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608 - names from the catalogue


class PostgreSQLTool:
    """The copy is made by ``pg_dump`` in its custom format, under the snapshot in which rows are counted."""

    def __init__(self, config: Settings) -> None:
        self._config = config

    def dump(self, target: Path) -> dict[str, int]:
        """Count and dump under one exported snapshot."""
        with self._connect() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = connection.execute("SELECT pg_export_snapshot()").fetchone()
            tables = _postgresql_tables(connection)
            self._run(
                [
                    _program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--no-comments",
                    f"--snapshot={found[0] if found else ''}", f"--file={target}",
                ]
            )  # fmt: skip
        return tables

    def check(self, source: Path) -> None:
        """Let ``pg_restore`` read the dump to its end, into nothing."""
        self._run([_program("pg_restore"), "--file=/dev/null", str(source)])

    def load(self, source: Path, keep_as: str) -> None:
        """Empty the schema and load the dump in one transaction: a failure leaves what was there."""
        reading = subprocess.Popen(  # noqa: S603 - a program of the server's package
            [
                _program("pg_restore"),
                "--no-owner",
                "--no-privileges",
                "--no-comments",
                "--file=-",
                str(source),
            ],
            stdout=subprocess.PIPE,
        )
        writing = subprocess.Popen(  # noqa: S603 - a program of the server's package
            [_program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "--single-transaction", "-f", "-"],
            env=self._environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        error = _pass_on(reading, writing)
        if error:
            raise BackupError(f"The database could not be loaded, and is as it was: {error}")

    def tables(self) -> dict[str, int]:
        """Count each table's rows."""
        with self._connect() as connection:
            return _postgresql_tables(connection)

    def users(self) -> str:
        """Count other connections to this database."""
        with self._connect() as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchone()
        return f"{found[0]} connections to the database" if found and found[0] else ""

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        env = self._environment()
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "sslmode": "SSLMODE"}
        given: dict[str, Any] = {option: env.get(f"PG{name}") for option, name in names.items()}
        address = make_conninfo("", dbname=str(self._config["NAME"]), connect_timeout=10, **given)
        try:
            return psycopg.connect(address)
        except psycopg.OperationalError as error:
            raise BackupError(f"The database cannot be reached: {type(error).__name__}.") from error

    def _environment(self) -> dict[str, str]:
        """Hand the password over where no list of processes shows it."""
        given = {
            "PGHOST": self._config.get("HOST"),
            "PGPORT": self._config.get("PORT"),
            "PGUSER": self._config.get("USER"),
            "PGPASSWORD": self._config.get("PASSWORD"),
            "PGDATABASE": self._config.get("NAME"),
            "PGSSLMODE": (self._config.get("OPTIONS") or {}).get("sslmode"),
        }
        return {**os.environ, **{name: str(value) for name, value in given.items() if value}}

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(  # noqa: S603 - a program of the server's package
            command, env=self._environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BackupError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")


def _pass_on(reading: subprocess.Popen[bytes], writing: subprocess.Popen[bytes]) -> str:
    """Pass the dump from one program to the other; return why it failed, empty when it did not."""
    if reading.stdout is None or writing.stdin is None:
        raise AssertionError("both were started with pipes")
    try:
        writing.stdin.write(b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
        shutil.copyfileobj(reading.stdout, writing.stdin)
        if reading.wait():
            # Without this the transaction would end with half a dump, and be committed.
            writing.stdin.write(b"\nSELECT 1 / 0;\n")
    except BrokenPipeError:
        pass  # psql stopped at an error and says which
    finally:
        reading.stdout.close()
    _out, said = writing.communicate()
    reading.wait()
    if writing.returncode == 0 and reading.returncode == 0:
        return ""
    return said.decode(errors="replace").strip()[-500:] or "the dump cannot be read"


def _postgresql_tables(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[str, int]:
    names = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    ).fetchall()
    counts = {}
    for (name,) in names:
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        counts[name] = int(found[0]) if found else 0
    return counts


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackupError(f"{name} is not installed. Install it: apt-get install postgresql-client")
    return path
