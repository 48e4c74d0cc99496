"""The shop window's own pages: home and plain information."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index


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
    template = "cms/pages/home_page.html"
    max_count = 1

    class Meta:
        verbose_name = _("首页")
        verbose_name_plural = _("首页")


class InfoPage(Page):
    """Running text: privacy, accessibility, how things are done."""

    intro = models.CharField(_("导语"), max_length=200, blank=True)
    body = RichTextField(_("正文"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    template = "cms/pages/info_page.html"
    parent_page_types = ["cms.HomePage", "cms.InfoPage"]
    subpage_types = ["cms.InfoPage"]

    class Meta:
        verbose_name = _("说明页")
        verbose_name_plural = _("说明页")
