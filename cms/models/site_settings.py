"""What this installation calls itself and whom people can ring."""

from __future__ import annotations

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.models import Site


@register_setting(icon="site")
class SiteSettings(BaseSiteSetting):
    """Words on every public page; every field may stay empty, then its line is not shown."""

    place_name = models.CharField(
        _("地方"), max_length=40, blank=True, help_text=_("写在名称旁边，例如“星河县”。")
    )
    help_desk_name = models.CharField(_("服务台名称"), max_length=60, blank=True)
    help_phone = models.CharField(_("咨询电话"), max_length=30, blank=True)
    help_hours = models.CharField(
        _("接听时间"), max_length=60, blank=True, help_text=_("例如“每天 8:00—20:00”。")
    )
    footer_line = models.CharField(
        _("页脚单位"), max_length=200, blank=True, help_text=_("主办单位，用“·”分开。")
    )
    show_demo_banner = models.BooleanField(
        _("显示演示提示"), default=False, help_text=_("页面顶上写明：这里是演示数据。")
    )
    # Empty while the demo world is being loaded, and for ever when that was interrupted.
    demo_loaded_at = models.DateTimeField(null=True, blank=True, editable=False)

    panels = [
        FieldPanel("place_name"),
        MultiFieldPanel(
            [FieldPanel("help_desk_name"), FieldPanel("help_phone"), FieldPanel("help_hours")],
            heading=_("咨询"),
        ),
        FieldPanel("footer_line"),
        FieldPanel("show_demo_banner"),
    ]

    class Meta:
        verbose_name = _("网站信息")
        verbose_name_plural = _("网站信息")

    def __str__(self) -> str:
        return self.place_name or str(_("网站信息"))

    @property
    def help_phone_link(self) -> str:
        """Return the number as a ``tel:`` link wants it: digits and a leading plus only."""
        return "".join(ch for ch in self.help_phone if ch.isdigit() or ch == "+")

    @classmethod
    def read_for(cls, request: HttpRequest) -> SiteSettings:
        """Return the row of the request's site, or an unsaved empty one (two queries).

        Wagtail's own ``for_request`` creates the missing row; a page view must not write.
        """
        site = Site.find_for_request(request)
        found = cls.objects.filter(site=site).first() if site else None
        return found or cls(site=site)
