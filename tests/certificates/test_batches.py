"""Batches: frozen rows, the same bytes again, and who may have them; the subsidy desk over HTTP."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.issuing.enums import RevocationReason
from certificates.issuing.services.revoking import revoke_certificate
from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import BatchExport, Claim, ClaimBatch, SubsidyScheme
from certificates.subsidies.services import batches, exports
from cms import crypto
from cms.errors import DomainError
from cms.identity import mask_number
from cms.models import (
    AuditEntry,
    InPostPeriod,
    Membership,
    Organisation,
    PersonDocument,
    Region,
    RegionSuccession,
    User,
)
from cms.roles import Role
from cms.services.people import record_in_post
from tests.certificates.claims_world import (
    OTHER_COUNTY,
    ClaimsWorld,
    at,
    is_refused,
    make_claims_world,
)
from tests.certificates.issuing_world import COUNTY, TOWN
from tests.harness.typed import typed


@pytest.fixture
def world(db: None) -> ClaimsWorld:
    return make_claims_world()


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(at(4, 22), tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def link_in(page: str) -> str:
    """Return the address of the private link that a page offers."""
    found = re.search(r'href="([^"]+)"[^>]*>\s*下载文件', page)
    assert found is not None
    return found[1]


def test_a_batch_takes_what_is_payable_and_freezes_it(world: ClaimsWorld) -> None:
    world.submitted()
    batch = world.batch(2)
    assert (batch.number, batch.row_count, batch.total_amount) == ("BT-990101-2026-0001", 2, Decimal(1600))
    rows = batches.frozen_rows(batch)
    assert [row["position"] for row in rows] == [1, 2]
    assert sum(Decimal(row["amount"]) for row in rows) == batch.total_amount
    row = rows[0]
    assert row["document_number"].startswith("999999") and len(row["document_number"]) == 18
    assert (row["attended_hours"], row["course_hours"], row["group"], row["sex"]) == (
        "80",
        "80",
        "农村转移就业劳动者",
        "女",
    )
    assert row["document_number"] not in batch.snapshot_token, "full numbers are kept encrypted"
    person = Claim.objects.filter(batch=batch).first().person
    person.legal_name = "改名了"
    person.save()
    assert batches.frozen_rows(ClaimBatch.objects.get(pk=batch.pk)) == rows


def test_a_row_holds_what_was_true_on_the_day_of_the_claim(world: ClaimsWorld) -> None:
    """Two documents, an employer of then and one of now: the row is that of the day, whatever came since."""
    other = world.base.other_school
    claim = world.payable()
    person = claim.person
    number = claim.snapshot["document"]

    def work(organisation: Organisation, started: dt.date, ended: dt.date | None) -> None:
        record_in_post(
            person, organisation, employment_model="employee", started_on=started, ended_on=ended,
            region_code=TOWN, by=None, at=at(4, 15),
        )  # fmt: skip

    work(other, dt.date(2025, 1, 1), dt.date(2026, 3, 1))
    work(world.school, dt.date(2026, 3, 2), dt.date(2026, 4, 10))
    work(other, dt.date(2026, 4, 11), None)
    passport = PersonDocument.objects.create(
        person=person, id_type="passport", number_token=crypto.encrypt_text("E00000001"),
        masked="E*******1", last_four="0001", recorded_at=at(3, 1),
    )  # fmt: skip
    PersonDocument.objects.filter(person=person).exclude(pk=passport.pk).update(superseded_at=at(4, 19))
    row = batches.frozen_rows(batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 21)))[0]
    assert (row["employer"], row["employed_on"]) == (world.school.name, "2026-03-02")
    assert mask_number(row["document_number"]) == number, "the document it was handed in with"


def test_what_the_claim_froze_comes_before_later_corrections(world: ClaimsWorld) -> None:
    certificate = world.certificate()
    record_in_post(
        certificate.person, world.school, employment_model="employee", started_on=dt.date(2026, 2, 1),
        ended_on=None, region_code=TOWN, by=None, at=at(3, 30),
    )  # fmt: skip
    world.payable(certificate)
    InPostPeriod.objects.update(superseded_at=at(4, 10))
    row = batches.frozen_rows(batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 21)))[0]
    assert (row["employer"], row["employed_on"]) == (world.school.name, "2026-02-01")


def test_claims_of_a_region_that_was_merged_in_are_in_the_batch(world: ClaimsWorld) -> None:
    claim = world.payable()
    old, heir = Region.objects.get(code=OTHER_COUNTY), Region.objects.get(code=COUNTY)
    Claim.objects.filter(pk=claim.pk).update(region_code=OTHER_COUNTY)
    with pytest.raises(DomainError):
        batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 21))
    RegionSuccession.objects.create(predecessor=old, successor=heir, on=dt.date(2026, 4, 1))
    batch = batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 21))
    assert [row.pk for row in batch.claims.all()] == [claim.pk]


def test_the_officer_takes_a_revoked_payable_claim_back_on_the_screen(world: ClaimsWorld) -> None:
    claim = world.payable()
    world.payable()
    client = client_of(world.officer)
    page = reverse("certificates_claim:inspect", args=[claim.pk])
    act = reverse("certificates_claim_act", args=[claim.pk, "review"])
    assert f'action="{act}"' not in client.get(page).content.decode()
    revoke_certificate(
        claim.certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=at(4, 21)
    )
    words = client.get(page).content.decode()
    assert f'action="{act}"' in words and "证书已撤销，退回审核" in words
    assert "1 笔待拨付" in client.get(reverse("certificates_new_batch")).content.decode()
    assert client.get(reverse("certificates_claim:index")).context["view"].active_filters == []
    found = client.get(reverse("certificates_claim:index"), {"revoked": "true"}).content.decode()
    assert claim.number in found and found.count("SL-") < client.get(
        reverse("certificates_claim:index")
    ).content.decode().count("SL-")
    assert "已办好" in client.post(act, follow=True).content.decode()
    assert "证书" in client.get(page).content.decode()


def test_the_file_is_chinese_whatever_the_clerk_reads(world: ClaimsWorld) -> None:
    from django.utils import translation

    with translation.override("en"):
        batch = world.batch()
        claim = Claim.objects.get(batch=batch)
    assert batches.frozen_rows(batch)[0]["sex"] == "女"
    assert claim.checks.get(code="in_time").title == "申领期限"


def test_a_claim_is_in_one_batch_only(world: ClaimsWorld) -> None:
    world.batch()
    with pytest.raises(DomainError) as error:
        batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 22))
    assert error.value.code == "batch_empty"
    world.payable()
    assert batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 22)).number.endswith("-0002")


def test_a_town_has_numbers_of_its_own(world: ClaimsWorld) -> None:
    world.batch()
    town = world.office_user("镇专员", Role.SUBSIDY_OFFICER, TOWN)
    world.payable()
    assert batches.build_batch(world.scheme, TOWN, by=town, at=at(4, 22)).number == "BT-990101100-2026-0001"


def test_a_changed_snapshot_is_seen_and_not_exported(world: ClaimsWorld) -> None:
    batch = world.batch()
    other = world.batch()
    ClaimBatch.objects.filter(pk=batch.pk).update(snapshot_token=other.snapshot_token)
    batch.refresh_from_db()
    with pytest.raises(DomainError) as error:
        exports.export_batch(batch, world.profile, reason="报送财政", by=world.officer, at=at(4, 22))
    assert error.value.code == "batch_damaged"
    assert not BatchExport.objects.exists()
    page = client_of(world.officer).get(reverse("certificates_batch:inspect", args=[batch.pk]))
    assert "校验值不一致" in page.content.decode()


def test_the_same_bytes_again_and_every_reason_in_the_log(world: ClaimsWorld) -> None:
    batch = world.batch()
    client = client_of(world.officer)
    url = reverse("certificates_export_batch", args=[batch.pk])

    def ask(address: str, reason: str) -> Any:
        """Ask for the file, then follow the link that the batch's page offers."""
        page = client.post(address, {"profile": "training-roster", "reason": reason}, follow=True)
        words = page.content.decode()
        assert "再次下载" in words and "至少 4 个字" not in words
        return client.get(link_in(words))

    refused = client.post(url, {"profile": "training-roster", "reason": "报"}, follow=True)
    assert "至少 4 个字" in refused.content.decode() and not BatchExport.objects.exists()
    first = ask(url, "报财政拨付")
    assert first["Content-Type"] == exports.XLSX and first.content[:2] == b"PK"
    assert "no-store" in first["Cache-Control"]
    with time_machine.travel(at(4, 30), tick=False):
        again = ask(reverse("certificates_download_export", args=[BatchExport.objects.get().pk]), "复核存档")
        third = ask(url, "再报一次")
    assert first.content == again.content == third.content
    stored = BatchExport.objects.get().file
    with stored.content.open("rb") as file:
        assert file.read(2) != b"PK", "kept encrypted"
    entries = AuditEntry.objects.filter(action="batch.export").order_by("id")
    assert [typed(entry) for entry in entries] == ["报财政拨付", "复核存档", "再报一次"]
    assert {entry.actor_id for entry in entries} == {world.officer.pk}
    assert AuditEntry.objects.filter(action="batch.file", object_id=str(batch.pk)).count() == 1
    batch.refresh_from_db()
    assert batch.state == "exported"


def test_a_link_serves_one_officer_until_it_ends(world: ClaimsWorld) -> None:
    batch = world.batch()
    client, colleague = client_of(world.officer), world.office_user("同事", Role.SUBSIDY_OFFICER, COUNTY)
    post = (
        reverse("certificates_export_batch", args=[batch.pk]),
        {"profile": "training-roster", "reason": "报送财政"},
    )
    with time_machine.travel(at(4, 22), tick=False):
        url = link_in(client.post(*post, follow=True).content.decode())
        assert [client.get(url).status_code for _again in range(2)] == [200, 200]
        assert client_of(colleague).get(url).status_code == 404
        assert Client().get(url).status_code == 302
    with time_machine.travel(at(4, 23), tick=False):
        gone = client.get(url)
        assert (gone.status_code, "已经过期" in gone.content.decode()) == (410, True)
        renewed = link_in(client.post(*post, follow=True).content.decode())
        # Whose office ends loses what was handed out before.
        Membership.objects.filter(user=world.officer).update(valid_until=at(4, 22).date())
        assert client.get(renewed).status_code == 404
    downloads = AuditEntry.objects.filter(
        action="file.download", object_id=str(BatchExport.objects.get().file_id)
    )
    assert downloads.count() == 2


def test_an_export_without_a_reason_is_refused(world: ClaimsWorld) -> None:
    batch = world.batch()
    client = client_of(world.officer)
    answer = client.post(
        reverse("certificates_export_batch", args=[batch.pk]),
        {"profile": "training-roster", "reason": " "},
        follow=True,
    )
    assert "请写明导出事由" in answer.content.decode()
    assert not BatchExport.objects.exists()


def test_who_may_have_a_batch(world: ClaimsWorld) -> None:
    batch = world.batch()
    export = exports.export_batch(batch, world.profile, reason="报送财政", by=world.officer, at=at(4, 22))
    page = reverse("certificates_batch:inspect", args=[batch.pk])
    post = [
        (
            reverse("certificates_export_batch", args=[batch.pk]),
            {"profile": "training-roster", "reason": "x"},
        ),
        (reverse("certificates_download_export", args=[export.pk]), {"reason": "x"}),
    ]
    neighbour = client_of(world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY))
    approver, planner = client_of(world.approver), client_of(world.planner)
    assert neighbour.get(page).status_code == 404
    assert approver.get(page).status_code == 200
    for url, data in post:
        assert neighbour.post(url, data).status_code == 404, url
        assert is_refused(approver.post(url, data)), url
        assert is_refused(planner.post(url, data)), url
        assert client_of(world.officer).get(url).status_code == 405, url
    assert (
        client_of(world.officer).post(reverse("certificates_download_export", args=[10**6])).status_code
        == 404
    )
    assert is_refused(planner.get(reverse("certificates_new_batch")))
    assert AuditEntry.objects.filter(action="batch.export").count() == 1


def test_the_command_writes_the_same_file_and_is_logged(world: ClaimsWorld, tmp_path) -> None:
    batch = world.batch()
    out = tmp_path / "批次.xlsx"
    call_command("export_batch", batch.number, profile="training-roster", out=str(out), reason="存档备查")
    export = BatchExport.objects.get()
    assert out.read_bytes() == exports.export_bytes(export)
    entry = AuditEntry.objects.get(action="batch.export")
    assert (entry.actor_id, typed(entry)) == (None, "存档备查")
    with pytest.raises(CommandError):
        call_command("export_batch", "BT-0", profile="training-roster", out=str(out))
    with pytest.raises(CommandError):
        call_command("export_batch", batch.number, profile="no-such", out=str(out))


def test_the_officer_makes_a_batch_on_the_screen(world: ClaimsWorld) -> None:
    world.payable()
    client = client_of(world.officer)
    url = reverse("certificates_new_batch")
    page = client.get(url).content.decode()
    assert "1 笔待拨付" in page
    assert "技能提升补贴（失业保险基金，示范省，2017年1月1日—2018年12月31日）" in page
    region = Region.objects.get(code=COUNTY)
    answer = client.post(url, {"scheme": world.scheme.pk, "region": region.pk})
    assert answer.status_code == 302
    batch = ClaimBatch.objects.get()
    assert batch.number in client.get(answer["Location"]).content.decode()
    again = client.post(url, {"scheme": world.scheme.pk, "region": region.pk})
    assert "没有待拨付" in again.content.decode()
    neighbour = Region.objects.get(code=OTHER_COUNTY)
    assert client.post(url, {"scheme": world.scheme.pk, "region": neighbour.pk}).status_code == 200
    assert ClaimBatch.objects.count() == 1


def test_a_class_is_claimed_for_on_the_screen(world: ClaimsWorld) -> None:
    good, bad = world.certificate(name="王桂花"), world.certificate(name="李秀英", group=False)
    later = world.certificate(name="张桂兰")
    client = client_of(world.planner)
    url = reverse("certificates_new_claims")
    chosen = {"scheme": world.scheme.pk, "training_class": world.base.training_class.pk}
    page = client.get(url, chosen).content.decode()
    ticked = f'value="{good.number}" id="c1" checked'
    assert ticked in page
    nobody = client.post(url, chosen).content.decode()
    assert "还没有选人" in nobody and f'value="{good.number}"' in nobody and ticked not in nobody
    assert "可以提交 2 人" in page and "不属于政策对象" in page
    assert f'value="{bad.number}"' not in page
    answer = client.post(url, chosen | {"certificate": [good.number, bad.number]}, follow=True)
    words = answer.content.decode()
    assert "已提交 1 笔申领" in words and "李秀英：" in words
    assert Claim.objects.get().certificate == good
    assert "已申报" in words
    assert f'value="{later.number}"' in words and not re.search(r"id=\"c\d+\" checked", words)
    far = SubsidyScheme.objects.get(pk=world.scheme.pk)
    SubsidyScheme.objects.filter(pk=far.pk).update(region_code=OTHER_COUNTY)
    assert "不适用于" in client.get(url, chosen).content.decode()
    assert is_refused(client_of(world.officer).get(url))


def test_the_review_page_says_what_must_be_dealt_with(world: ClaimsWorld) -> None:
    claim = world.in_review(world.certificate(verified=False))
    url = reverse("certificates_claim:inspect", args=[claim.pk])
    page = client_of(world.approver).get(url).content.decode()
    assert page.index("请确认") < page.index("证书种类和效力")
    assert "校验值对得上" in page
    assert claim.person.documents.get().masked in page
    act = reverse("certificates_claim_act", args=[claim.pk, "approve"])
    assert f'action="{act}"' in page
    assert claim.certificate is not None
    revoke_certificate(
        claim.certificate, reason=RevocationReason.FRAUD, note="查实", by=world.planner, at=at(4, 22, 9)
    )
    page = client_of(world.approver).get(url).content.decode()
    assert page.index("必须处理") < page.index("请确认")
    assert "还有 1 项必须处理，处理完才能通过。" in page
    assert f'action="{act}"' not in page


def test_acts_over_http(world: ClaimsWorld) -> None:
    claim = world.submitted()

    def act(user: User, name: str, follow: bool = True, **data: Any) -> Any:
        return client_of(user).post(
            reverse("certificates_claim_act", args=[claim.pk, name]), data, follow=follow
        )

    neighbour = world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY)
    assert act(neighbour, "review").status_code == 404
    assert is_refused(act(world.planner, "review", follow=False))
    assert act(world.officer, "no-such").status_code == 404
    assert (
        client_of(world.officer).get(reverse("certificates_claim_act", args=[claim.pk, "review"])).status_code
        == 405
    )
    assert "已办好" in act(world.officer, "review").content.decode()
    assert "没有办成" in act(world.officer, "review").content.decode()
    assert "核定金额" in act(world.approver, "approve", amount="很多").content.decode()
    assert is_refused(act(world.officer, "approve", follow=False, amount="800"))
    assert "已办好" in act(world.approver, "approve", amount="800").content.decode()
    claim.refresh_from_db()
    assert claim.state == ClaimState.NOTICE


def test_lists_stay_in_scope_and_ask_as_often_for_twenty_as_for_two(world: ClaimsWorld) -> None:
    # Both pages show the same buttons to everybody who may act in every state.
    for _ in range(2):
        world.submitted()
    client = client_of(world.officer)
    url = reverse("certificates_claim:index")
    chosen = {"scheme": world.scheme.pk, "training_class": world.base.training_class.pk}
    pages: list[tuple[Client, str, dict[str, Any]]] = [
        (client, url, {}),
        (client_of(world.planner), reverse("certificates_new_claims"), chosen),
    ]
    two = [queries(*page) for page in pages]
    for _ in range(18):
        world.submitted()
    assert [queries(*page) for page in pages] == two
    neighbour = client_of(world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY))
    assert "SL-" not in neighbour.get(url).content.decode()
    assert (
        neighbour.get(reverse("certificates_claim:inspect", args=[Claim.objects.first().pk])).status_code
        == 404
    )
    found = client.get(url, {"state": "submitted", "scheme": world.scheme.pk}).content.decode()
    assert "c-tag-info" in found


def queries(client: Client, url: str, data: dict[str, Any]) -> int:
    client.get(url, data)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url, data).status_code == 200
    return len(caught)


def test_batches_and_their_rows_ask_as_often_for_twenty_as_for_two(world: ClaimsWorld) -> None:
    small = world.batch(2)
    client = client_of(world.officer)
    page = reverse("certificates_batch:index")
    two, two_rows = (
        queries(client, page, {}),
        queries(client, reverse("certificates_batch:inspect", args=[small.pk]), {}),
    )
    large = world.batch(20)
    for _ in range(5):
        world.batch()
    assert queries(client, page, {}) == two
    assert queries(client, reverse("certificates_batch:inspect", args=[large.pk]), {}) == two_rows


def test_schemes_are_said_in_words(world: ClaimsWorld) -> None:
    client = client_of(world.planner)
    page = client.get(reverse("certificates_scheme:inspect", args=[world.scheme.pk])).content.decode()
    assert "出勤率不低于 80%。" in page and "示例" in page and "受理中" in page
    assert client.get(reverse("certificates_scheme:index")).status_code == 200
    over = SubsidyScheme.objects.get(code="example-2017")
    assert "已停止受理" in client.get(reverse("certificates_scheme:inspect", args=[over.pk])).content.decode()


def test_building_needs_the_region(world: ClaimsWorld) -> None:
    neighbour = world.office_user("邻县", Role.SUBSIDY_OFFICER, OTHER_COUNTY)
    for by in (neighbour, world.approver):
        with pytest.raises(DomainError) as error:
            batches.build_batch(world.scheme, COUNTY, by=by, at=at(4, 22))
        assert error.value.code == "not_allowed"


@pytest.mark.postgresql
def test_eight_at_once_never_put_a_claim_into_two_batches(run_together, transactional_db) -> None:
    with time_machine.travel(at(4, 22), tick=True):
        world = make_claims_world()
        for _ in range(6):
            world.payable()
        town = world.office_user("镇专员", Role.SUBSIDY_OFFICER, TOWN)

        def build(name: str, region: str) -> Any:
            return batches.build_batch(world.scheme, region, by=User.objects.get(username=name), at=at(4, 22))

        # Four for the county and four for a town inside it: their series are different locks.
        calls = [lambda: build(world.officer.username, COUNTY), lambda: build(town.username, TOWN)] * 4
        results = run_together(*calls)
    made = [item for item in results if isinstance(item, ClaimBatch)]
    assert all(item.code == "batch_empty" for item in results if not isinstance(item, ClaimBatch)), results
    frozen = [row["certificate_number"] for batch in made for row in batches.frozen_rows(batch)]
    assert len(frozen) == len(set(frozen)) == 6
    assert Claim.objects.filter(batch__in=made).count() == 6
