"""行政区划: look codes up, bring towns and villages in from a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from cms.access import get_visible_or_404
from cms.backoffice.frame import add_refusal, head
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.enums import FileKind, RegionLevel
from cms.errors import DomainError
from cms.models import Region, RegionSuccession, StoredFile, User
from cms.querysets import live_on
from cms.services.files import read_file
from cms.services.regions import check_region_file, import_region_file, keep_region_file

ROWS_SHOWN = 200


class RegionFilterSet(WagtailFilterSet):
    """By level, and whether the code is still in use."""

    level = django_filters.ChoiceFilter(label=gettext_lazy("级别"), choices=RegionLevel.choices)
    in_use = django_filters.BooleanFilter(label=gettext_lazy("今天在用"), method="in_use_today")

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
            buttons.insert(0, HeaderButton(label, url=reverse("regions:import"), icon_name="upload"))
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


class RegionFileForm(forms.Form):
    """The file, and the decree that renumbered places rest on."""

    file = forms.FileField(
        label=gettext_lazy("区划文件"),
        help_text=gettext_lazy(
            "收 .csv 和 .xlsx。表头要有区划代码（12 位）和名称；可以有启用日期、停用日期、原代码。"
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": gettext_lazy("请选一个文件。"), "empty": gettext_lazy("文件是空的。")},
    )


class RegionDecreeForm(forms.Form):
    """Asked when the file renumbers places."""

    document = forms.CharField(label=gettext_lazy("依据文件文号"), max_length=120)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and lead to what it says; nothing is written yet."""
    _require_right(request)
    form = RegionFileForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        document = form.cleaned_data["file"]
        try:
            kept = keep_region_file(document.read(), document.name, by=_user(request), at=timezone.now())
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            return redirect("regions:import_check", kept.pk)
    context = {**head(_("导入区划文件"), _list_link(), icon="upload"), "form": form}
    return render(request, "cms/regions/upload.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a file would do, row and column of what is wrong; then do it."""
    _require_right(request)
    user = _user(request)
    kept = get_visible_or_404(StoredFile.objects.filter(kind=FileKind.REGIONS), user, pk=pk)
    try:
        content = read_file(kept)
        found = check_region_file(content)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("regions:import")
    moves = any(row.moves for row in found.rows)
    data = request.POST if request.method == "POST" else None
    form = RegionDecreeForm(data) if moves else forms.Form(data)
    if request.method == "POST" and form.is_valid():
        decree = form.cleaned_data.get("document", "")
        try:
            done = import_region_file(content, name=kept.name, document=decree, by=user, at=timezone.now())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("导入好了，写入 %(count)s 个区划。") % {"count": len(done.to_write)})
            return redirect("regions:index")
    context = {
        **head(
            kept.name,
            _list_link(),
            (reverse("regions:import"), _("导入区划文件")),
            icon="upload",
        ),
        "found": found,
        "figures": found.figures.items(),
        "skipped": [row.number for row in found.table.skipped if row.why == "remark"][:ROWS_SHOWN],
        "refused": found.refused[:ROWS_SHOWN],
        "to_write": found.to_write[:ROWS_SHOWN],
        "form": form,
    }
    return render(request, "cms/regions/check.html", context)


def _require_right(request: HttpRequest) -> None:
    if not request.user.has_perm("cms.add_region"):
        raise PermissionDenied


def _user(request: HttpRequest) -> User:
    if not request.user.is_authenticated:
        raise Http404
    return request.user


def _list_link() -> tuple[str, str]:
    return reverse("regions:index"), _("行政区划")


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

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the import."""
        return [
            *super().get_urlpatterns(),
            path("import/", upload, name="import"),
            path("import/<uuid:pk>/", check, name="import_check"),
        ]
