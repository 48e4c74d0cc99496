"""A certificate printed anew: the same number with 补发 and its day, everything before kept as it was."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from certificates.issuing.enums import CertificateState, ReissueReason, RevocationReason
from certificates.issuing.models import Certificate, Reissue
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from certificates.issuing.services.reissuing import reissue_certificate
from certificates.issuing.services.revoking import revoke_certificate
from certificates.issuing.verification import verify, verify_by_number
from cms.enums import FileKind
from cms.errors import DomainError
from cms.models import AuditEntry, Message, Person, StoredFile
from cms.roles import Role
from cms.services.files import read_file
from tests.certificates.issuing_world import AT, UNKNOWN, World, make_world

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(days=40)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def certificate(world: World) -> Certificate:
    return issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)


def again(certificate: Certificate, reason: ReissueReason = ReissueReason.LOST, **facts: Any) -> Reissue:
    return reissue_certificate(
        certificate, reason=reason, **{"note": "", "seen": 0, "by": None, "at": LATER, **facts}
    )


def printed(reissue: Reissue) -> str:
    """Return the text of the file without blanks."""
    command = ["pdftotext", "-raw", "-", "-"]
    done = subprocess.run(command, input=read_file(reissue.file), capture_output=True, check=True)
    return re.sub(r"\s", "", done.stdout.decode())


def rename(certificate: Certificate, name: str) -> None:
    Person.objects.filter(pk=certificate.person_id).update(legal_name=name)


def test_number_token_and_day_of_issue_stay_and_the_mark_is_printed(world: World, certificate) -> None:
    first = read_file(certificate.file)
    reissue = again(certificate, note="公交车上丢了", by=world.planner)
    text = printed(reissue)
    assert "XH-PX-2026-000001" in text
    assert "补发2026年5月3日" in text
    certificate.refresh_from_db()
    assert (certificate.state, certificate.reissued_on) == ("reissued", dt.date(2026, 5, 3))
    assert certificate.issued_on == dt.date(2026, 3, 24)
    assert read_file(certificate.file) == first, "the first printing stays as it was"
    assert certificate.snapshot["reissued_on"] is None
    assert reissue.snapshot["course"] == certificate.snapshot["course"]
    found = verify(certificate.token)
    assert found is not None and found.is_valid
    assert (found.issued_on, found.reissued_on) == (dt.date(2026, 3, 24), dt.date(2026, 5, 3))
    entry = AuditEntry.objects.get(action="certificate.reissue")
    assert (entry.data["old"], entry.data["new"], entry.data["reissue_reason"]) == (
        "issued",
        "reissued",
        "lost",
    )
    assert "公交车" not in str(entry.data["note"]), "what was typed stands apart"
    assert Message.objects.filter(kind="certificate_reissued", person=certificate.person).exists()


def test_a_second_reissue_counts_on_and_every_printing_is_kept(certificate) -> None:
    first = again(certificate)
    second = again(certificate, ReissueReason.DAMAGED, seen=1, at=LATER + dt.timedelta(days=1))
    assert [row.serial for row in certificate.reissues.all()] == [1, 2]
    assert first.file_id != second.file_id
    assert "补发2026年5月4日" in printed(second)
    assert verify(certificate.token).reissued_on == dt.date(2026, 5, 4)


def test_a_correction_prints_what_the_register_says_now(certificate) -> None:
    with pytest.raises(DomainError) as nothing:
        again(certificate, ReissueReason.CORRECTED)
    assert (nothing.value.code, nothing.value.field) == ("nothing_to_correct", "reason")
    rename(certificate, "王桂华")
    assert verify_by_number(certificate.number, "王桂华") is None, "a name in the register prints nothing"
    assert "王桂花" in printed(again(certificate)), "a lost one is printed as it was"
    corrected = again(certificate, ReissueReason.CORRECTED, seen=1)
    assert "王桂华" in printed(corrected)
    certificate.refresh_from_db()
    assert (certificate.holder_name, certificate.snapshot["holder_name"]) == ("王桂华", "王桂花")
    # Who holds the old paper is led to the newer one.
    for name in ("王桂花", "王桂华"):
        found = verify_by_number(certificate.number, name)
        assert found is not None
        assert (found.masked_name, found.reissued_on) == ("王*华", dt.date(2026, 5, 3))
    assert verify_by_number(certificate.number, "王桂枝") is None


def test_what_cannot_be_reissued_changes_nothing(world: World, certificate) -> None:
    revoked = issue_certificate(world.record(), by=world.planner, at=AT)
    revoke_certificate(revoked, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    numbered = number_certificate(world.record(), by=world.planner, at=AT)
    files = StoredFile.objects.filter(kind=FileKind.CERTIFICATE).count()
    damaged = issue_certificate(world.record(), by=world.planner, at=AT)
    Certificate.objects.filter(pk=damaged.pk).update(snapshot={**damaged.snapshot, "holder_name": "别人"})
    rename(certificate, f"王{UNKNOWN}")
    for one, reason, code in (
        (revoked, ReissueReason.LOST, "certificate_state"),
        (numbered, ReissueReason.LOST, "certificate_state"),
        (damaged, ReissueReason.LOST, "snapshot_damaged"),
        (certificate, ReissueReason.CORRECTED, "missing_glyph"),
    ):
        with pytest.raises(DomainError) as refusal:
            again(one, reason)
        assert refusal.value.code == code
    with pytest.raises(DomainError) as twice:
        again(certificate, seen=1)
    assert twice.value.code == "reissued_meanwhile"
    assert not Reissue.objects.exists()
    assert StoredFile.objects.filter(kind=FileKind.CERTIFICATE).count() == files + 1
    certificate.refresh_from_db()
    assert certificate.state == CertificateState.ISSUED


def test_a_reissued_one_is_revoked_like_any_other(certificate, world: World) -> None:
    again(certificate)
    revoke_certificate(certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=LATER)
    found = verify(certificate.token)
    assert found is not None and not found.is_valid
    with pytest.raises(DomainError) as refusal:
        again(certificate, seen=1)
    assert refusal.value.code == "certificate_state"


@pytest.mark.both
def test_a_reissue_can_be_neither_changed_nor_removed(certificate) -> None:
    reissue = again(certificate)
    for change in (lambda: Reissue.objects.update(note="别的"), reissue.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.postgresql
def test_of_four_who_reissue_at_once_one_does(run_together, transactional_db) -> None:
    world = make_world()
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    results = run_together(*[lambda: again(certificate)] * 4)
    refused = [result for result in results if isinstance(result, DomainError)]
    assert {error.code for error in refused} == {"reissued_meanwhile"}
    assert (len(refused), Reissue.objects.count()) == (3, 1)
    assert StoredFile.objects.filter(kind=FileKind.CERTIFICATE).count() == 2, "the losers' files are gone"


def url(name: str, *args: object) -> str:
    return reverse(f"certificate:{name}", args=args)


def test_the_office_reissues_on_its_screen(client: Client, world: World, certificate) -> None:
    client.force_login(world.planner)
    assert url("reissue", certificate.pk) in client.get(url("inspect", certificate.pk)).content.decode()
    page = client.get(url("reissue", certificate.pk)).content.decode()
    assert "登记的和证书上的一样" in page
    rename(certificate, "王桂华")
    page = client.get(url("reissue", certificate.pk)).content.decode()
    assert "要按现在登记的印" in page
    sent = {"reason": "corrected", "note": "改名，户口簿已看", "seen": 0}
    answer = client.post(url("reissue", certificate.pk), sent)
    assert answer.headers["Location"] == url("inspect", certificate.pk)
    again_pressed = client.post(url("reissue", certificate.pk), sent).content.decode()
    assert "刚刚补发过" in again_pressed
    assert Reissue.objects.get().reissued_by == world.planner
    page = client.get(url("inspect", certificate.pk)).content.decode()
    for shown in ("补发记录", "姓名或证件有变更", "改名，户口簿已看", "首次签发", "王桂花", "王桂华"):
        assert shown in page
    first = client.get(url("download_edition", certificate.pk, 0))
    second = client.get(url("download_edition", certificate.pk, 1))
    newest = client.get(url("download", certificate.pk))
    assert first.content == read_file(certificate.file)
    assert newest.content == second.content != first.content
    assert client.get(url("download_edition", certificate.pk, 2)).status_code == 404


def test_holder_and_verifier_see_the_newest(client: Client, world: World, certificate) -> None:
    reissue = again(certificate)
    client.force_login(world.holder(certificate.person))
    assert "2026年5月3日补发" in client.get("/me/").content.decode()
    mine = client.get(reverse("certificates:download", args=[certificate.number]))
    assert mine.content == read_file(reissue.file)
    page = client.get(reverse("certificates:verify", args=[certificate.token])).content.decode()
    assert "证书有效" in page
    assert "2026年5月3日补发过" in page


def test_only_the_issuers_office_reissues(client: Client, world: World, certificate) -> None:
    for user, status in (
        (world.user("elsewhere", Role.PLANNER, organisation=world.other_school), 404),
        (world.user("lead", Role.CLASS_TEACHER), 403),
    ):
        client.force_login(user)
        for answer in (
            client.get(url("reissue", certificate.pk)),
            client.post(url("reissue", certificate.pk), {"reason": "lost", "note": "", "seen": 0}),
        ):
            assert answer.status_code == status
    assert not Reissue.objects.exists()
