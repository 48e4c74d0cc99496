"""What editors write, on the public home page: the latest news and the pages that explain."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from cms.backoffice.panels import Panel, public_panels
from cms.models import HomePage, InfoPage, NewsIndexPage
from cms.models.pages import LATEST_NEWS, public_news


class LatestNews(Panel):
    """The three newest pieces of news; no place while there is none."""

    name, template, order = "latest_news", "cms/panels/latest_news.html", 200

    def is_shown(self, request: HttpRequest, subject: Any) -> bool:
        """Read the news once (two queries)."""
        request.__dict__["_latest_news"] = list(public_news()[:LATEST_NEWS])
        return bool(request.__dict__["_latest_news"])

    def context(self, request: HttpRequest, subject: HomePage) -> dict[str, Any]:
        """Return the news and where the others are."""
        return {
            "news": request.__dict__["_latest_news"],
            "news_index": NewsIndexPage.objects.live().first(),
        }


class HowTo(Panel):
    """Pages of information that the editor put into menus."""

    name, template, order = "how_to", "cms/panels/how_to.html", 210

    def is_shown(self, request: HttpRequest, subject: Any) -> bool:
        """Read the pages once (one query)."""
        pages = InfoPage.objects.child_of(subject).live().public().in_menu().defer_streamfields()
        request.__dict__["_how_to"] = list(pages.order_by("path"))
        return bool(request.__dict__["_how_to"])

    def context(self, request: HttpRequest, subject: HomePage) -> dict[str, Any]:
        """Return the pages in the order of the tree."""
        return {"pages": request.__dict__["_how_to"]}


public_panels.register("latest_news", LatestNews())
public_panels.register("how_to", HowTo())
