"""Whether a database has every migration, told without reading the migrations themselves."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def is_migrated() -> bool:
    """Return whether every migration on disk is noted as applied: names only, some hundredths of a second.

    ``migrate`` would find nothing to do either, but reads every migration to find out. ``False`` where the
    database cannot be asked.
    """
    try:
        applied = MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return False
    return all(one in applied for one in _on_disk())


def _on_disk() -> Iterator[tuple[str, str]]:
    for app in apps.get_app_configs():
        module, _chosen = MigrationLoader.migrations_module(app.label)
        if module is None:
            continue
        try:
            package = import_module(module)
        except ModuleNotFoundError:
            continue  # an app without migrations
        for found in pkgutil.iter_modules(getattr(package, "__path__", [])):
            if not found.ispkg and found.name[0] not in "_~":
                yield app.label, found.name
