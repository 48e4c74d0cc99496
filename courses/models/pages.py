"""The shop window: Wagtail pages that point at courses."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index

from cms.search.words import pinyin_words
from courses.models.catalogue import Course


class CourseMenuPage(Page):
    """The catalogue at /courses/: menus, courses, filters and search."""

    introduction = RichTextField(_("开头的话"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["courses.CoursePage"]
    max_count = 1

    class Meta:
        verbose_name = _("课程菜单页")

    template = "courses/course_menu_page.html"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the catalogue as the visitor asked for it (a fixed number of queries)."""
        from courses.views.pages import menu_page_context

        return {**super().get_context(request, *args, **kwargs), **menu_page_context(self, request)}


class CoursePage(Page):
    """One course for the public; the facts come from the course, the words from the editor."""

    course = models.OneToOneField(
        Course, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="page"
    )
    summary = models.CharField(_("一句话介绍"), max_length=120, blank=True)
    body = RichTextField(_("学什么"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("course"), FieldPanel("summary"), FieldPanel("body")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
        index.SearchField("pinyin"),
        index.SearchField("everyday_words"),
        index.RelatedFields("course", [index.SearchField("code")]),
    ]
    parent_page_types = ["courses.CourseMenuPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("课程页")

    template = "courses/course_page.html"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what the course says today."""
        from courses.views.pages import course_page_context

        return {**super().get_context(request, *args, **kwargs), **course_page_context(self, request)}

    def pinyin(self) -> str:
        """Return the title's pinyin in pieces, for the search index."""
        return " ".join(pinyin_words(self.title))

    def everyday_words(self) -> str:
        """Return what people call this work (月嫂, 保姆), for the search index; never shown."""
        return _everyday_words().get(self.course.code, "")


@cache
def _everyday_words() -> dict[str, str]:
    path = Path(__file__).resolve().parents[1] / "data" / "everyday_words.json"
    words: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return words
