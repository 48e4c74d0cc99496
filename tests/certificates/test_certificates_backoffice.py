"""The office's certificate screens: scoped lists, files, revocation, issuing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caravan.backoffice.class_panels import class_panels
from certificates.issuing.enums import RevocationReason
from certificates.issuing.models import Certificate
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from certificates.issuing.services.revoking import revoke_certificate
from cms.backoffice.panels import learner_panels
from cms.enums import RegionLevel
from cms.models import Job, Region
from cms.roles import Role
from tests.certificates.issuing_world import AT, COUNTY, World, make_class, make_world, stored_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def office(client: Client, world: World) -> Client:
    client.force_login(world.planner)
    return client


@pytest.fixture
def elsewhere(world: World) -> Client:
    client = Client()
    client.force_login(world.user("elsewhere", Role.PLANNER, organisation=world.other_school))
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"certificate:{name}", args=args)


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_list_shows_searches_and_filters(office: Client, world: World) -> None:
    issued = issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)
    numbered = number_certificate(world.record(name="李小梅"), by=world.planner, at=AT)
    page = office.get(url("index")).content.decode()
    assert issued.number in page
    assert numbered.number in page
    assert "已签发" in page
    found = office.get(url("index"), {"q": "小梅"}).content.decode()
    assert numbered.number in found
    assert issued.number not in found
    by_number = office.get(url("index"), {"q": issued.number}).content.decode()
    assert issued.number in by_number
    assert numbered.number not in by_number
    by_state = office.get(url("index"), {"state": "issued"}).content.decode()
    assert issued.number in by_state
    assert numbered.number not in by_state


def test_another_organisation_sees_nothing(elsewhere: Client, world: World) -> None:
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    assert certificate.number not in elsewhere.get(url("index")).content.decode()
    for name in ("inspect", "download", "revoke"):
        assert elsewhere.get(url(name, certificate.pk)).status_code == 404
    assert elsewhere.post(reverse("certificate_issuing:issue", args=["XH-2026-0007"])).status_code == 404


def test_the_region_office_sees_but_does_not_revoke_or_issue(client: Client, world: World) -> None:
    Region.objects.get_or_create(code=COUNTY, defaults=region_facts())
    client.force_login(world.user("officer", Role.SUBSIDY_OFFICER, place=COUNTY))
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    assert client.get(url("inspect", certificate.pk)).status_code == 200
    assert client.get(url("download", certificate.pk)).status_code == 200
    assert_forbidden(client.post(url("revoke", certificate.pk), {"reason": "fraud"}))
    assert_forbidden(client.get(reverse("certificate_issuing:index")))
    assert_forbidden(client.post(reverse("certificate_issuing:issue", args=["XH-2026-0007"])))
    certificate.refresh_from_db()
    assert certificate.state == "issued"
    assert not Job.objects.exists()


def assert_forbidden(response) -> None:
    """Wagtail's admin turns "forbidden" into its front page with a message."""
    assert response.status_code == 403 or response.headers.get("Location") == reverse("wagtailadmin_home")


def region_facts() -> dict[str, object]:
    return {"name": "星河县", "level": RegionLevel.COUNTY, "valid_from": "2020-01-01"}


def test_inspect_offers_the_file_and_the_stored_bytes(office: Client, world: World) -> None:
    certificate = issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)
    page = office.get(url("inspect", certificate.pk)).content.decode()
    assert certificate.file.sha256 in page
    assert url("download", certificate.pk) in page
    assert url("revoke", certificate.pk) in page
    assert office.get(url("download", certificate.pk)).content == stored_bytes(certificate)
    numbered = number_certificate(world.record(), by=world.planner, at=AT)
    assert url("download", numbered.pk) not in office.get(url("inspect", numbered.pk)).content.decode()
    assert office.get(url("download", numbered.pk)).status_code == 404


def test_revoking_asks_for_a_reason_and_shows_it(office: Client, world: World) -> None:
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    address = url("revoke", certificate.pk)
    assert office.get(address).status_code == 200
    refused = office.post(address, {"reason": "other", "note": ""})
    assert "请写明为什么撤销" in refused.content.decode()
    assert "reason" in office.post(address, {"reason": "nonsense"}).context["form"].errors
    certificate.refresh_from_db()
    assert certificate.state == "issued"
    done = office.post(address, {"reason": "wrong_data", "note": "姓名写错"}, follow=True)
    page = done.content.decode()
    assert "登记信息有误" in page
    assert "姓名写错" in page
    assert "教务小李" in page
    assert address not in page
    assert "已经撤销" in office.post(address, {"reason": "fraud"}).content.decode()


def test_nobody_writes_a_certificate_by_hand(office: Client, world: World) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    assert office.get(url("add")).status_code in {403, 404}
    assert office.post(url("edit", certificate.pk), {"number": "X"}).status_code in {403, 404}
    assert office.post(url("delete", certificate.pk)).status_code in {403, 404}
    assert Certificate.objects.get(pk=certificate.pk).number == certificate.number


def test_issuing_a_class_from_its_screen(office: Client, world: World) -> None:
    world.record()
    world.record()
    address = reverse("certificate_issuing:index")
    page = office.get(address).content.decode()
    assert "XH-2026-0007" in page
    assert "家务初级第 7 班" in page
    issue = reverse("certificate_issuing:issue", args=["XH-2026-0007"])
    assert issue in page
    assert office.get(issue).status_code == 405
    response = office.post(issue)
    assert response.status_code == 302
    job = Job.objects.get(kind="issue_certificates")
    assert (job.created_by, job.organisation) == (world.planner, world.school)
    office.post(issue)
    assert Job.objects.filter(kind="issue_certificates").count() == 1


def test_a_class_without_waiting_records_says_so(office: Client, world: World) -> None:
    issue_certificate(world.record(), by=world.planner, at=AT)
    page = office.post(reverse("certificate_issuing:issue", args=["XH-2026-0007"]), follow=True)
    assert "没有等着发证的人" in page.content.decode()
    assert not Job.objects.exists()


def test_the_designs_are_listed_and_not_changed(office: Client, world: World) -> None:
    page = office.get(reverse("certificate_design:index")).content.decode()
    assert "经典 A4 横版（培训合格证书）" in page
    assert office.get(reverse("certificate_design:add")).status_code in {403, 404}


def test_who_has_no_role_has_no_screens(client: Client, world: World) -> None:
    certificate = issue_certificate(world.record(), by=world.planner, at=AT)
    client.force_login(world.holder(certificate.person))
    for address in (url("index"), url("download", certificate.pk), reverse("certificate_issuing:index")):
        assert client.get(address).status_code == 403


def test_lists_ask_as_often_for_twenty_rows_as_for_two(office: Client, world: World) -> None:
    def fill(count: int, start: int) -> None:
        for number in range(start, start + count):
            number_certificate(world.record(), by=world.planner, at=AT)
            world.training_class = make_class(world.school, world.version, f"XH-2026-{number + 1000}")
            world.record()

    lists = (url("index"), reverse("certificate_issuing:index"), reverse("certificate_design:index"))
    fill(2, 0)
    few = [queries(office, address) for address in lists]
    fill(18, 2)
    assert [queries(office, address) for address in lists] == few


def test_the_class_page_counts_and_offers_the_button(rf, world: World) -> None:
    panel = class_panels.get("class_certificates")
    request = rf.get("/")
    request.user = world.planner
    issue = reverse("certificate_issuing:issue", args=["XH-2026-0007"])

    def shown() -> str:
        context = {"panel": panel, **panel.context(request, world.training_class)}
        return render_to_string(panel.template, context, request=request).strip()

    assert shown() == ""
    number_certificate(world.record(), by=world.planner, at=AT)
    assert "已发 1 份，待发 0 份" in shown()
    assert issue not in shown()
    world.record()
    assert "已发 1 份，待发 1 份" in shown()
    assert issue in shown()
    request.user = world.user("teacher", Role.CLASS_TEACHER)
    assert issue not in shown()


def test_ones_own_page_lists_what_one_holds(world: World, rf) -> None:
    panel = learner_panels.get("my_certificates")
    request, person = rf.get("/me/"), world.person("王桂花")
    assert "还没有证书" in render_to_string(panel.template, panel.context(request, person))
    issued = issue_certificate(world.record(person), by=world.planner, at=AT)
    other = issue_certificate(world.record(), by=world.planner, at=AT)
    page = render_to_string(panel.template, panel.context(request, person))
    assert reverse("certificates:download", args=[issued.number]) in page
    assert "2026年3月24日发" in page
    assert other.number not in page
    revoke_certificate(issued, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    page = render_to_string(panel.template, panel.context(request, person))
    assert "已撤销" in page
    assert reverse("certificates:download", args=[issued.number]) not in page
