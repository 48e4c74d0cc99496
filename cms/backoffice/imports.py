"""花名册导入 on screen: upload, preview with the wrong rows first, confirm, result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn

from cms.access import get_visible_or_404
from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.enums import ImportState, RowOutcome
from cms.errors import DomainError
from cms.forms.people import organisations_of
from cms.identity import mask_number
from cms.importing.findings import Finding, unseal
from cms.models import DataImport, ImportRow, User
from cms.services.imports import confirm_import, upload_data
from cms.ui.states import register_state_colours

ROWS_PER_PAGE = 50

register_state_colours(
    ImportState,
    {
        ImportState.CHECKING: "info",
        ImportState.CHECKED: "warn",
        ImportState.UNREADABLE: "bad",
        ImportState.IMPORTING: "info",
        ImportState.IMPORTED: "good",
    },
)
register_state_colours(
    RowOutcome,
    {
        RowOutcome.NEW: "good",
        RowOutcome.SAME: "neutral",
        RowOutcome.DIFFERS: "warn",
        RowOutcome.REFUSED: "bad",
    },
)


class DataImportForm(WagtailAdminModelForm):
    """The file and for which organisation."""

    document = forms.FileField(
        label=gettext_lazy("花名册文件"),
        help_text=gettext_lazy(
            "收 .xlsx 和 .csv，不超过 20 MB。第一行或标题下面一行是表头，至少有姓名和公民身份号码。"
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "empty": gettext_lazy("文件是空的，请检查后重新上传。"),
            "required": gettext_lazy("请选一个文件。"),
        },
    )

    class Meta:
        model = DataImport
        fields = ["organisation"]
        labels = {"organisation": gettext_lazy("哪个机构的学员")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = organisations_of(self.for_user)
        self.fields["organisation"].queryset = choices
        first = list(choices[:2])
        if len(first) == 1:
            self.fields["organisation"].initial = first[0]


def upload_with(*, form: DataImportForm, by: User, at: Any) -> DataImport:
    """Hand the form's file to the service."""
    document = form.cleaned_data["document"]
    return upload_data(document.read(), document.name, form.cleaned_data["organisation"], by=by, at=at)


class DataImportView(ScopedCreateView):
    """Upload a file; the dry run begins at once."""

    page_title = gettext_lazy("上传花名册")
    submit_button_label = gettext_lazy("上传并检查")
    submit_button_active_label = gettext_lazy("正在上传…")
    success_message = None
    error_message = gettext_lazy("没有上传，请看下面的说明。")

    def get_page_subtitle(self) -> str:
        """The title says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this form."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("imports:index"), "label": _("花名册导入")},
            {"url": "", "label": self.page_title},
        ]

    def get_success_url(self) -> str:
        """Lead to the dry run's progress."""
        return reverse("caravan_job", args=[self.object.check_job_id])


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the preview shows it: document numbers masked."""

    finding: Finding

    @property
    def value(self) -> str:
        """Return what stood in the cell; a number only by its ends."""
        value = self.finding.value
        if self.finding.field == "number" and sum(ch.isdigit() for ch in value) >= 15 and "." not in value:
            return mask_number(value.strip())
        return value


@dataclass(frozen=True)
class ShownRow:
    """A row of the preview with its findings."""

    row: ImportRow
    findings: list[ShownFinding]


class ImportInspectView(ScopedInspectView):
    """Preview before the confirmation, result after it."""

    template_name = "cms/imports/detail.html"

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_page_title(self) -> str:
        """Return the file's name."""
        return str(self.object)

    def get_page_subtitle(self) -> str:
        """The file's name says it all."""
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this file."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("imports:index"), "label": _("花名册导入")},
            {"url": "", "label": str(self.object)},
        ]

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Return the visible upload with what the page shows of it."""
        upload = super().get_object(*args, **kwargs)
        related = DataImport.objects.select_related("file", "organisation", "created_by", "import_job")
        return related.get(pk=upload.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return figures per outcome, and a page of rows: those that need somebody first."""
        upload: DataImport = self.object
        wanted = self.request.GET.get("outcome", "")
        figures = outcome_figures(upload)
        importable = sum(count for outcome, count in figures.items() if outcome != RowOutcome.REFUSED)
        page = Paginator(rows_to_show(upload, wanted), ROWS_PER_PAGE).get_page(self.request.GET.get("p"))
        context: dict[str, Any] = super().get_context_data(
            upload=upload,
            figures=[(RowOutcome(outcome), figures[outcome]) for outcome in RowOutcome],
            total=sum(figures.values()),
            importable=importable,
            refused=figures[RowOutcome.REFUSED],
            new=figures[RowOutcome.NEW],
            known=figures[RowOutcome.SAME] + figures[RowOutcome.DIFFERS],
            wanted=wanted,
            page=page,
            rows=[shown_row(row) for row in page],
            imported=upload.rows.filter(imported_at__isnull=False).count(),
            can_confirm=upload.state == ImportState.CHECKED
            and importable > 0
            and self.request.user.has_perm("cms.add_dataimport"),
            **kwargs,
        )
        return context


def outcome_figures(upload: DataImport) -> dict[str, int]:
    """Return how many rows have each outcome, none left out."""
    counted = dict(upload.rows.order_by().values_list("outcome").annotate(count=Count("pk")))
    return {outcome: counted.get(outcome, 0) for outcome in RowOutcome}


def rows_to_show(upload: DataImport, wanted: str) -> QuerySet[ImportRow]:
    """Return the rows with the asked outcome (or with remarks: ``noted``), those to look at first."""
    rows = upload.rows.annotate(
        urgency=Case(
            When(outcome=RowOutcome.REFUSED, then=Value(0)),
            When(outcome=RowOutcome.DIFFERS, then=Value(1)),
            When(~Q(errors_token=""), then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
    ).order_by("urgency", "number")
    if wanted in RowOutcome.values:
        return rows.filter(outcome=wanted)
    return rows.exclude(errors_token="") if wanted == "noted" else rows


def shown_row(row: ImportRow) -> ShownRow:
    """Return the row with its findings decrypted."""
    return ShownRow(row, [ShownFinding(one) for one in unseal(row.errors_token)])


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Start the import of what the preview showed."""
    user: Any = request.user
    upload = get_visible_or_404(DataImport.objects.all(), user, pk=pk)
    if not user.has_perm("cms.add_dataimport"):
        raise PermissionDenied
    try:
        upload = confirm_import(upload, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("imports:inspect", pk)
    return redirect("caravan_job", upload.import_job_id)


class ImportIndexView(ScopedIndexView):
    """Uploaded rosters, newest first."""

    add_item_label = gettext_lazy("上传花名册")

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return the newest first."""
        return super().get_base_queryset().order_by("-created_at", "-pk")


class ImportViewSet(ScopedModelViewSet):
    """花名册导入."""

    model = DataImport
    name = "imports"
    icon = "upload"
    menu_label = gettext_lazy("花名册导入")
    add_view_class = DataImportView
    index_view_class = ImportIndexView
    inspect_view_class = ImportInspectView
    inspect_template_name = "cms/imports/detail.html"
    create_with = upload_with
    list_select_related = ("file", "organisation", "created_by")
    list_display = [
        TitleColumn(
            "file", label=gettext_lazy("文件"), get_url=lambda row: reverse("imports:inspect", args=[row.pk])
        ),
        Column("get_state_display", label=gettext_lazy("状态")),
        Column("organisation", label=gettext_lazy("机构")),
        Column("created_by", label=gettext_lazy("上传人")),
        DateColumn("created_at", label=gettext_lazy("上传时间")),
    ]
    list_filter = ["state"]

    def get_form_class(self, for_update: bool = False) -> type[DataImportForm]:
        """Return the upload form."""
        return DataImportForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the confirmation."""
        return [*super().get_urlpatterns(), path("confirm/<int:pk>/", confirm, name="confirm")]
