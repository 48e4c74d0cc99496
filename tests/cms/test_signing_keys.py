"""Signing keys, what of them is published, and the screens around them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms import crypto
from cms.audit_check import Figures, check_log
from cms.enums import SigningKeyState, SigningKeyStore
from cms.errors import DomainError
from cms.models import AuditEntry, AuditSeal, Organisation, SigningKey, User
from cms.roles import Role
from cms.seals import latest_seal
from cms.services.memberships import grant_role, sync_roles
from cms.services.sealing import seal_entries
from cms.services.signing_keys import (
    activate_key,
    ensure_installation_key,
    make_key,
    retire_key,
    revoke_key,
)
from cms.signing import KeyUnavailable, new_private_pem, signer_of, unb64, verifies

NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def school(db: None) -> Organisation:
    return Organisation.objects.create(name="星河学校", short_code="S", region_code="990101000000", uscc="")


def user(name: str, role: Role, organisation: Organisation) -> User:
    sync_roles()
    made = User.objects.create(username=name, display_name=name)
    grant_role(made, role, organisation, by=None, at=NOW, valid_until=dt.date(2099, 1, 1))
    return made


@pytest.mark.both
def test_the_installation_has_one_key_however_often_it_is_asked_for(db: None) -> None:
    key = ensure_installation_key(at=NOW)
    assert ensure_installation_key(at=NOW + HOUR) == key
    assert (key.organisation_id, key.state, key.store) == (None, "active", SigningKeyStore.DATABASE)
    assert "PRIVATE KEY" not in key.private_token, "encrypted with FIELD_KEYS"
    assert "PRIVATE KEY" in crypto.decrypt_text(key.private_token)


@pytest.mark.both
def test_a_new_key_takes_over_and_the_old_one_stays_known(school: Organisation) -> None:
    first = activate_key(make_key(school, by=None, at=NOW), by=None, at=NOW)
    signature = signer_of(first).sign(b"said then")
    second = activate_key(make_key(school, by=None, at=NOW), by=None, at=NOW + HOUR)
    first.refresh_from_db()
    assert (first.state, first.valid_until, second.valid_from) == ("retired", NOW + HOUR, NOW + HOUR)
    assert verifies(first.public_jwk, b"said then", signature)
    assert not verifies(first.public_jwk, b"said now", signature)
    assert not verifies(second.public_jwk, b"said then", signature)
    with pytest.raises(KeyUnavailable):
        signer_of(first)
    with pytest.raises(DomainError) as error:
        activate_key(first, by=None, at=NOW)
    assert error.value.code == "key_state"
    told = set(AuditEntry.objects.values_list("action", flat=True))
    assert told == {"signing_key.make", "signing_key.activate", "signing_key.retire"}


def test_a_key_outside_takes_over_and_never_enters_the_database(db: None, settings: Any) -> None:
    inside = ensure_installation_key(at=NOW)
    pem = new_private_pem()
    settings.SIGNING_KEYS = [pem]
    outside = ensure_installation_key(at=NOW + HOUR)
    assert ensure_installation_key(at=NOW + HOUR) == outside != inside
    assert (outside.store, outside.private_token) == (SigningKeyStore.ENVIRONMENT, "")
    assert verifies(outside.public_jwk, b"x", signer_of(outside).sign(b"x"))
    settings.SIGNING_KEYS = []
    with pytest.raises(KeyUnavailable):
        signer_of(outside)
    with pytest.raises(DomainError) as error:
        make_key(None, by=None, at=NOW, outside_pem=pem)
    assert error.value.code == "key_known"


def test_pem_keys_come_from_the_environment_or_a_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from cms.settings.env import env_pems

    monkeypatch.delenv("SIGNING_KEYS", raising=False)
    assert env_pems("SIGNING_KEYS") == []
    first, second = new_private_pem(), new_private_pem()
    (tmp_path / "keys.pem").write_text(first + second)
    monkeypatch.setenv("SIGNING_KEYS_FILE", str(tmp_path / "keys.pem"))
    assert env_pems("SIGNING_KEYS") == [first.strip(), second.strip()]
    monkeypatch.delenv("SIGNING_KEYS_FILE")
    monkeypatch.setenv("SIGNING_KEYS", first.replace("\n", "\\n"))
    assert env_pems("SIGNING_KEYS") == [first.strip()]
    monkeypatch.setenv("SIGNING_KEYS", "not a key")
    with pytest.raises(ImproperlyConfigured):
        env_pems("SIGNING_KEYS")


@pytest.mark.both
def test_a_stolen_key_spoils_only_what_it_signed_since(school: Organisation) -> None:
    key = ensure_installation_key(at=NOW)
    seal_entries(NOW)
    retire_and_back = make_key(school, by=None, at=NOW)  # one more entry to seal
    seal_entries(NOW + 2 * HOUR, everything=True)
    with pytest.raises(DomainError):
        revoke_key(key, since=NOW + HOUR, reason=" ", by=None, at=NOW + 3 * HOUR)
    revoke_key(key, since=NOW + HOUR, reason="私钥丢了", by=None, at=NOW + 3 * HOUR)
    found = list(check_log(Figures()))
    assert [(finding.kind, finding.seal) for finding in found] == [("key_revoked", 2)]
    seal_entries(NOW + 4 * HOUR, everything=True)
    latest = AuditSeal.objects.get(number=3)
    assert latest.key_id not in {key.pk, retire_and_back.pk}, "a new key was made by itself"


def test_keys_of_all_times_are_published(school: Organisation, client: Client) -> None:
    ensure_installation_key(at=NOW)
    made = activate_key(make_key(school, by=None, at=NOW), by=None, at=NOW)
    retire_key(made, by=None, at=NOW + HOUR)
    answer = client.get("/.well-known/caravan-keys.json")
    assert answer["Cache-Control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert [(key["issuer"], key["state"]) for key in keys] == [(None, "active"), ("星河学校", "retired")]
    assert not [key for key in keys if "d" in key], "never the private part"
    assert (
        client.get("/.well-known/caravan-keys.json", headers={"If-None-Match": answer["ETag"]}).status_code
        == 304
    )
    revoke_key(made, since=NOW, reason="x", by=None, at=NOW + HOUR)
    assert client.get("/.well-known/caravan-keys.json")["ETag"] != answer["ETag"]


def test_a_stranger_verifies_the_published_seal_with_the_published_key(db: None, client: Client) -> None:
    assert client.get("/.well-known/caravan-seal.json").json() == {"seal": None}
    assert client.get("/seal/").status_code == 200
    ensure_installation_key(at=NOW)
    seal_entries(NOW)
    seal = client.get("/.well-known/caravan-seal.json").json()["seal"]
    header, payload, signature = seal["jws"].split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    [key] = [one for one in client.get("/.well-known/caravan-keys.json").json()["keys"] if one["kid"] == kid]
    assert verifies(key, f"{header}.{payload}".encode(), unb64(signature))
    facts = latest_seal()
    assert facts is not None
    page = client.get("/seal/").content.decode()
    assert facts.digest in page
    assert "Set-Cookie" not in client.get("/seal/")


def test_only_a_system_administrator_works_with_keys(school: Organisation) -> None:
    key = ensure_installation_key(at=NOW)
    admin, planner = Client(), Client()
    admin.force_login(user("root", Role.SYSTEM_ADMIN, school))
    planner.force_login(user("planner", Role.PLANNER, school))
    page = f"/admin/signing-keys/inspect/{key.pk}/"
    for address in ("/admin/signing-keys/", page, "/admin/signing-keys/new/"):
        assert admin.get(address).status_code == 200, address
        assert planner.get(address).status_code in {302, 403, 404}, address
    assert planner.post(f"{page}retire/").status_code in {302, 404}
    key.refresh_from_db()
    assert key.state == SigningKeyState.ACTIVE
    made = admin.post("/admin/signing-keys/new/", {"organisation": school.pk, "outside": ""})
    new = SigningKey.objects.get(organisation=school)
    assert made["Location"] == f"/admin/signing-keys/inspect/{new.pk}/"
    admin.post(f"/admin/signing-keys/inspect/{new.pk}/activate/")
    refused = admin.post(
        f"/admin/signing-keys/inspect/{new.pk}/revoke/", {"since": "2020-01-01", "reason": ""}, follow=True
    )
    assert "原因" in refused.content.decode()
    admin.post(f"/admin/signing-keys/inspect/{new.pk}/revoke/", {"since": "2020-01-01", "reason": "丢了"})
    new.refresh_from_db()
    assert (new.state, new.private_token) == ("revoked", "")


def test_who_checks_reads_seals_and_entries(school: Organisation) -> None:
    ensure_installation_key(at=NOW)
    seal_entries(NOW)
    root = user("root", Role.SYSTEM_ADMIN, school)
    revoke_key(ensure_installation_key(at=NOW), since=NOW, reason="张三拿走了", by=root, at=NOW)
    client = Client()
    client.force_login(root)
    assert "1" in client.get("/admin/seals/").content.decode()
    seal = latest_seal()
    assert seal is not None
    assert seal.jws in client.get("/admin/seals/inspect/1/").content.decode()
    entry = AuditEntry.objects.get(action="signing_key.revoke")
    page = client.get(f"/admin/audit/inspect/{entry.pk}/").content.decode()
    assert "张三拿走了" in page
    assert "还没有封存" in page
    seal_entries(NOW)
    sealed = f"/admin/audit/inspect/{AuditEntry.objects.get(action='signing_key.revoke').pk}/"
    assert "/admin/seals/inspect/2/" in client.get(sealed).content.decode()
    planner = Client()
    acted = user("planner", Role.PLANNER, school)
    planner.force_login(acted)
    grant_role(acted, Role.CLASS_TEACHER, school, by=acted, at=NOW)
    seal_entries(NOW)
    own = planner.get(
        f"/admin/audit/inspect/{AuditEntry.objects.get(actor_id=acted.pk).pk}/"
    ).content.decode()
    assert "已封存" in own
    assert "/admin/seals/" not in own, "no link to a screen that is not theirs"
    after = client.post(f"/admin/audit/erase/{entry.pk}/", follow=True).content.decode()
    assert "张三拿走了" not in after
    assert "已按要求删除" in after
