"""Background work on screen: the list, one job with its progress, and private files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import TemplateView
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms import audit
from cms.access import get_visible_or_404
from cms.backoffice.viewsets import ScopedIndexView, ScopedModelViewSet
from cms.enums import SENSITIVE_FILES, FileKind, ItemState, JobState
from cms.errors import DomainError
from cms.jobs import JobLink, cancel_job, job_kinds, resume_job
from cms.models import Job, JobItem, StoredFile
from cms.services.files import read_file
from cms.ui.states import register_state_colours
from cms.views.files import as_download

ITEMS_PER_PAGE = 50
REFRESH_SECONDS = 3

register_state_colours(
    JobState,
    {
        JobState.RUNNING: "info",
        JobState.DONE: "good",
        JobState.FAILED: "bad",
        JobState.CANCELLED: "neutral",
    },
)
register_state_colours(ItemState, {ItemState.DONE: "good", ItemState.REFUSED: "bad"})


class JobIndexView(ScopedIndexView):
    """One's own jobs; an organisation's administrator sees the organisation's."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return the newest first."""
        return super().get_base_queryset().order_by("-created_at", "-pk")


class JobViewSet(ScopedModelViewSet):
    """后台任务."""

    model = Job
    name = "jobs"
    icon = "tasks"
    menu_label = gettext_lazy("后台任务")
    index_view_class = JobIndexView
    inspect_view_enabled = False
    list_select_related = ("created_by", "organisation")
    list_display = [
        TitleColumn("title", label=gettext_lazy("任务"), get_url=lambda job: job_url(job)),
        Column("get_state_display", label=gettext_lazy("状态")),
        Column("organisation", label=gettext_lazy("机构")),
        Column("created_by", label=gettext_lazy("提交人")),
        DateColumn("created_at", label=gettext_lazy("提交时间")),
    ]
    list_filter = ["state"]
    form_fields = ["title"]


def job_url(job: Job) -> str:
    """Return the address of a job's page."""
    return reverse("caravan_job", args=[job.pk])


def link_of(job: Job) -> JobLink | None:
    """Return where the job's reader goes next, if its kind says so."""
    if job.kind not in job_kinds or (link := job_kinds.get(job.kind).link) is None:
        return None
    return link(job)


class JobView(WagtailAdminTemplateMixin, TemplateView):
    """One job: how far it is, what did not pass and why. Works without JavaScript.

    While the job is open the page asks for itself again every few seconds (the ``Refresh`` header);
    ``?still=1`` stops that for readers whom a moving page disturbs.
    """

    template_name = "cms/jobs/detail.html"
    header_icon = "tasks"
    request: HttpRequest

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the job."""
        user: Any = request.user
        jobs = Job.objects.select_related("created_by", "organisation", "result")
        self.job = get_visible_or_404(jobs, user, pk=kwargs["pk"])
        response = self.render_to_response(self.get_context_data())
        if self.refreshes:
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response

    @property
    def refreshes(self) -> bool:
        """Whether the page comes again by itself."""
        return not self.job.is_finished and "still" not in self.request.GET

    def get_page_title(self) -> str:
        """Return the job's title."""
        return self.job.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home, the list and this job."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("jobs:index"), "label": _("后台任务")},
            {"url": "", "label": _("任务进度")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return figures by state and a page of items, those that did not pass unless all are asked for."""
        counts = {
            row["state"]: row["count"]
            for row in self.job.items.order_by().values("state").annotate(count=Count("pk"))
        }
        pending = counts.pop(ItemState.PENDING, 0)
        shows_all = self.request.GET.get("items") == "all"
        return super().get_context_data(
            job=self.job,
            done=sum(counts.values()),
            pending=pending,
            figures=[(ItemState(state).label, count) for state, count in sorted(counts.items())],
            shows_all=shows_all,
            items=self._items(shows_all),
            refreshes=self.refreshes,
            link=link_of(self.job),
            can_cancel=not self.job.is_finished,
            can_resume=self.job.state == JobState.FAILED,
            **kwargs,
        )

    def _items(self, shows_all: bool) -> Any:
        items: QuerySet[JobItem] = self.job.items.order_by("position")
        if not shows_all:
            items = items.filter(state=ItemState.REFUSED)
        return Paginator(items, ITEMS_PER_PAGE).get_page(self.request.GET.get("p"))


@require_POST
def cancel(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Cancel a job."""
    return _act(request, pk, cancel_job, _("任务已取消，已经办好的不受影响。"))


@require_POST
def resume(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Let a failed job go on."""
    return _act(request, pk, resume_job, _("任务接着做。"))


def _act(request: HttpRequest, pk: str, service: Any, done: str) -> HttpResponseRedirect:
    user: Any = request.user
    job = get_visible_or_404(Job.objects.all(), user, pk=pk)
    try:
        service(job, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("caravan_job", pk)


@require_GET
def download(request: HttpRequest, pk: str) -> HttpResponse:
    """Hand out a private file to who may have it; handing out a sensitive kind is on record.

    The export of a batch is not for this door: it is handed out with a reason, at the batch.
    """
    user: Any = request.user
    at = timezone.now()
    file = get_visible_or_404(StoredFile.objects.exclude(kind=FileKind.BATCH_EXPORT), user, pk=pk)
    if file.expires_at is not None and file.expires_at <= at:
        raise Http404
    content = read_file(file)
    if file.kind in SENSITIVE_FILES:
        with transaction.atomic():
            audit.record("file.download", file, by=user, at=at, sha256=file.sha256)
    return as_download(file, content)
