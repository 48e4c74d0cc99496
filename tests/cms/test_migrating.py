"""The quick look whether a database is up to date, by which a second start is soon there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from cms.migrating import is_migrated

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_a_migrated_database_is_up_to_date_and_one_that_lacks_a_migration_is_not() -> None:
    executor = MigrationExecutor(connection)
    assert not executor.migration_plan(executor.loader.graph.leaf_nodes())
    assert is_migrated()
    MigrationRecorder(connection).migration_qs.filter(app="caravan").order_by("-pk")[0].delete()
    assert not is_migrated()
