"""People at their screens: sign in as they do, fill forms as they do, and move the calendar."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.harness.browser import DESK, PHONE

# SCREENS=/some/folder keeps a picture of every screen of the journey there.
_PICTURES = os.environ.get("SCREENS", "")


@dataclass
class Screens:
    """One browser context for each person, opened and signed in when first asked for."""

    open_page: Any
    password: str
    pages: dict[str, Any] = field(default_factory=dict)

    def at_desk(self, username: str, *, anew: bool = False) -> Any:
        """Return the desk of an account, signed in to the back office; ``anew``: its session ran out."""
        if anew:
            del self.pages[username]
        return self._page(username, DESK, "wagtailadmin_home")

    def at_phone(self, username: str) -> Any:
        """Return the phone of an account, signed in."""
        return self._page(username, PHONE, "account:home")

    def phone_of(self, name: str) -> Any:
        """Return the phone of somebody who is not signed in."""
        if name not in self.pages:
            self.pages[name] = self.open_page(**PHONE)
        return self.pages[name]

    @contextmanager
    def seen_when_broken(self) -> Iterator[None]:
        """Keep pictures of what everybody saw when the journey broke off."""
        try:
            yield
        except BaseException:
            for name, page in self.pages.items():
                picture(page, f"broken-{name}")
            raise

    def _page(self, username: str, options: dict[str, Any], first: str) -> Any:
        if username not in self.pages:
            page = self.pages[username] = self.open_page(**options)
            cache.clear()  # a dozen people sign in from one address within a minute
            page.goto(f"{reverse('account:sign_in')}?next={reverse(first)}")
            page.get_by_label("手机号").fill(username)
            page.get_by_label("密码", exact=True).fill(self.password)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url(f"**{reverse(first)}")
        return self.pages[username]


def go(page: Any, name: str, *args: Any) -> None:
    """Open a page by the name of its address; it must answer 200."""
    answer = page.goto(reverse(name, args=args), wait_until="domcontentloaded")
    assert answer.status == 200, f"{answer.status} for {page.url}"


def press(page: Any, name: str) -> None:
    """Press the button of that name."""
    page.get_by_role("button", name=name, exact=True).first.click()


def follow(page: Any, name: str) -> None:
    """Follow the first link whose words begin so."""
    page.get_by_role("link", name=name).first.click()


def fill(page: Any, **values: Any) -> None:
    """Fill fields by name: text, or the label of a choice."""
    for name, value in values.items():
        control = page.locator(f'[name="{name}"]:not([type="hidden"])').first
        if control.evaluate("element => element.tagName") == "SELECT":
            text = control.locator("option", has_text=str(value)).first.get_attribute("value")
            control.select_option(text)
        else:
            control.fill(str(value))


def says(page: Any, *words: str) -> None:
    """Wait until the page says each of ``words``."""
    for text in words:
        page.get_by_text(text).filter(visible=True).first.wait_for()


def picture(page: Any, name: str) -> None:
    """Keep a picture of the whole page, when pictures are wanted."""
    if _PICTURES:
        page.wait_for_load_state("load")
        Path(_PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(_PICTURES) / f"{name}.png"), full_page=True)


@contextmanager
def on(day: dt.date, hour: int, minute: int = 0) -> Iterator[None]:
    """Let the application live at a local time of ``day``; the clock goes on from there.

    The worker is another process and stays in the present.
    """
    moment = timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))
    with time_machine.travel(moment, tick=True):
        yield


def job_done(page: Any, link: str, tries: int = 80) -> Any:
    """Come back to a job's page until it is over; return the link that leads on.

    The page comes again by itself; a reader with less patience reloads, and so does this (the clock is
    ours, so tries are counted and not seconds). What the page says stands in the failure.
    """
    found = page.get_by_role("link", name=link)
    for _again in range(tries):
        if found.count():
            return found
        page.wait_for_timeout(1500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())
