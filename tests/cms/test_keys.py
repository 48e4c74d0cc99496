"""Keys change on live data: everything stays readable and findable, nothing is registered twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from cms import crypto, rotation
from cms.enums import FileKind, IdType, JobState, Sex
from cms.errors import DomainError
from cms.identity import demo_number
from cms.jobs import carry_out
from cms.models import DocumentDigest, Job, Organisation, Person, PersonDocument, StoredFile
from cms.services import files, people
from cms.services.accounts import find_slip, make_slip
from cms.services.rotation import key_states, start_rotation
from tests.cms.test_people import register

OLD_FIELD, NEW_FIELD = (Fernet.generate_key().decode() for _ in range(2))
OLD_LOOKUP, NEW_LOOKUP = "an older look-up key", "a newer look-up key"
NUMBERS = [demo_number(dt.date(1980, 1, day), day, Sex.FEMALE) for day in range(1, 7)]
NOW = timezone.now()


@pytest.fixture
def old_keys(settings: Any) -> Any:
    settings.FIELD_KEYS, settings.LOOKUP_KEYS = [OLD_FIELD], [OLD_LOOKUP]
    return settings


@pytest.fixture
def school(old_keys: Any, db: None) -> Organisation:
    return Organisation.objects.create(name="学校", short_code="KEY", region_code="990101000000")


def both_keys(settings: Any) -> None:
    settings.FIELD_KEYS, settings.LOOKUP_KEYS = [NEW_FIELD, OLD_FIELD], [NEW_LOOKUP, OLD_LOOKUP]


def new_keys(settings: Any) -> None:
    settings.FIELD_KEYS, settings.LOOKUP_KEYS = [NEW_FIELD], [NEW_LOOKUP]


def stored(content: bytes, kind: FileKind = FileKind.EVIDENCE) -> StoredFile:
    return files.store_file(content, kind=kind, name="a.bin", content_type="x/y", by=None, at=NOW)


def stale() -> dict[str, int]:
    return {state.name: state.stale for state in key_states() if state.stale}


def test_everything_moves_to_the_newest_keys_and_the_old_ones_can_go(
    school: Organisation, old_keys: Any
) -> None:
    for number in NUMBERS:
        register(school, number=number)
    file = stored(b"secret")
    both_keys(old_keys)
    assert stale() == {"documents": 6, "document_digests": 6, "files": 1}
    old_name = file.content.name
    job = start_rotation(by=None, at=NOW)
    assert start_rotation(by=None, at=NOW) == job, "one at a time"
    carry_out(str(job.pk))
    assert Job.objects.get().state == JobState.DONE
    assert stale() == {}
    new_keys(old_keys)
    assert [crypto.decrypt_text(one.number_token) for one in PersonDocument.objects.order_by("pk")] == NUMBERS
    assert all(people.find_person(IdType.CITIZEN_ID, number) for number in NUMBERS)
    file.refresh_from_db()
    assert files.read_file(file) == b"secret"
    assert file.content.name != old_name
    # With the old look-up key gone a second run forgets its digests.
    assert set(DocumentDigest.objects.values_list("key_id", flat=True)) == {
        crypto.key_id(NEW_LOOKUP), crypto.key_id(OLD_LOOKUP),
    }  # fmt: skip
    call_command("rotate_keys")
    assert set(DocumentDigest.objects.values_list("key_id", flat=True)) == {crypto.key_id(NEW_LOOKUP)}
    with pytest.raises(DomainError) as refusal:
        start_rotation(by=None, at=NOW)
    assert refusal.value.code == "nothing_to_rotate"


def test_while_two_keys_are_in_use_a_number_is_registered_once(school: Organisation, old_keys: Any) -> None:
    before, _new = register(school, number=NUMBERS[0])
    both_keys(old_keys)
    assert register(school, number=NUMBERS[0]) == (before, False)
    after, _new = register(school, number=NUMBERS[1])
    # A process that was not restarted yet knows the old key alone.
    old_keys.FIELD_KEYS, old_keys.LOOKUP_KEYS = [NEW_FIELD, OLD_FIELD], [OLD_LOOKUP]
    assert register(school, number=NUMBERS[1]) == (after, False)
    assert Person.objects.count() == 2


def test_the_database_refuses_a_number_under_either_key(school: Organisation, old_keys: Any) -> None:
    register(school, number=NUMBERS[0])
    both_keys(old_keys)
    register(school, number=NUMBERS[1])
    old, new = (DocumentDigest.objects.filter(key_id=crypto.key_id(key)) for key in (OLD_LOOKUP, NEW_LOOKUP))
    assert (old.count(), new.count()) == (2, 1)
    other = PersonDocument.objects.create(
        person=Person.objects.create(legal_name="别人"), id_type=IdType.CITIZEN_ID, recorded_at=NOW,
        number_token=crypto.encrypt_text(NUMBERS[0]), masked="x", last_four="0",
    )  # fmt: skip
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        rotation.keyed_stores.get("document_digests").renew(other)


def test_a_killed_rotation_goes_on_and_new_rows_are_not_touched(
    school: Organisation, old_keys: Any, monkeypatch: Any
) -> None:
    for number in NUMBERS[:4]:
        register(school, number=number)
    both_keys(old_keys)
    monkeypatch.setattr("cms.services.rotation.ROWS", 2)
    job = start_rotation(by=None, at=NOW)
    store = rotation.keyed_stores.get("documents")
    renewed: list[int] = []

    class Killed(BaseException):
        pass

    def renew(row: PersonDocument) -> None:
        if len(renewed) == 3:
            raise Killed
        renewed.append(row.pk)
        store.renew(row)

    with monkeypatch.context() as patched:
        patched.setitem(
            rotation.keyed_stores._items,  # the registry's only door is code
            "documents",
            rotation.KeyedStore(store.label, store.rows, store.stale, renew),
        )
        with pytest.raises(Killed):
            carry_out(str(job.pk))
    assert stale() == {"documents": 2, "document_digests": 4}, "the stretch in hand was rolled back whole"
    register(school, number=NUMBERS[4])
    Job.objects.update(lease_until=NOW - dt.timedelta(hours=1))
    carry_out(str(job.pk))
    assert (Job.objects.get().state, stale()) == (JobState.DONE, {})


def test_a_value_that_no_key_opens_is_named_and_left_alone(school: Organisation, old_keys: Any) -> None:
    register(school, number=NUMBERS[0])
    lost, _new = register(school, number=NUMBERS[1])
    document = lost.documents.get()
    token = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    PersonDocument.objects.filter(pk=document.pk).update(number_token=f"00000000:{token}")
    both_keys(old_keys)
    with pytest.raises(CommandError, match="旧密钥不能撤"):
        call_command("rotate_keys")
    item = Job.objects.get().items.get(state="refused", key__startswith="documents|")
    assert (item.code, str(document.pk) in item.message) == ("key_missing", True)
    assert PersonDocument.objects.get(pk=document.pk).number_token.endswith(token)


def test_a_slip_printed_before_the_change_still_opens(
    school: Organisation, old_keys: Any, django_user_model: Any
) -> None:
    person, _new = register(school, number=NUMBERS[0])
    clerk = django_user_model.objects.create(username="clerk")
    slip, code = make_slip(person, school, by=clerk, at=NOW)
    both_keys(old_keys)
    assert find_slip(code, at=NOW) == slip


_TOKENS = (
    "number_token", "errors_token", "snapshot_token", "private_token", "text_token", "wanted_token", "note_token",
    "answer_token",
)  # fmt: skip


def test_every_token_column_is_registered() -> None:
    """A column that rotation does not know would be lost with its key."""
    columns = {
        (model, field.name)
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"cms", "courses", "caravan", "certificates"}
        for field in model._meta.get_fields()
        if isinstance(field, models.TextField) and field.name.endswith("_token")
    }
    known = {
        (store.rows().model, name)
        for store in rotation.keyed_stores
        for name in _TOKENS
        if any(field.name == name for field in store.rows().model._meta.get_fields())
    }
    assert columns == known


@pytest.mark.parametrize("kind", [FileKind.ROSTER, FileKind.EVIDENCE, FileKind.BATCH_EXPORT])
def test_sensitive_files_are_encrypted_in_the_store(school: Organisation, kind: FileKind) -> None:
    file = stored(b"PK name and number", kind)
    with file.content.open("rb") as stream:
        assert b"name and number" not in stream.read()
    assert file.key_id == crypto.key_id(OLD_FIELD)


def test_a_file_whose_key_is_gone_says_so(school: Organisation, old_keys: Any) -> None:
    file = stored(b"secret")
    new_keys(old_keys)
    with pytest.raises(DomainError) as refusal:
        files.read_file(file)
    assert refusal.value.code == "file_locked"


def test_what_a_killed_process_left_is_swept(school: Organisation) -> None:
    files.discard_nameless_bytes(NOW + dt.timedelta(hours=2))  # what other tests rolled back
    stray, kept = stored(b"stray"), stored(b"kept")
    Job.objects.create(kind="x", title="x", created_at=NOW, result=kept)
    storage, name = stray.content.storage, stray.content.name
    nameless = storage.save(kept.content.name, stray.content)
    assert files.discard_strays(NOW) == files.discard_nameless_bytes(NOW) == 0, "not yet"
    later = NOW + dt.timedelta(hours=2)
    assert files.discard_strays(later) == 1
    assert not storage.exists(name)
    assert files.discard_nameless_bytes(later) == 1
    assert not storage.exists(nameless)
    assert files.read_file(kept) == b"kept"
