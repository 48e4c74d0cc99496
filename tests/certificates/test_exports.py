"""The exports of the upper apps: what a row holds, and that twenty rows cost as many queries as two."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.refreshers.demo import load_rules
from certificates.subsidies.enums import PaymentOutcome
from certificates.subsidies.services.exports import export_batch
from certificates.subsidies.services.payments import PaymentResult, correct_payment, record_payments
from cms.exporting.columns import Context
from cms.exporting.declarations import exports, keys_of
from cms.exporting.rows import rows_of
from cms.models import User
from cms.roles import Role
from cms.services.memberships import sync_roles
from cms.services.people import record_in_post
from courses.services.records import record_component
from tests.certificates.claims_world import OTHER_COUNTY, ClaimsWorld, at, make_claims_world
from tests.certificates.issuing_world import AT, TOWN

NOW = at(4, 22)
SLUGS = ("records", "classes", "enrolments", "attendance", "certificates", "claims", "refreshers")


@pytest.fixture
def world(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        sync_roles()
        found = make_claims_world()
        load_rules(by=None, at=AT)
        yield found


def table(slug: str, user: User, query: str = "") -> list[dict[str, Any]]:
    """Return the rows as ``user`` would export them, by column."""
    export = exports.get(slug)
    context = Context(user, NOW, QueryDict(query))
    rows = rows_of(export, keys_of(export, context), export.columns, context)
    return [dict(zip((column.key for column in export.columns), row, strict=True)) for row in rows]


def add(world: ClaimsWorld, count: int) -> None:
    """People who did all there is to export."""
    for _ in range(count):
        claim = world.submitted()
        record_in_post(
            claim.person, world.school, employment_model="employee", started_on=dt.date(2026, 1, 1), ended_on=None,
            region_code=TOWN, by=None, at=AT,
        )  # fmt: skip


def test_a_claim_names_its_certificate_whoever_issued_it(world: ClaimsWorld) -> None:
    claim = world.submitted()
    (row,) = table("claims", world.officer)
    assert row["claim_number"] == claim.number
    assert row["certificate_number"] == claim.certificate.number
    assert (row["certificate_kind"], row["state"], row["assessed"]) == ("培训合格证书", "已提交", 800)
    assert row["number"] == claim.person.documents.get().masked
    assert row["issued_on"] == claim.certificate.issued_on
    assert not table("claims", world.office_user("邻县专员", Role.SUBSIDY_OFFICER, OTHER_COUNTY))
    assert not table("claims", world.officer, "state=paid")
    assert len(table("claims", world.officer, f"state=submitted&q={claim.number}")) == 1


def test_a_claim_tells_the_last_attempt_to_pay_it(world: ClaimsWorld) -> None:
    batch = world.batch()
    export_batch(batch, world.profile, reason="报财政拨付", by=world.officer, at=at(4, 21))
    claim = batch.claims.get()
    for day, outcome, reason in ((22, PaymentOutcome.FAILED, "退票"), (23, PaymentOutcome.PAID, "")):
        record_payments(
            batch, [PaymentResult(claim.pk, outcome, reason)], happened_on=dt.date(2026, 4, day), voucher="国库1",
            by=world.officer, at=at(4, day),
        )  # fmt: skip
        (row,) = table("claims", world.officer)
        assert (row["payment"], row["paid_on"]) == (str(outcome.label), dt.date(2026, 4, day))
        if outcome == PaymentOutcome.FAILED:
            correct_payment(claim, note="换了卡", by=world.officer, at=at(4, day))


def test_a_record_holds_its_results_and_a_refresher_the_clocks_answer(world: ClaimsWorld) -> None:
    add(world, 1)
    records = table("records", world.officer)
    assert all(row["course"] for row in records)
    (due,) = table("refreshers", world.planner, "on=2026-04-22")
    assert due["state"] and due["due_on"] and due["reason"]
    assert not table("refreshers", world.planner, "on=2026-04-22&state=overdue")
    (certificate,) = table("certificates", world.planner)
    assert (certificate["state"], certificate["revoked_at"]) == ("已签发", None)


def test_a_class_counts_its_seats(world: ClaimsWorld) -> None:
    (row,) = table("classes", world.planner)
    assert row["class_no"] == world.base.training_class.class_no
    assert row["seated"] == world.base.training_class.enrolments.count()
    people = table("enrolments", world.planner, f"training_class={world.base.training_class.pk}")
    assert len(people) == world.base.training_class.enrolments.count()
    assert not table("enrolments", world.planner, "starts_from=2099-01-01")


@pytest.mark.parametrize("slug", SLUGS)
def test_twenty_rows_cost_as_many_queries_as_two(world: ClaimsWorld, slug: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            table(slug, world.planner)
        return len(seen)

    add(world, 2)
    queries()  # reads the roles, once
    two = queries()
    add(world, 8)
    assert queries() == two


def test_every_page_of_an_export_opens_and_its_lists_lead_to_it(world: ClaimsWorld, client: Client) -> None:
    add(world, 1)
    world.planner.memberships.update(role=Role.ORG_ADMIN)
    client.force_login(world.planner)
    for slug, export in exports.items():
        page = client.get(reverse("caravan_export", args=[slug]))
        assert page.status_code == 200, slug
        first = next(one.slug for one in exports if export.lists[0] in one.lists)
        assert f"/admin/export/{first}/" in client.get(reverse(export.lists[0])).content.decode(), slug
    url = reverse("caravan_class_enrolments", args=[world.base.training_class.pk])
    listed = client.get(url, {"state": "enrolled"}).content.decode()
    assert (
        f"/admin/export/enrolments/?training_class={world.base.training_class.pk}&amp;enrolment_state=enrolled"
        in listed
    )


def test_components_are_those_that_hold_now(world: ClaimsWorld) -> None:
    record = world.base.record()
    type(record).objects.filter(pk=record.pk).update(state="open", completed_on=None)
    record.refresh_from_db()
    for value in (10, 12):
        record_component(record, "theory_hours", value, evidence="x", by=None, at=AT)
    row = next(row for row in table("records", world.planner) if row["state"] == "学习中")
    assert row["theory_hours"] == 12
