"""导出 in the back office: the page that asks, the log of what was taken out, and fetching a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_filters
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.access import get_visible_or_404
from cms.backoffice.export_buttons import export_url
from cms.backoffice.viewsets import ScopedInspectView, ScopedModelViewSet
from cms.backoffice.yes_no import YesNoFilter
from cms.enums import ExportFormat
from cms.errors import DomainError
from cms.exporting.declarations import exports, exports_of_list, filter_words, filters_of
from cms.exporting.numbers import may_export_numbers
from cms.exporting.scratch import scratch_folder
from cms.forms.exports import CLEAR, ExportForm
from cms.models import ExportRecord
from cms.services import exports as services
from cms.services.exports import Asked
from cms.throttling import address_of
from cms.ui.dates import moment


def export_title(slug: str) -> str:
    """Return what an export is called, or its code where it is no longer declared."""
    return str(exports.get(slug).title) if slug in exports else slug


class ExportView(WagtailAdminTemplateMixin, TemplateView):
    """One page: which rows, which columns, what for."""

    template_name = "cms/exports/new.html"
    header_icon = "download"
    request: HttpRequest
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the export (404) and ask for the right (403)."""
        if kwargs["slug"] not in exports:
            raise Http404
        self.export = exports.get(kwargs["slug"])
        self.user: Any = request.user
        if not self.user.has_perm(self.export.permission):
            raise PermissionDenied
        self.query = filters_of(request.GET)
        self.now = timezone.now()
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        """Say what is exported."""
        return _("导出%(what)s") % {"what": self.export.title}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list and this page."""
        return [
            *self.breadcrumbs_items,
            {"url": self._list_url(), "label": self.export.title},
            {"url": "", "label": self.get_page_title()},
        ]

    def _list_url(self) -> str:
        address = reverse(self.export.lists[0])
        return f"{address}?{self.query.urlencode()}" if self.query else address

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count the rows, say what narrowed them, and offer the other tables of the same list."""
        rows, wrong = self._count()
        others = [one for one in exports_of_list(self.export.lists[0], self.user) if one is not self.export]
        return super().get_context_data(
            **{
                "form": self._form(None),
                "export": self.export,
                "rows": rows,
                "wrong": wrong,
                "at_once": settings.EXPORT_ROWS_AT_ONCE,
                "narrowed": filter_words(self.export, self.query, self.user),
                "list_url": self._list_url(),
                "others": [(one.title, export_url(one, self.request)) for one in others],
                "personal": [column.title for column in self.export.columns if column.is_personal],
                "may_have_numbers": may_export_numbers(self.user),
                **kwargs,
            }
        )

    def _count(self) -> tuple[int, str]:
        try:
            return services.count_rows(self.export, self.query, by=self.user, at=self.now), ""
        except DomainError as error:
            return 0, str(error)

    def _form(self, data: Any) -> ExportForm:
        return ExportForm(data, export=self.export, may_have_numbers=may_export_numbers(self.user))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Hand the file out, show the password of its archive, or start the job that makes it."""
        form = self._form(request.POST)
        if form.is_valid():
            try:
                return self._export(self._asked(form))
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
        return self.render_to_response(self.get_context_data(form=form))

    def _asked(self, form: ExportForm) -> Asked:
        data = form.cleaned_data
        return Asked(
            export=self.export,
            query=self.query,
            columns=tuple(data["columns"]),
            format=ExportFormat(data["format"]),
            reason=data["reason"],
            in_clear=data.get("numbers") == CLEAR,
            is_zipped=data["is_zipped"],
            ip=address_of(self.request),
        )

    def _export(self, asked: Asked) -> HttpResponseBase:
        rows = services.count_rows(self.export, self.query, by=self.user, at=self.now)
        if rows > settings.EXPORT_ROWS_AT_ONCE:
            job = services.start_export(asked, by=self.user, at=self.now)
            messages.success(self.request, _("行数多，正在后台生成。可以离开，办好了会有消息。"))
            return redirect("caravan_job", job.pk)
        with scratch_folder() as folder:
            made = folder / "table"
            record, name = services.export_now(asked, made, by=self.user, at=self.now)
            if asked.is_zipped:
                return show_password(self.request, record)
            # The file is open and lives until it is sent, whatever becomes of its name.
            return _attachment(made, name, services.CONTENT_TYPES[asked.format], record)


def _attachment(made: Path, name: str, content_type: str, record: ExportRecord) -> FileResponse:
    response = FileResponse(made.open("rb"), as_attachment=True, filename=name, content_type=content_type)
    response.headers["X-Content-SHA256"] = record.sha256
    response.headers["Cache-Control"] = "private, no-store"
    return response


def show_password(request: HttpRequest, record: ExportRecord) -> HttpResponse:
    """Make an archive and show its password, this once."""
    user: Any = request.user
    password, address = services.pack(record, by=user, at=timezone.now())
    context = {
        "record": record,
        "password": password,
        "address": address,
        "what": export_title(record.export),
    }
    response = render(request, "cms/exports/password.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


class ExportInspectView(ScopedInspectView):
    """One export on record; who made it fetches the file here while it is kept."""

    template_name = "cms/exports/record.html"
    page_title = gettext_lazy("导出记录")

    def get_page_subtitle(self) -> str:
        """Return the number."""
        return str(self.object.number)

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Put codes into words; a table that is no longer declared keeps its codes."""
        record: ExportRecord = self.object
        columns, narrowed = (
            list(record.columns),
            [(key, "、".join(row)) for key, row in record.filters.items()],
        )
        if record.export in exports:
            export = exports.get(record.export)
            columns = [column.title for column in export.chosen(record.columns)]
        context: dict[str, Any] = super().get_context_data(
            record=record,
            what=export_title(record.export),
            columns="、".join(columns),
            narrowed=narrowed,
            is_own=record.created_by_id == self.request.user.pk,
            has_file=record.file is not None and bool(record.file.content),
            **kwargs,
        )
        return context


@require_POST
def fetch(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Go on to a new private link to the file."""
    user: Any = request.user
    record = get_visible_or_404(ExportRecord.objects.select_related("file"), user, pk=pk)
    try:
        return redirect(services.link_to(record, by=user, at=timezone.now()))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("exports:inspect", pk)


@require_POST
def fetch_archive(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Make an encrypted archive of the file and show its password."""
    user: Any = request.user
    record = get_visible_or_404(ExportRecord.objects.select_related("file"), user, pk=pk)
    try:
        return show_password(request, record)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("exports:inspect", pk)


def _declared() -> list[tuple[str, str | Promise]]:
    return [(slug, export.title) for slug, export in exports.items()]


class ExportRecordFilters(WagtailFilterSet):
    """By table, and whether numbers were in clear."""

    export = django_filters.ChoiceFilter(label=gettext_lazy("导出内容"), choices=_declared)
    is_in_clear = YesNoFilter(label=gettext_lazy("含完整证件号码"))

    class Meta:
        model = ExportRecord
        fields = ["export", "is_in_clear"]


class ExportRecordViewSet(ScopedModelViewSet):
    """导出记录: read only, for ever."""

    model = ExportRecord
    name = "exports"
    icon = "download"
    menu_label = gettext_lazy("导出记录")
    inspect_view_class = ExportInspectView
    inspect_template_name = "cms/exports/record.html"
    filterset_class = ExportRecordFilters
    list_select_related = ("created_by", "organisation")
    ordering = ["-at", "-pk"]
    list_display = [
        TitleColumn(
            "export",
            label=gettext_lazy("导出内容"),
            accessor=lambda record: export_title(record.export),
            get_url=lambda record: reverse("exports:inspect", args=[record.pk]),
        ),
        Column("number", label=gettext_lazy("导出编号")),
        Column("rows", label=gettext_lazy("行数"), classname="num"),
        Column("created_by", label=gettext_lazy("导出人")),
        Column("organisation", label=gettext_lazy("机构")),
        Column("reason", label=gettext_lazy("导出事由")),
        Column("at", label=gettext_lazy("导出时间"), accessor=lambda record: moment(record.at)),
    ]
    search_fields = ["number", "reason"]
    form_fields = ["reason"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add fetching the file."""
        return [
            *super().get_urlpatterns(),
            path("fetch/<uuid:pk>/", fetch, name="fetch"),
            path("archive/<uuid:pk>/", fetch_archive, name="archive"),
        ]
