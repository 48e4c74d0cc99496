"""行政区划: look codes up."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.yes_no import YesNoFilter
from cms.enums import RegionLevel
from cms.models import Region, RegionSuccession
from cms.querysets import live_on

ROWS_SHOWN = 200


class RegionFilterSet(WagtailFilterSet):
    """By level, and whether the code is still in use."""

    level = django_filters.ChoiceFilter(label=gettext_lazy("级别"), choices=RegionLevel.choices)
    in_use = YesNoFilter(label=gettext_lazy("今天在用"), method="in_use_today")

    class Meta:
        model = Region
        fields = ["level"]

    def in_use_today(self, regions: QuerySet[Region], name: str, value: bool) -> QuerySet[Region]:
        """Regions whose code holds today, or not."""
        holds = live_on(timezone.localdate())
        return regions.filter(holds if value else ~holds)


class RegionIndexView(ScopedIndexView):
    """Codes in order, with the ways to change them for who may."""

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer the import and the list of changes."""
        buttons = [HeaderButton(_("区划变更"), url=reverse("successions:index"), icon_name="history")]
        if self.request.user.has_perm("cms.add_region"):
            label = _("导入区划文件")
            url = f"{reverse('imports:add')}?kind=regions"
            buttons.insert(0, HeaderButton(label, url=url, icon_name="upload"))
        return buttons


class RegionInspectView(ScopedInspectView):
    """One region with what it went over into and what was merged into it."""

    template_name = "cms/regions/region.html"
    page_title = gettext_lazy("行政区划")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the successions on either side, and the regions directly below."""
        rows = RegionSuccession.objects.select_related("predecessor", "successor").order_by("on", "pk")
        changes = rows.filter(Q(predecessor=self.object) | Q(successor=self.object))
        below = self.object.children.order_by("code")
        return {
            **super().get_context_data(**kwargs),
            "changes": changes,
            "below": below.filter(live_on(timezone.localdate()))[:ROWS_SHOWN],
            "may_change": self.request.user.has_perm("cms.add_regionsuccession"),
        }


class _ValidityColumn(Column):
    def get_value(self, instance: Region) -> str:
        """Say until when a code held; a code in use needs no word."""
        until = instance.valid_until
        if until is None:
            return ""
        words = _("%(day)s 停用") if until < timezone.localdate() else _("用到 %(day)s")
        return words % {"day": until.isoformat()}


class RegionViewSet(ScopedModelViewSet):
    """行政区划."""

    model = Region
    name = "regions"
    icon = "site"
    menu_label = gettext_lazy("行政区划")
    index_view_class = RegionIndexView
    inspect_view_class = RegionInspectView
    inspect_template_name = "cms/regions/region.html"
    list_select_related = ("parent",)
    list_display = [
        TitleColumn("name", label=gettext_lazy("名称"), url_name="regions:inspect", sort_key="name"),
        Column("code", label=gettext_lazy("行政区划代码"), sort_key="code"),
        Column("get_level_display", label=gettext_lazy("级别")),
        Column("parent", label=gettext_lazy("上级")),
        _ValidityColumn("valid_until", label=gettext_lazy("停用"), sort_key="valid_until"),
    ]
    filterset_class = RegionFilterSet
    search_fields = ["name", "code"]
    form_fields = ["name"]
    inspect_view_fields = ["code", "name", "level", "parent", "valid_from", "valid_until"]
