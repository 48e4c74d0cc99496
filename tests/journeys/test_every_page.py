"""Every page that a role's menus and links lead to opens, is accessible, and tells no document number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.harness.browser import DESK, PHONE, Faults
from tests.harness.demo import DemoApp
from tests.journeys.walking import Answer, Visitor, Walk, is_stock, page_type

# Accounts of the demo world; a trainee with a slip and one who signed up herself have their own pages.
ACCOUNTS = (
    "anonymous", "19900010001", "19900020001", "shequ", "jiangshi", "banzhuren", "kaoping", "xuncha",
    "jiaowu", "jigou", "butie", "shenpi", "shenji", "admin", "bianji", "qingshan", "qingshan-jiangshi",
)  # fmt: skip
# Between them they open every page type; `make test-deep` has axe look at each account's own.
AXE_ACCOUNTS = ("anonymous", "19900010001", "jiangshi", "banzhuren", "kaoping", "jiaowu", "butie", "admin")
OFFICE = {"jiaowu", "jigou", "butie", "shenpi", "shenji", "admin", "qingshan", "bianji"}

Walked = Callable[[str], tuple[Visitor, list[Answer]]]

# One screen shows the history of every kind of object.
_HISTORY = re.compile(r"(?<=/admin/history/)[a-z_.]+")
DOCUMENT_NUMBER = re.compile(r"999999\d{11}[\dX]")


def visitor_for(account: str, demo_app: DemoApp) -> tuple[Visitor, tuple[str, ...]]:
    """Return a signed-in visitor and the pages where the account begins."""
    visitor = Visitor(demo_app.url)
    if account == "anonymous":
        return visitor, ("/",)
    found = re.search(r"密码都是 (\S+?)）", demo_app.printed)
    assert found, "seed_demo prints the password of its accounts"
    return visitor, tuple(dict.fromkeys(("/", "/me/", visitor.sign_in(account, found[1]))))


@pytest.fixture(scope="module")
def walked(demo_app: DemoApp) -> Walked:
    """``walked(account)`` walks once as the account: what opens and how it looks are asked of the same pages.

    How a list sorts, filters and turns its pages is one account's to try; in `make test-deep` everybody's.
    """
    tried: set[str] = set()

    @cache
    def walk(account: str) -> tuple[Visitor, list[Answer]]:
        visitor, starts = visitor_for(account, demo_app)
        answers = Walk(visitor, starts, times=1, known=frozenset(tried)).go()
        tried.update(kind for answer in answers if "?" in (kind := page_type(answer.url)))
        return visitor, answers

    return walk


def fault(answer: Answer) -> str | None:
    """Return what is wrong with an answer, or ``None``."""
    if answer.status != 200:
        return f"{answer.status} {answer.url} (linked on {answer.found_on or 'no page'})"
    if DOCUMENT_NUMBER.search(answer.text):
        return f"a document number in clear on {answer.url}"
    return None


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_link_of_an_account_answers_200(account: str, walked: Walked) -> None:
    _visitor, answers = walked(account)
    judge(account, answers)


@pytest.mark.deep
@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_second_link_of_a_type_answers_200(account: str, demo_app: DemoApp) -> None:
    visitor, starts = visitor_for(account, demo_app)
    judge(account, list(Walk(visitor, starts, times=2).go()))


def judge(account: str, answers: list[Answer]) -> None:
    """Fail with every address that does not open, and unless the walk came about."""
    types = {page_type(answer.url) for answer in answers if answer.is_page}
    # An editor's screens are Wagtail's own, which the walk does not follow.
    assert len(types) > (90 if account in OFFICE - {"bianji"} else 20)
    assert any(kind.startswith("/admin/") for kind in types) == (account in OFFICE)
    wrong = [found for answer in answers if (found := fault(answer))]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Page types that axe has judged already in this run."""
    return set()


def _pages(chromium: Any, visitor: Visitor) -> Iterator[tuple[Any, Faults]]:
    for options in (PHONE, DESK):
        context = chromium.new_context(
            base_url=visitor.base, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(15_000)
        context.add_cookies(
            [{"name": name, "value": value, "url": visitor.base} for name, value in visitor.cookies.items()]
        )
        faults = Faults(visitor.base.removeprefix("http://"))
        page = context.new_page()
        faults.watch(page)
        yield page, faults


def look_at_pages(
    visitor: Visitor, answers: list[Answer], chromium: Any, assert_accessible: Any, seen: set[str]
) -> int:
    """Open one page of each type that is not in ``seen``; fail with all that axe or the console found."""
    (phone, on_phone), (desk, on_desk) = _pages(chromium, visitor)
    wrong = []
    before = len(seen)
    for answer in answers:
        kind = _HISTORY.sub("<object>", page_type(answer.url).partition("?")[0])
        if kind in seen or not answer.is_page or is_stock(answer.url):
            continue
        seen.add(kind)
        page = desk if answer.url.startswith("/admin/") else phone
        page.goto(answer.url)
        try:
            assert_accessible(page)
        except AssertionError as error:
            wrong.append(str(error).partition("\nassert ")[0])
        if page is phone and (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
            wrong.append(f"{answer.url} is {width} pixels wide on a phone")
    for page in (phone, desk):
        page.context.close()
    wrong += [*on_phone.seen, *on_desk.seen]
    assert not wrong, "\n".join(wrong)
    return len(seen) - before


@pytest.mark.browser
@pytest.mark.parametrize("account", AXE_ACCOUNTS)
def test_every_page_type_is_accessible_and_keeps_the_policy(
    account: str, walked: Walked, chromium: Any, assert_accessible: Any, looked_at: set[str]
) -> None:
    opened = look_at_pages(*walked(account), chromium, assert_accessible, looked_at)
    assert opened, "an account of this list opens pages that those before it do not"


@pytest.mark.browser
@pytest.mark.deep
@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_page_of_every_account_is_accessible(
    account: str, walked: Walked, chromium: Any, assert_accessible: Any
) -> None:
    assert look_at_pages(*walked(account), chromium, assert_accessible, set()) > 10
