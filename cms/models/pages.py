"""The shop window's own pages: home, news and plain information; words of editors, no facts."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index

from cms.blocks import PageBlocks

NEWS_A_PAGE = 10
LATEST_NEWS = 3


class HomePage(Page):
    """The public home: place first, then what upper apps add as panels."""

    headline = models.CharField(
        _("大标题"),
        max_length=60,
        blank=True,
        help_text=_("不填就用“不用进城，课开到您家附近”，并随语言变。"),
    )
    intro = models.CharField(_("大标题下一句"), max_length=120, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("headline"), FieldPanel("intro")]
    parent_page_types = ["wagtailcore.Page"]
    template = "cms/pages/home_page.html"
    max_count = 1

    class Meta:
        verbose_name = _("首页")
        verbose_name_plural = _("首页")


class InfoPage(Page):
    """Running text: accessibility, how things are done, whom to ring."""

    intro = models.CharField(_("导语"), max_length=200, blank=True)
    # Of pages from before there were blocks: shown until somebody saves the page with blocks.
    body = RichTextField(_("正文"), blank=True)
    content = StreamField(PageBlocks(), verbose_name=_("内容"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("content")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro"),
        index.SearchField("body"),
        index.SearchField("content"),
    ]
    template = "cms/pages/info_page.html"
    parent_page_types = ["cms.HomePage", "cms.InfoPage"]
    subpage_types = ["cms.InfoPage"]

    class Meta:
        verbose_name = _("说明页")
        verbose_name_plural = _("说明页")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the pages below (one query)."""
        below = InfoPage.objects.child_of(self).live().public().defer_streamfields().order_by("path")
        return {**super().get_context(request, *args, **kwargs), "below": list(below)}


class NewsIndexPage(Page):
    """All news, the newest first."""

    intro = models.CharField(_("导语"), max_length=200, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    template = "cms/pages/news_index_page.html"
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.NewsPage"]
    max_count = 1

    class Meta:
        verbose_name = _("新闻列表页")
        verbose_name_plural = _("新闻列表页")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add one page of news; two queries whatever their number."""
        page = Paginator(public_news().child_of(self), NEWS_A_PAGE).get_page(request.GET.get("page"))
        return {**super().get_context(request, *args, **kwargs), "page_obj": page}


class NewsPage(Page):
    """One piece of news."""

    news_date = models.DateField(_("日期"), default=timezone.localdate)
    intro = models.CharField(
        _("导语"), max_length=120, blank=True, help_text=_("列表里标题下面的一句话：什么事、什么时候、找谁。")
    )
    content = StreamField(PageBlocks(), verbose_name=_("内容"), blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("news_date"),
        FieldPanel("intro"),
        FieldPanel("content"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro"),
        index.SearchField("content"),
        index.FilterField("news_date"),
    ]
    template = "cms/pages/news_page.html"
    parent_page_types = ["cms.NewsIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("新闻")
        verbose_name_plural = _("新闻")


def public_news() -> Any:
    """Return live news that anybody may read, the newest first, without their bodies."""
    return NewsPage.objects.live().public().defer_streamfields().order_by("-news_date", "-pk")
