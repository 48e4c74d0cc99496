"""What only the database can promise: an append-only event log, and no resource in two places."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from cms.database import drop_append_only, make_append_only


def forbid_overlaps(apps: Any, schema_editor: Any) -> None:
    """Exclude overlapping bookings of one resource (PostgreSQL; SQLite has one writer at a time)."""
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    schema_editor.execute(
        "ALTER TABLE caravan_booking ADD CONSTRAINT caravan_booking_no_overlap "
        "EXCLUDE USING gist (resource_key WITH =, tstzrange(starts_at, ends_at) WITH &&)"
    )


def allow_overlaps(apps: Any, schema_editor: Any) -> None:
    """Drop the exclusion."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE caravan_booking DROP CONSTRAINT caravan_booking_no_overlap")


class Migration(migrations.Migration):
    dependencies = [("caravan", "0002_initial")]

    operations = [
        migrations.RunPython(
            make_append_only("caravan_attendanceevent"), drop_append_only("caravan_attendanceevent")
        ),
        migrations.RunPython(forbid_overlaps, allow_overlaps),
    ]
