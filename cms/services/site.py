"""Put the public site in place: the home page as the root, and the words on every page."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page, Site

from cms import audit
from cms.models import HomePage, InfoPage, NewsIndexPage, NewsPage, SiteSettings, User

NEWS_SLUG = "news"

# Block names of ``cms.blocks.PageBlocks`` with their values.
Blocks = Sequence[tuple[str, Any]]


@transaction.atomic
def publish_home_page(*, by: User | None, at: dt.datetime) -> HomePage:
    """Return the home page, made the default site's root if missing; Wagtail's welcome page goes."""
    home: HomePage | None = HomePage.objects.first()
    if home is not None:
        return home
    root = Page.objects.get(depth=1)
    root.get_children().filter(slug="home").delete()
    root = Page.objects.get(depth=1)
    home = HomePage(title=_("首页"), slug="home", owner=by, first_published_at=at, last_published_at=at)
    root.add_child(instance=home)
    Site.objects.update_or_create(
        is_default_site=True, defaults={"hostname": "localhost", "port": 80, "root_page": home}
    )
    audit.record("site.publish", home, by=by, at=at)
    return home


@transaction.atomic
def publish_news_index(*, by: User | None, at: dt.datetime) -> NewsIndexPage:
    """Return the page of all news at ``/news/``, made if missing."""
    home = publish_home_page(by=by, at=at)
    page: NewsIndexPage | None = NewsIndexPage.objects.first()
    if page is None:
        page = NewsIndexPage(title=_("新闻"), slug=NEWS_SLUG, **_published(by, at))
        home.add_child(instance=page)
        audit.record("site.page", page, by=by, at=at, slug=page.slug)
    return page


@transaction.atomic
def publish_news(
    slug: str,
    title: str,
    intro: str,
    content: Blocks,
    *,
    news_date: dt.date,
    by: User | None,
    at: dt.datetime,
) -> NewsPage:
    """Return the news at ``/news/slug/``, made if missing; ``content`` is (block name, value) pairs."""
    parent = publish_news_index(by=by, at=at)
    page: NewsPage | None = NewsPage.objects.child_of(parent).filter(slug=slug).first()
    if page is None:
        page = NewsPage(
            title=title,
            slug=slug,
            intro=intro,
            news_date=news_date,
            content=_stream(content),
            **_published(by, at),
        )
        parent.add_child(instance=page)
        audit.record("site.page", page, by=by, at=at, slug=slug)
    return page


@transaction.atomic
def publish_info_page(
    slug: str, title: str, intro: str, content: Blocks, *, by: User | None, at: dt.datetime
) -> InfoPage:
    """Return the information page at ``/slug/``, made and put on the home page if missing.

    What editors wrote stays.
    """
    home = publish_home_page(by=by, at=at)
    page: InfoPage | None = InfoPage.objects.child_of(home).filter(slug=slug).first()
    if page is None:
        page = InfoPage(
            title=title,
            slug=slug,
            intro=intro,
            content=_stream(content),
            show_in_menus=True,
            **_published(by, at),
        )
        home.add_child(instance=page)
        audit.record("site.page", page, by=by, at=at, slug=slug)
    return page


def _published(by: User | None, at: dt.datetime) -> dict[str, Any]:
    return {"owner": by, "first_published_at": at, "last_published_at": at}


def _stream(content: Blocks) -> str:
    """Return the pairs as a stream field takes them from a file."""
    rows = [{"type": kind, "value": value, "id": str(uuid.uuid4())} for kind, value in content]
    return json.dumps(rows, ensure_ascii=False)


@transaction.atomic
def set_site_words(*, by: User | None, at: dt.datetime, **words: str | bool) -> SiteSettings:
    """Store the words on every page (fields of ``SiteSettings``)."""
    site = Site.objects.get(is_default_site=True)
    settings: SiteSettings
    settings, _created = SiteSettings.objects.update_or_create(site=site, defaults=words)
    audit.record("site.words", settings, by=by, at=at, fields=sorted(words))
    return settings
