"""导入 on screen: choose what comes in, upload the file, fetch a template."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from cms.access import get_visible_or_404
from cms.backoffice.import_preview import ImportInspectView, confirm
from cms.backoffice.viewsets import ScopedCreateView, ScopedIndexView, ScopedModelViewSet
from cms.enums import ImportState
from cms.forms.people import organisations_of
from cms.importing.kinds import ImportKind, import_kinds, kind_label, kinds_of
from cms.importing.workbooks import XLSX_TYPE, write_template
from cms.models import DataImport, User
from cms.services.imports import upload_data

_TOO_LARGE = {"file_too_large", "cell_too_large"}


class DataImportForm(WagtailAdminModelForm):
    """The file and, where the kind asks for it, for which organisation."""

    document = forms.FileField(
        label=gettext_lazy("要导入的文件"),
        help_text=gettext_lazy("收 .xlsx 和 .csv，不超过 20 MB、50000 行。第一行或标题下面一行是表头。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "empty": gettext_lazy("文件是空的，请检查后重新上传。"),
            "required": gettext_lazy("请选一个文件。"),
        },
    )
    field_order = ["organisation", "document"]
    import_kind: ImportKind
    corrected: DataImport | None = None

    class Meta:
        model = DataImport
        fields = ["organisation"]
        labels = {"organisation": gettext_lazy("哪个机构的学员")}

    def ask_for(self, kind: ImportKind, corrected: DataImport | None) -> None:
        """Ask what this kind needs; a correction goes to the organisation of what it corrects."""
        self.import_kind, self.corrected = kind, corrected
        if not kind.needs_organisation:
            del self.fields["organisation"]
            return
        field = self.fields["organisation"]
        field.required = True
        field.queryset = organisations_of(self.for_user)
        first = list(field.queryset[:2])
        if corrected is not None:
            field.initial = corrected.organisation
        elif len(first) == 1:
            field.initial = first[0]


def upload_with(*, form: DataImportForm, by: User, at: Any) -> DataImport:
    """Hand the form's file to the service."""
    document = form.cleaned_data["document"]
    return upload_data(
        document.read(),
        document.name,
        form.cleaned_data.get("organisation"),
        by=by,
        at=at,
        kind=form.import_kind.name,
        corrects=form.corrected,
    )


class DataImportView(ScopedCreateView):
    """Upload a file; the dry run begins at once. ``?kind=`` says what it holds, ``?corrects=`` whose rows."""

    template_name = "cms/imports/upload.html"
    submit_button_label = gettext_lazy("上传并检查")
    submit_button_active_label = gettext_lazy("正在上传…")
    success_message = None
    error_message = gettext_lazy("没有上传，请看下面的说明。")

    @cached_property
    def corrected(self) -> DataImport | None:
        """The import that this upload corrects, if it says so and the user sees that one."""
        named = self.request.GET.get("corrects", "")
        if not named:
            return None
        if not named.isdecimal():
            raise Http404
        rows = DataImport.objects.select_related("file", "organisation")
        return get_visible_or_404(rows, self.request.user, pk=named)

    @cached_property
    def kind(self) -> ImportKind:
        """What the file holds; a kind that the user may not import is none."""
        name = self.corrected.kind if self.corrected else self.request.GET.get("kind", "people")
        if name not in import_kinds:
            raise Http404
        kind = import_kinds.get(name)
        if not self.request.user.has_perm(kind.permission):
            raise PermissionDenied
        return kind

    @property
    def page_title(self) -> str:
        """Say what is uploaded."""
        return _("上传%(kind)s") % {"kind": self.kind.label}

    def get_page_subtitle(self) -> str:
        """The title says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("imports:index"), "label": _("导入")},
            {"url": "", "label": self.page_title},
        ]

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        """Ask what the kind needs."""
        form = super().get_form(*args, **kwargs)
        form.ask_for(self.kind, self.corrected)
        return form

    def form_invalid(self, form: Any) -> HttpResponse:
        """Answer 413 where the file's size is the reason."""
        code = getattr(self, "produced_error_code", "")
        response: HttpResponse = super().form_invalid(form)
        if code in _TOO_LARGE:
            response.status_code = 413
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the kind, its template and what is corrected."""
        return {
            **super().get_context_data(**kwargs),
            "kind": self.kind,
            "corrected": self.corrected,
        }

    def get_add_url(self) -> str:
        """Send the form to this very address: kind and correction stand in it."""
        return str(self.request.get_full_path())

    def get_success_url(self) -> str:
        """Lead to the dry run's progress."""
        return reverse("caravan_job", args=[self.object.check_job_id])


@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Hand out the empty workbook of a kind."""
    if kind not in import_kinds:
        raise Http404
    chosen = import_kinds.get(kind)
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    name = _("%(kind)s模板.xlsx") % {"kind": chosen.label}
    response = HttpResponse(write_template(chosen), content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


class ImportIndexView(ScopedIndexView):
    """Uploaded files, newest first, with a button for each kind that the user may import."""

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer one upload a kind."""
        address = reverse("imports:add")
        return [
            HeaderButton(
                _("上传%(kind)s") % {"kind": kind.label},
                url=f"{address}?kind={kind.name}",
                icon_name="upload",
            )
            for kind in kinds_of(self.request.user)
        ]

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return the newest first."""
        return super().get_base_queryset().order_by("-created_at", "-pk")


class ImportFilterSet(WagtailFilterSet):
    """By state and by kind."""

    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("种类"), choices=lambda: [(kind.name, kind.label) for kind in import_kinds]
    )
    state = django_filters.ChoiceFilter(label=gettext_lazy("状态"), choices=ImportState.choices)

    class Meta:
        model = DataImport
        fields = ["kind", "state"]


class ImportViewSet(ScopedModelViewSet):
    """导入."""

    model = DataImport
    name = "imports"
    icon = "upload"
    menu_label = gettext_lazy("导入")
    add_view_class = DataImportView
    index_view_class = ImportIndexView
    inspect_view_class = ImportInspectView
    inspect_template_name = "cms/imports/detail.html"
    filterset_class = ImportFilterSet
    create_with = upload_with
    list_select_related = ("file", "organisation", "created_by")
    list_display = [
        TitleColumn(
            "file", label=gettext_lazy("文件"), get_url=lambda row: reverse("imports:inspect", args=[row.pk])
        ),
        Column("kind", label=gettext_lazy("种类"), accessor=lambda row: kind_label(row.kind)),
        Column("get_state_display", label=gettext_lazy("状态")),
        Column("organisation", label=gettext_lazy("机构")),
        Column("created_by", label=gettext_lazy("上传人")),
        DateColumn("created_at", label=gettext_lazy("上传时间")),
    ]

    def get_form_class(self, for_update: bool = False) -> type[DataImportForm]:
        """Return the upload form."""
        return DataImportForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the confirmation and the templates."""
        return [
            *super().get_urlpatterns(),
            path("confirm/<int:pk>/", confirm, name="confirm"),
            path("template/<slug:kind>/", template, name="template"),
        ]
