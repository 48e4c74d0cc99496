"""区划变更: one region went over into another; shown what follows before it is recorded."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.access import get_visible_or_404
from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.backoffice.widgets import DayInput
from cms.errors import DomainError
from cms.models import Region, RegionSuccession, User
from cms.services.successions import preview_succession, succeed_region, undo_succession


class RegionCodeField(forms.CharField):
    """A region by its code; the zeros at its end may be left out."""

    def clean(self, value: Any) -> Region | None:
        """Return the region."""
        text = "".join(super().clean(value).split())
        if not text:
            return None
        code = text.ljust(12, "0") if len(text) in {2, 4, 6, 9} else text
        region = Region.objects.filter(code=code).first()
        if region is None:
            raise forms.ValidationError(_("没有这个区划代码，请核对 12 位代码。"))
        return region


class SuccessionForm(WagtailAdminModelForm):
    """Which region went over into which, since when, on what ground."""

    predecessor = RegionCodeField(
        label=gettext_lazy("原地区代码"), help_text=gettext_lazy("撤销、并出或改了代码的地区。")
    )
    successor = RegionCodeField(
        label=gettext_lazy("并入地区代码"),
        help_text=gettext_lazy("现在还在用的地区；没有的，先导入区划文件。"),
    )

    class Meta:
        model = RegionSuccession
        fields = ["on", "document"]
        widgets = {"on": DayInput}
        help_texts = {
            "on": gettext_lazy("从这一天起，并入地区的办事人员能看到原地区的事。"),
            "document": gettext_lazy("批复的文号，例如：民函〔2026〕12号。"),
        }

    field_order = ["predecessor", "successor", "on", "document"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].required = True

    @property
    def fingerprint(self) -> str:
        """Return what was looked at: a preview of other facts is none."""
        data = self.cleaned_data
        return f"{data['predecessor'].code}-{data['successor'].code}-{data['on'].isoformat()}"


def succeed_with(*, form: SuccessionForm, by: User, at: Any) -> RegionSuccession:
    """Hand the form to the service."""
    data = form.cleaned_data
    return succeed_region(
        data["predecessor"], data["successor"], on=data["on"], document=data["document"], by=by, at=at
    )


class SuccessionCreateView(ScopedCreateView):
    """Fill in, look at what follows, record."""

    template_name = "cms/regions/succession_form.html"
    page_title = gettext_lazy("登记区划变更")
    submit_button_label = gettext_lazy("先看看会怎样")
    submit_button_active_label = gettext_lazy("正在查…")
    success_message = gettext_lazy("登记好了：%(object)s。")
    error_message = gettext_lazy("没有登记，请看下面的说明。")

    def get_page_subtitle(self) -> str:
        """The title says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("successions:index"), "label": _("区划变更")},
            {"url": "", "label": self.page_title},
        ]

    def get_initial(self) -> dict[str, Any]:
        """Begin with the region one came from."""
        return {**super().get_initial(), "predecessor": self.request.GET.get("predecessor", "")[:12]}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what follows first; record only what was looked at."""
        self.object = None
        form = self.get_form()
        if form.is_valid() and request.POST.get("looked_at") != form.fingerprint:
            data = form.cleaned_data
            try:
                self.preview = preview_succession(data["predecessor"], data["successor"], on=data["on"])
            except DomainError:
                pass  # the service says it again below, at its field
            else:
                self.form = form
                shown: HttpResponse = self.render_to_response(self.get_context_data())
                return shown
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the preview once there is one."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if preview := getattr(self, "preview", None):
            context |= {"preview": preview, "facts": self.form.cleaned_data}
            context["looked_at"] = self.form.fingerprint
            context["submit_button_label"] = _("确认登记")
            context["submit_button_active_label"] = _("正在登记…")
        return context


class SuccessionInspectView(ScopedInspectView):
    """One change, and taking it back."""

    template_name = "cms/regions/succession.html"
    page_title = gettext_lazy("区划变更")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether the reader may take it back."""
        may = self.request.user.has_perm("cms.delete_regionsuccession")
        return {**super().get_context_data(**kwargs), "may_undo": may}


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a change back that was recorded by mistake."""
    user = cast(User, request.user)
    succession = get_visible_or_404(RegionSuccession.objects.all(), user, pk=pk)
    if not user.has_perm("cms.delete_regionsuccession"):
        raise PermissionDenied
    try:
        undo_succession(succession, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("successions:inspect", pk)
    messages.success(request, _("撤销了，原地区恢复使用。"))
    return redirect("successions:index")


class SuccessionIndexView(ScopedIndexView):
    """Changes, the latest first."""

    default_ordering = "-on"
    add_item_label = gettext_lazy("登记区划变更")


class SuccessionViewSet(ScopedModelViewSet):
    """区划变更."""

    model = RegionSuccession
    name = "successions"
    icon = "history"
    menu_label = gettext_lazy("区划变更")
    index_view_class = SuccessionIndexView
    add_view_class = SuccessionCreateView
    inspect_view_class = SuccessionInspectView
    inspect_template_name = "cms/regions/succession.html"
    create_template_name = "cms/regions/succession_form.html"
    create_with = succeed_with
    list_select_related = ("predecessor", "successor", "recorded_by")
    list_display = [
        TitleColumn("__str__", label=gettext_lazy("变更"), url_name="successions:inspect"),
        Column("predecessor.code", label=gettext_lazy("原代码")),
        Column("successor.code", label=gettext_lazy("并入地区代码")),
        Column("on", label=gettext_lazy("生效日期"), sort_key="on"),
        Column("document", label=gettext_lazy("依据文件")),
    ]
    search_fields = [
        "predecessor__name",
        "successor__name",
        "predecessor__code",
        "successor__code",
        "document",
    ]
    inspect_view_fields = ["predecessor", "successor", "on", "document", "recorded_by", "recorded_at"]

    def get_form_class(self, for_update: bool = False) -> type[SuccessionForm]:
        """Return the form with the codes."""
        return SuccessionForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the way back."""
        return [*super().get_urlpatterns(), path("undo/<int:pk>/", undo, name="undo")]
