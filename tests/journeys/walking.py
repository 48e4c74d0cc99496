"""Walk through the served application as a visitor does: by the links that its pages offer."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, RemoteDisconnected
from http.cookies import SimpleCookie
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

_SIGN_OUT = re.compile(r"/sign-out/|/logout/")
_NAMED = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"(?<=/)[A-Z]{2,4}-[A-Z0-9-]*\d[A-Z0-9-]*(?=/)"), "<number>"),
    (re.compile(r"(?<=/v/)[^/]+(?=/)"), "<token>"),
    (re.compile(r"(?<=^/courses/)[^/]+/[^/]+(?=/)"), "<course>"),
    (re.compile(r"(?<=^/courses/)[^/]+(?=/$)"), "<course>"),
    (re.compile(r"(?<=[/_])\d+(?=[/_]|$)"), "<n>"),
)


# Wagtail's own screens for editors: each that a menu names must open, what lies behind them is Wagtail's.
_STOCK = re.compile(r"/admin/(pages|images|documents|bulk|choose-page|collections|workflows|settings)/")
_STOCK_REPORTS = re.compile(r"/admin/reports/(?!training/)")


def is_stock(url: str) -> bool:
    """Return whether the address is one of Wagtail's own screens."""
    return bool(_STOCK.match(url) or _STOCK_REPORTS.match(url))


@dataclass(frozen=True)
class Answer:
    """What a page answered, and the page whose link led to it."""

    url: str
    status: int
    content_type: str
    text: str
    location: str
    found_on: str

    @property
    def is_page(self) -> bool:
        """Whether it is HTML; else it is a file."""
        return self.content_type.startswith("text/html")


_SIDEBAR_URL = re.compile(r'"(/[^"\s]*)"')


class _Links(HTMLParser):
    """The addresses of ``<a href>`` and those of Wagtail's side bar, which a script draws."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self._in_sidebar = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a visitor can follow."""
        values = dict(attrs)
        self._in_sidebar = tag == "script" and values.get("id") == "wagtail-sidebar-props"
        href = values.get("href")
        if tag == "a" and href:
            self.hrefs.append(href)

    def handle_data(self, data: str) -> None:
        """Keep what the side bar links to."""
        if self._in_sidebar:
            self.hrefs.extend(_SIDEBAR_URL.findall(data))
            self._in_sidebar = False


@dataclass
class Visitor:
    """One browser without a screen: cookies, and one connection that stays open."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)
    languages: str = "zh-CN"

    def __post_init__(self) -> None:
        """Open the connection at the first request."""
        self._connection = HTTPConnection(urlsplit(self.base).netloc, timeout=60)

    def request(
        self,
        method: str,
        url: str,
        data: dict[str, str] | None = None,
        found_on: str = "",
        claimed_length: int = 0,
    ) -> Answer:
        """Send one request; a redirect is an answer, not followed.

        ``claimed_length`` announces a body of so many bytes and sends none.
        """
        headers = {
            "Accept-Language": self.languages,
            "Cookie": "; ".join(map("=".join, self.cookies.items())),
        }
        body = None
        if data is not None:
            token = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
            body = urlencode({**token, **data})
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base}
            headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        if claimed_length:
            body, headers["Content-Length"] = None, str(claimed_length)
        try:
            self._connection.request(method, url, body, headers)
            response = self._connection.getresponse()
        except (RemoteDisconnected, ConnectionError):
            # The server closes a connection that was idle for some seconds.
            self._connection.close()
            self._connection.request(method, url, body, headers)
            response = self._connection.getresponse()
        content = response.read()
        if claimed_length:
            self._connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        kind = response.headers.get("Content-Type", "")
        text = content.decode("utf-8") if kind.startswith("text/html") else ""
        return Answer(url, response.status, kind, text, response.headers.get("Location", ""), found_on)

    def get(self, url: str, found_on: str = "") -> Answer:
        """Open a page of this host, following redirects within it; a loop answers its last 302."""
        answer = self.request("GET", url, found_on=found_on)
        for _step in range(5):
            if answer.status not in {301, 302} or not answer.location:
                break
            target = urlsplit(urljoin(self.base + answer.url, answer.location))
            answer = self.request("GET", _path(target.path, target.query), found_on=found_on)
        return answer

    def sign_in(self, username: str, password: str) -> str:
        """Sign in by the form; return the page that an account of this kind begins at."""
        self.get("/account/sign-in/")
        answer = self.request("POST", "/account/sign-in/", {"name": username, "password": password})
        assert answer.status == 302, f"{username} cannot sign in"
        return answer.location


def _path(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def page_type(url: str) -> str:
    """Return ``url`` without its numbers, tokens and query values: ``/stops/<n>/?town``.

    Filters are followed one at a time: all their combinations count as one type.
    """
    parts = urlsplit(url)
    path = parts.path
    for pattern, name in _NAMED:
        path = pattern.sub(name, path)
    keys = sorted({key for key, _value in parse_qsl(parts.query, keep_blank_values=True)})
    return _path(path, keys[0] if len(keys) == 1 else "…" if keys else "")


@dataclass
class Walk:
    """Every page type that links lead to from the landing pages, each opened at most ``times`` times.

    ``known`` names sorted, filtered and later pages that need not be opened again where their first is.
    """

    visitor: Visitor
    starts: tuple[str, ...]
    times: int
    known: frozenset[str] = frozenset()
    answers: list[Answer] = field(default_factory=list)

    SKIPPED: ClassVar[tuple[str, ...]] = ("/static/", "/media/")

    def go(self) -> list[Answer]:
        """Walk, and return the answers in the order of the walk."""
        seen, opened = set(self.starts), Counter(map(page_type, self.starts))
        due = deque((start, "") for start in self.starts)
        while due:
            url, found_on = due.popleft()
            answer = self.visitor.get(url, found_on)
            self.answers.append(answer)
            for link in self._links(answer):
                kind = page_type(link)
                if kind in self.known and opened[kind.partition("?")[0]]:
                    continue
                if link not in seen and opened[kind] < self.times:
                    seen.add(link)
                    opened[kind] += 1
                    due.append((link, answer.url))
        return self.answers

    def _links(self, answer: Answer) -> Iterator[str]:
        if not answer.is_page or answer.status != 200 or is_stock(answer.url):
            return
        for href in _Links(answer.text).hrefs:
            target = urlsplit(urljoin(self.visitor.base + answer.url, href))
            if f"{target.scheme}://{target.netloc}" != self.visitor.base:
                continue
            if not _SIGN_OUT.search(target.path) and not target.path.startswith(self.SKIPPED):
                yield _path(target.path, target.query)
