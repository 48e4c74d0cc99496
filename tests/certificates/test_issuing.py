"""Numbers without a gap, frozen snapshots, files for ever, and who is stopped while the others go on."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from certificates.issuing import rendering
from certificates.issuing.data import CertificateData
from certificates.issuing.enums import CertificateState, RevocationReason
from certificates.issuing.models import Certificate, CertificateDesign, NumberSeries
from certificates.issuing.permissions import can_issue, runs_issuer
from certificates.issuing.services import sweeping
from certificates.issuing.services.batches import start_issuing
from certificates.issuing.services.issuing import (
    SURE_TO_FIT,
    issue_certificate,
    number_certificate,
    render_and_store,
)
from certificates.issuing.services.revoking import revoke_certificate
from cms.enums import FileKind, ItemState, JobState
from cms.errors import DomainError
from cms.jobs import carry_out
from cms.models import AuditEntry, StoredFile
from cms.roles import Role
from cms.services import files
from cms.services.files import read_file, store_file
from cms.snapshots import snapshot_digest
from courses.enums import CertificateKind
from tests.certificates.issuing_world import (
    AT,
    PRIVATE_USE,
    UNKNOWN,
    World,
    make_version,
    make_world,
    stored_bytes,
)

pytestmark = pytest.mark.both


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def numbers() -> list[str]:
    return sorted(Certificate.objects.values_list("number", flat=True))


def refused(code: str):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


def test_a_completed_record_gets_number_snapshot_and_file(world: World) -> None:
    record = world.record(name="王桂花", hours=78)
    certificate = issue_certificate(record, by=world.planner, at=AT)
    assert certificate.number == "XH-PX-2026-000001"
    assert certificate.state == CertificateState.ISSUED
    assert len(certificate.token) >= 22  # 128 bits in base 64
    data = CertificateData.from_snapshot(certificate.snapshot)
    assert (data.holder_name, data.number, data.issuer_name) == (
        "王桂花",
        certificate.number,
        "星河县巾帼家政培训学校",
    )
    assert (data.hours_total, data.theory_hours, data.practice_hours, data.community_hours) == (78, 24, 48, 6)
    assert (data.starts_on, data.ends_on, data.issued_on) == (
        dt.date(2026, 1, 12),
        dt.date(2026, 3, 20),
        dt.date(2026, 3, 24),
    )
    assert data.document_masked == "9****************" + data.document_masked[-1]
    assert data.verify_url.endswith(f"/v/{certificate.token}/")
    assert certificate.snapshot_sha256 == snapshot_digest(certificate.snapshot, certificate.nonce)
    content = stored_bytes(certificate)
    assert content.startswith(b"%PDF")
    assert certificate.file is not None
    assert hashlib.sha256(content).hexdigest() == certificate.file.sha256
    assert list(
        AuditEntry.objects.filter(object_id=str(certificate.pk), action__startswith="certificate.")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["certificate.number", "certificate.issue"]


def test_issuing_again_returns_the_same_certificate_and_bytes(world: World) -> None:
    record = world.record()
    first = issue_certificate(record, by=world.planner, at=AT)
    again = issue_certificate(record, by=world.planner, at=AT + dt.timedelta(days=400))
    assert again.pk == first.pk
    assert again.file_id == first.file_id
    assert numbers() == ["XH-PX-2026-000001"]
    assert StoredFile.objects.filter(kind=FileKind.CERTIFICATE).count() == 1


def test_a_changed_name_changes_no_certificate(world: World) -> None:
    record = world.record(name="王桂花")
    certificate = number_certificate(record, by=world.planner, at=AT)
    record.person.legal_name = "王桂华"
    record.person.save()
    made = render_and_store(certificate, AT)
    assert made.holder_name == made.snapshot["holder_name"] == "王桂花"


def test_an_unfinished_record_gets_no_certificate(world: World) -> None:
    record = world.record(hours=20)
    with refused("record_not_completed"):
        issue_certificate(record, by=world.planner, at=AT)
    assert not NumberSeries.objects.exists()


@pytest.mark.parametrize("character", [PRIVATE_USE, UNKNOWN])
def test_a_missing_glyph_stops_before_a_number_is_taken(world: World, character: str) -> None:
    record = world.record(name="王桂花")
    record.person.legal_name = f"王{character}花"
    record.person.save()
    with refused("missing_glyph") as caught:
        issue_certificate(record, by=world.planner, at=AT)
    assert f"U+{ord(character):04X}" in str(caught.value)
    assert not Certificate.objects.exists()
    assert issue_certificate(world.record(), by=world.planner, at=AT).number == "XH-PX-2026-000001"


def test_what_no_page_holds_stops_before_a_number_is_taken(world: World, monkeypatch) -> None:
    record = world.record()
    world.version.title = "长" * 120
    world.version.save()
    monkeypatch.setattr(rendering, "DENSITIES", ("normal",))
    monkeypatch.setattr(
        rendering, "_stylesheet", lambda folder: "@page{size:297mm 210mm}main p{font-size:90pt}"
    )
    with refused("does_not_fit"):
        issue_certificate(record, by=world.planner, at=AT)
    assert not Certificate.objects.exists()


def test_the_lengths_that_are_not_tried_have_room() -> None:
    data = CertificateData(
        title_zh="培训合格证书",
        title_en="CERTIFICATE OF TRAINING COMPLETION",
        number="XHXHXHXH-PX-2026-000417",
        document_label="港澳台居民居住证",
        document_masked="9****************X",
        hours_total=Decimal("80.5"),
        theory_hours=Decimal("24.5"),
        practice_hours=Decimal(48),
        community_hours=Decimal(8),
        level_label="一级/高级技师课程",
        starts_on=dt.date(2025, 11, 12),
        ends_on=dt.date(2026, 12, 20),
        result_text="理论、实操考核合格，准予结业",
        issued_on=dt.date(2026, 12, 24),
        verify_url="https://caravan.example.com/v/3kF9xQ2mT7bLw8RzYc4nHd/",
        holder_name="鑫" * SURE_TO_FIT["holder_name"],
        course_title="鑫" * SURE_TO_FIT["course_title"],
        issuer_name="鑫" * SURE_TO_FIT["issuer_name"],
    )
    assert rendering.render_certificate("classic-a4", data).startswith(b"%PDF")
    assert rendering.render_certificate(
        "classic-a4", replace(data, title_zh="回炉培训证明", result_text="")
    ).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (CertificateKind.TRAINING, "XH-PX-2026-000001"),
        (CertificateKind.COMPLETION, "XH-JY-2026-000001"),
        (CertificateKind.REFRESHER, "XH-HL-2026-000001"),
        (CertificateKind.HOURS, "XH-XS-2026-000001"),
    ],
)
def test_each_kind_has_its_letters_title_and_series(world: World, kind, number) -> None:
    world.record()
    world.version = make_version(kind, code=f"K-{kind}")
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    assert certificate.number == number
    assert certificate.snapshot["title_zh"] == kind.label


def test_a_new_year_begins_again_by_the_local_day(world: World) -> None:
    just_before = dt.datetime(2026, 12, 31, 15, 59, tzinfo=dt.UTC)
    first = number_certificate(world.record(), by=world.planner, at=just_before)
    second = number_certificate(world.record(), by=world.planner, at=just_before + dt.timedelta(minutes=2))
    assert (first.number, second.number) == ("XH-PX-2026-000001", "XH-PX-2027-000001")


def test_a_failed_issue_gives_its_number_back(world: World, monkeypatch) -> None:
    record = world.record()
    with monkeypatch.context() as broken:
        broken.setattr("certificates.issuing.services.issuing.audit.record", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            number_certificate(record, by=world.planner, at=AT)
    assert not Certificate.objects.exists()
    assert number_certificate(record, by=world.planner, at=AT).number == "XH-PX-2026-000001"


def test_an_exhausted_or_set_back_series_refuses(world: World) -> None:
    number_certificate(world.record(), by=world.planner, at=AT)
    NumberSeries.objects.update(last=0)
    with refused("series_set_back"):
        number_certificate(world.record(), by=world.planner, at=AT)
    NumberSeries.objects.update(last=999_999)
    with refused("series_exhausted"):
        number_certificate(world.record(), by=world.planner, at=AT)
    assert len(numbers()) == 1


def test_a_kind_without_design_refuses(world: World) -> None:
    CertificateDesign.objects.update(is_current=False)
    with refused("design_missing"):
        issue_certificate(world.record(), by=world.planner, at=AT)


def test_the_loser_of_a_rendering_race_throws_its_file_away(world: World, monkeypatch) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    store = store_file

    def overtaken(content: bytes, **facts):
        monkeypatch.setattr("certificates.issuing.services.issuing.store_file", store)
        render_and_store(certificate, AT)
        return store(content, **facts)

    monkeypatch.setattr("certificates.issuing.services.issuing.store_file", overtaken)
    made = render_and_store(certificate, AT)
    file = StoredFile.objects.get(kind=FileKind.CERTIFICATE)
    assert made.file_id == file.pk
    assert read_file(file).startswith(b"%PDF")
    folder = Path(file.content.path).parent
    names = [path.name for path in folder.iterdir()]
    assert names.count(Path(file.content.path).name) == 1
    assert AuditEntry.objects.filter(action="certificate.issue").count() == 1


def test_a_damaged_snapshot_is_not_printed(world: World) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    Certificate.objects.update(snapshot={**certificate.snapshot, "holder_name": "别人"})
    with refused("snapshot_damaged"):
        render_and_store(certificate, AT)


def test_the_sweep_makes_what_was_left_and_clears_what_nobody_took(world: World) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    assert sweeping.render_overdue(AT + dt.timedelta(minutes=1)) == 0
    assert sweeping.render_overdue(AT + dt.timedelta(minutes=3)) == 1
    assert sweeping.render_overdue(AT + dt.timedelta(minutes=3)) == 0
    certificate.refresh_from_db()
    stray = store_file(
        b"%PDF", kind=FileKind.CERTIFICATE, name="x.pdf", content_type="application/pdf", by=None, at=AT
    )
    path = Path(stray.content.path)
    assert files.discard_strays(timezone.now()) == 0
    assert files.discard_strays(timezone.now() + dt.timedelta(hours=2)) == 1
    assert not path.exists()
    assert stored_bytes(certificate).startswith(b"%PDF")


def test_a_class_is_issued_as_one_job_in_roll_order(world: World) -> None:
    records = [world.record() for _ in range(3)]
    stopped = world.record(name="王桂花")
    stopped.person.legal_name = f"王{PRIVATE_USE}花"
    stopped.person.save()
    world.record(hours=10)  # not completed: no item
    number_certificate(records[2], by=world.planner, at=AT)  # numbered by a worker that died
    job = start_issuing(world.training_class, by=world.planner, at=AT)
    assert start_issuing(world.training_class, by=world.planner, at=AT).pk == job.pk
    carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    items = list(job.items.values_list("state", "code", "message"))
    # Roll numbers run against the order in which the records were made.
    assert items == [
        (ItemState.REFUSED, "missing_glyph", f"缺字：U+{ord(PRIVATE_USE):04X}（自造字码位，请换成标准汉字）"),
        (ItemState.DONE, "issued", "XH-PX-2026-000001"),
        (ItemState.DONE, "issued", "XH-PX-2026-000002"),
        (ItemState.DONE, "issued", "XH-PX-2026-000003"),
    ]
    assert Certificate.objects.get(number="XH-PX-2026-000002").record_id == records[1].pk
    assert set(Certificate.objects.values_list("state", "issued_on")) == {("issued", dt.date(2026, 3, 24))}


def test_a_second_batch_leaves_what_was_issued(world: World) -> None:
    first = issue_certificate(world.record(), by=world.planner, at=AT)
    revoked = issue_certificate(world.record(), by=world.planner, at=AT)
    revoke_certificate(revoked, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    with refused("nothing_to_issue"):
        start_issuing(world.training_class, by=world.planner, at=AT)
    world.record()
    job = start_issuing(world.training_class, by=world.planner, at=AT)
    carry_out(str(job.pk))
    assert sorted(job.items.values_list("code", "message")) == [
        ("already", f"{first.number} 早已发过"),
        ("issued", "XH-PX-2026-000003"),
        ("revoked", f"{revoked.number} 已撤销，不再发"),
    ]


def test_a_broken_rendering_stops_nobody_else_and_is_made_later(world: World, monkeypatch) -> None:
    for _ in range(3):
        world.record()
    with monkeypatch.context() as broken:
        render = rendering.render_certificate

        def breaks_once(design: str, data: CertificateData) -> bytes:
            if data.number.endswith("2"):
                raise OSError("disk full")
            return render(design, data)

        broken.setattr(rendering, "render_certificate", breaks_once)
        job = start_issuing(world.training_class, by=world.planner, at=AT)
        carry_out(str(job.pk))
    assert [item.code for item in job.items.all()] == ["issued", "render_failed", "issued"]
    assert sweeping.render_overdue(timezone.now() + dt.timedelta(hours=1)) == 1
    assert not Certificate.objects.exclude(state=CertificateState.ISSUED).exists()


def test_the_command_issues_and_says_who_was_stopped(world: World) -> None:
    world.record()
    stopped = world.record(name="李小梅")
    stopped.person.legal_name = f"李{UNKNOWN}梅"
    stopped.person.save()
    out = StringIO()
    call_command("issue_certificates", class_no="XH-2026-0007", stdout=out)
    text = out.getvalue()
    assert "XH-PX-" in text
    assert "缺字" in text
    assert "U+323B5" in text
    assert "1 of 2 issued." in text
    with pytest.raises(CommandError, match="No class"):
        call_command("issue_certificates", class_no="XH-1999-0001")


def test_revoking_stays_visible_and_happens_once(world: World) -> None:
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    with refused("note_missing"):
        revoke_certificate(certificate, reason=RevocationReason.OTHER, note=" ", by=world.planner, at=AT)
    revoked = revoke_certificate(
        certificate, reason=RevocationReason.NOT_EARNED, note="成绩登记错了", by=world.planner, at=AT
    )
    assert (revoked.state, revoked.revoked_by, revoked.revoked_at) == ("revoked", world.planner, AT)
    assert revoked.file_id == certificate.file_id
    with refused("certificate_state"):
        revoke_certificate(revoked, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    entry = AuditEntry.objects.get(action="certificate.revoke")
    note = entry.data.pop("note")
    assert entry.data == {"old": "issued", "new": "revoked", "revocation_reason": "not_earned"}
    assert "成绩" not in str(note), "what was typed stands apart"


def test_who_may_issue_and_revoke(world: World) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    admin = world.user("admin", Role.ORG_ADMIN)
    teacher = world.user("teacher", Role.CLASS_TEACHER)
    elsewhere = world.user("elsewhere", Role.PLANNER, organisation=world.other_school)
    system = world.user("system", Role.SYSTEM_ADMIN)
    for user, allowed in (
        (world.planner, True),
        (admin, True),
        (system, True),
        (teacher, False),
        (elsewhere, False),
    ):
        assert can_issue(user, world.training_class) is allowed
        assert runs_issuer(user, certificate) is allowed
