"""The verification pages in a browser: light, quiet and readable by everyone."""

from __future__ import annotations

import pytest

from certificates.issuing.enums import RevocationReason
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from certificates.issuing.services.revoking import revoke_certificate
from tests.certificates.issuing_world import AT, make_world

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(transactional_db) -> dict[str, str]:
    world = make_world()
    valid = issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)
    revoked = issue_certificate(world.record(), by=world.planner, at=AT)
    revoke_certificate(revoked, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    numbered = number_certificate(world.record(), by=world.planner, at=AT)
    tokens = {"valid": valid.token, "revoked": revoked.token, "making": numbered.token, "unknown": "nobody"}
    return {name: f"/v/{token}/" for name, token in tokens.items()} | {"form": "/verify/"}


def test_the_pages_are_light_and_accessible_on_a_phone(phone, addresses, assert_accessible) -> None:
    for name, address in addresses.items():
        phone.goto(address)
        phone.wait_for_load_state("networkidle")
        assert_accessible(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") == 360, name
        assert phone.locator("script").count() == 0, name
    fresh = phone.context.browser.new_context()
    page, sizes = fresh.new_page(), []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(phone.url.replace(addresses["form"], addresses["valid"]))
    page.wait_for_load_state("networkidle")
    fresh.close()
    assert len(sizes) <= 3
    assert sum(sizes) < 60_000


def test_a_number_from_the_home_page_is_checked_with_the_name(phone, addresses) -> None:
    phone.goto(addresses["form"] + "?number=XH-PX-2026-000001")
    phone.get_by_label("持证人姓名").fill("王桂枝")
    phone.get_by_role("button", name="查一查").click()
    phone.get_by_text("没有查到").wait_for()
    assert phone.get_by_label("证书编号").input_value() == "XH-PX-2026-000001"
    phone.get_by_label("持证人姓名").fill("王桂花")
    phone.get_by_role("button", name="查一查").click()
    phone.get_by_role("heading", name="证书有效").wait_for()
    assert phone.get_by_text("王*花").is_visible()
