"""The audit log: one entry with its change, never changed, never removed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from cms import audit
from cms.models import AuditEntry, Organisation, User

NOW = timezone.now()


@pytest.fixture
def entry(db: None) -> AuditEntry:
    user = User.objects.create(username="planner", display_name="王老师")
    school = Organisation.objects.create(name="School", short_code="S", region_code="990101000000")
    with transaction.atomic():
        return audit.record("school.open", school, by=user, at=NOW, fields=["name"], count=2)


@pytest.mark.both
def test_an_entry_says_who_did_what_where(entry: AuditEntry) -> None:
    entry.refresh_from_db()
    assert (entry.action, entry.object_type) == ("school.open", "cms.organisation")
    assert (entry.actor_id, entry.actor_name) == (User.objects.get().pk, ""), "names are looked up, not kept"
    assert entry.region_code == "990101000000"
    assert entry.data == {"fields": ["name"], "count": 2}


@pytest.mark.both
def test_the_digest_is_of_what_is_stored(entry: AuditEntry) -> None:
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert audit.digest(stored) == stored.digest
    for name, value in {
        "action": "x",
        "object_id": "0",
        "actor_id": 0,
        "data": {},
        "region_code": "1",
    }.items():
        changed = AuditEntry.objects.get(pk=entry.pk)
        setattr(changed, name, value)
        assert audit.digest(changed) != stored.digest, name


@pytest.mark.both
def test_the_model_refuses_change_and_removal(entry: AuditEntry) -> None:
    with pytest.raises(TypeError):
        AuditEntry.objects.update(action="x")
    with pytest.raises(TypeError):
        AuditEntry.objects.all().delete()
    entry.action = "x"
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.delete()


def refused_by_the_database(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.both
@pytest.mark.parametrize(
    "statement", ["UPDATE cms_auditentry SET action = 'x'", "DELETE FROM cms_auditentry"]
)
def test_the_database_refuses_change_and_removal(entry: AuditEntry, statement: str) -> None:
    refused_by_the_database(statement)
    assert AuditEntry.objects.get(pk=entry.pk).action == "school.open"


@pytest.mark.postgresql
@pytest.mark.parametrize("statement", ["UPDATE cms_auditentry SET digest = ''", "DELETE FROM cms_auditentry"])
def test_postgresql_refuses_it_too(entry: AuditEntry, statement: str) -> None:
    refused_by_the_database(statement)


@pytest.mark.both
def test_an_entry_goes_with_its_change(entry: AuditEntry) -> None:
    school = Organisation.objects.get(short_code="S")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.record("school.close", school, by=None, at=NOW)
        raise ZeroDivisionError
    assert not AuditEntry.objects.filter(action="school.close").exists()


@pytest.mark.both
def test_an_entry_outside_a_transaction_is_refused(transactional_db: None) -> None:
    school = Organisation.objects.create(name="School", short_code="S", region_code="990101000000")
    with pytest.raises(transaction.TransactionManagementError):
        audit.record("school.close", school, by=None, at=NOW)
