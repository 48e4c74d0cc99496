"""One function that turns ``DATABASE_URL`` into Django's database settings."""

from __future__ import annotations

from typing import Any

import dj_database_url

# parts measured: IMMEDIATE + WAL is what keeps concurrent writers from "database is locked".
SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;",
}


def database_from_url(url: str) -> dict[str, Any]:
    """Return the settings of the default database for a ``sqlite:`` or ``postgresql:`` URL."""
    config: dict[str, Any] = dict(dj_database_url.parse(url))
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {**config.get("OPTIONS", {}), **SQLITE_OPTIONS}
    else:
        config["CONN_HEALTH_CHECKS"] = True
        config["CONN_MAX_AGE"] = 60
    return config
