"""The browser fixtures see what must never happen on a page, so that a silent page means a clean one."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.browser


def test_the_sign_in_page_is_clean_on_phone_and_desk(phone, desk, assert_accessible) -> None:
    for page in (phone, desk):
        answer = page.goto(reverse("account:sign_in"))
        assert answer.status == 200
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert_accessible(page)


def test_an_inline_script_and_another_host_are_seen(phone, browser_faults) -> None:
    phone.goto(reverse("account:sign_in"))
    phone.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.broken = true";
            document.head.append(script);
            const image = document.createElement("img");
            image.src = "http://127.0.0.1:9/x.png";
            document.body.append(image);
        }"""
    )
    phone.wait_for_timeout(300)
    assert phone.evaluate("window.broken") is None
    seen = "\n".join(browser_faults.seen)
    browser_faults.seen.clear()
    assert seen.count("Content Security Policy") >= 2, seen


def test_an_inaccessible_page_is_seen(desk, assert_accessible) -> None:
    desk.goto(reverse("account:sign_in"))
    desk.evaluate("document.body.append(document.createElement('img'))")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(desk)
