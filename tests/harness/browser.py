"""Chromium as a phone and as a desk, and what must never happen on a page.

Every page of a test fails it on a script error, a breach of the content security policy, a broken
resource or a request to another host.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.harness.missing import skip_or_fail

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe-core" / "axe.min.js"
_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESK = {"viewport": {"width": 1280, "height": 800}}


def chromium_path() -> str | None:
    """Return ``$CHROMIUM`` or Debian's Chromium; a snap cannot be driven, so it does not count."""
    given = os.environ.get("CHROMIUM")
    found = given or shutil.which("chromium")
    if found and not given and os.path.realpath(found).startswith("/snap"):
        return None
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for the whole run."""
    path = chromium_path()
    if path is None:
        skip_or_fail(
            "Chromium is not installed. Install it (apt-get install chromium) or name one in CHROMIUM"
        )
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface keeps a loop in this thread; no query of ours runs inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGS)
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@dataclass
class Faults:
    """What went wrong in the pages of one test; a test that expects a fault clears ``seen``."""

    host: str
    seen: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        """Note every fault of ``page`` from now on."""
        page.on("pageerror", lambda error: self.seen.append(f"script error on {page.url}: {error}"))
        page.on("console", lambda message: self._console(page, message))
        page.on("response", lambda response: self._response(page, response))
        page.on("request", lambda request: self._request(page, request))

    def _console(self, page: Any, message: Any) -> None:
        # A refused page (403, 404) is also reported here; `_response` judges answers.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.seen.append(f"console error on {page.url}: {message.text}")

    def _response(self, page: Any, response: Any) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.seen.append(f"{response.status} for {response.url} on {page.url}")
        elif response.status >= 500:
            self.seen.append(f"{response.status} for the page {response.url}")

    def _request(self, page: Any, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc != self.host:
            self.seen.append(f"request to another host on {page.url}: {request.url}")


@pytest.fixture
def live_app(live_server: Any) -> Any:
    """The application served in this process on the test's database; ``live_app.url``."""
    return live_server


@dataclass(frozen=True)
class Pages:
    """Pages of one test: ``open(**options)`` makes one in a browser context of its own."""

    open: Callable[..., Any]
    faults: Faults


@contextmanager
def browser_pages(chromium: Any, url: str) -> Iterator[Pages]:
    """Yield the pages of a test on ``url``; at the end close them, and fail when they had a fault."""
    contexts = []
    faults = Faults(urlsplit(url).netloc)

    def open_one(**options: Any) -> Any:
        context = chromium.new_context(base_url=url, locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        faults.watch(page)
        return page

    yield Pages(open_one, faults)
    for context in contexts:
        context.close()
    assert not faults.seen, "\n".join(faults.seen)


@pytest.fixture
def _browser_pages(chromium: Any, live_app: Any) -> Iterator[Pages]:
    with browser_pages(chromium, live_app.url) as pages:
        yield pages


@pytest.fixture
def open_page(_browser_pages: Pages) -> Callable[..., Any]:
    """``open_page(**options)`` returns a page in a browser context of its own, at ``live_app``."""
    return _browser_pages.open


@pytest.fixture
def browser_faults(_browser_pages: Pages) -> Faults:
    """The faults of the test's pages; a test that expects one clears ``seen``."""
    return _browser_pages.faults


@pytest.fixture
def phone(open_page: Callable[..., Any]) -> Any:
    """A page 360 pixels wide, with touch."""
    return open_page(**PHONE)


@pytest.fixture
def desk(open_page: Callable[..., Any]) -> Any:
    """A page 1280 pixels wide."""
    return open_page(**DESK)


@pytest.fixture
def sign_in_page(live_app: Any) -> Callable[[Any, Any], None]:
    """``sign_in_page(page, user)`` gives the page's browser a session of ``user``."""
    from django.conf import settings
    from django.test import Client

    def sign_in(page: Any, user: Any) -> None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_app.url}]
        )

    return sign_in


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[..., None]:
    """``assert_accessible(page, ignore=())`` runs axe-core (WCAG 2.2 A and AA) and fails on any violation."""
    source = AXE.read_text(encoding="utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def check(page: Any, ignore: tuple[str, ...] = ()) -> None:
        # Evaluated through the debugger, which the page's own policy does not bind.
        page.evaluate(source)
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
            ".then(r => r.violations)",
            tags,
        )
        lines = [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:200]}"
            for one in found
            if one["id"] not in ignore
            for node in one["nodes"][:3]
        ]
        assert not lines, f"{page.url}\n" + "\n".join(lines)

    return check
