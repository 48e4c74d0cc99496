"""Background work on screen: the list, one job with its progress, and private files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import TemplateView
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms import audit
from cms.access import get_visible_or_404
from cms.backoffice.job_words import (
    figures_in_words,
    figures_of,
    item_filters,
    shown_states,
    time_left_in_words,
    what_it_waits_for,
)
from cms.backoffice.viewsets import ScopedIndexView, ScopedModelViewSet
from cms.backoffice.waiting import jobs_to_mend
from cms.enums import RESUMABLE_JOBS, SENSITIVE_FILES, FileKind, ItemState, JobState
from cms.errors import DomainError
from cms.jobs import JobLink, cancel_job, count_items, job_kinds, kind_label, resume_job, retry_items
from cms.models import Job, JobItem, StoredFile
from cms.services.files import stream_file
from cms.views.files import as_download

# Handed out by a link that their own page makes.
_HAVE_A_DOOR = (FileKind.BATCH_EXPORT, FileKind.EXPORT)
ITEMS_PER_PAGE = 50
REFRESH_SECONDS = 3


class JobIndexView(ScopedIndexView):
    """One's own jobs; an organisation's administrator sees the organisation's."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return the newest first, with how far the running ones are."""
        # Counted for running jobs alone: the others have their figures in the row.
        worked = (
            JobItem.objects.filter(job=OuterRef("pk"))
            .exclude(state=ItemState.PENDING)
            .order_by()
            .values("job")
            .annotate(count=Count("pk"))
            .values("count")
        )
        running = When(state=JobState.RUNNING, then=Subquery(worked))
        rows: QuerySet[Any] = super().get_base_queryset().annotate(worked=Case(running))
        return rows.order_by("-created_at", "-pk")


def _kinds() -> list[tuple[str, str]]:
    return sorted(((kind.name, kind_label(kind.name)) for kind in job_kinds), key=lambda pair: pair[1])


class JobFilterSet(WagtailFilterSet):
    """By state and by kind; those that stopped and can go on."""

    kind = django_filters.ChoiceFilter(label=gettext_lazy("种类"), choices=_kinds)
    waits = django_filters.ChoiceFilter(
        label=gettext_lazy("没办成，等着处理"), choices=[("true", gettext_lazy("是"))], method="filter_waits"
    )

    class Meta:
        model = Job
        fields = ["state", "kind"]

    def filter_waits(self, jobs: QuerySet[Job], name: str, value: str) -> QuerySet[Job]:
        """Narrow to what 等您办的 counts."""
        return jobs_to_mend(jobs)


class _StateColumn(Column):
    """The state as a tag, as on the job's own page."""

    cell_template_name = "cms/jobs/state_cell.html"


class _ResultColumn(Column):
    """How far a job is, or how its items went."""

    def get_value(self, instance: Job) -> str:
        """Return figures in words."""
        if instance.figures:
            return figures_in_words(figures_of(instance, instance.figures))
        if instance.total:
            return f"{getattr(instance, 'worked', None) or 0} / {instance.total}"
        return ""


class JobViewSet(ScopedModelViewSet):
    """后台任务."""

    model = Job
    name = "jobs"
    icon = "tasks"
    menu_label = gettext_lazy("后台任务")
    index_view_class = JobIndexView
    filterset_class = JobFilterSet
    inspect_view_enabled = False
    list_select_related = ("created_by", "organisation")
    list_display = [
        TitleColumn("title", label=gettext_lazy("任务"), get_url=lambda job: job_url(job)),
        _StateColumn("state", label=gettext_lazy("状态")),
        _ResultColumn("figures", label=gettext_lazy("结果")),
        Column(
            "kind",
            label=gettext_lazy("种类"),
            accessor=lambda job: kind_label(job.kind),
            classname="wide-only",
        ),
        Column("organisation", label=gettext_lazy("机构"), classname="wide-only"),
        Column("created_by", label=gettext_lazy("提交人"), classname="wide-only"),
        DateColumn("created_at", label=gettext_lazy("提交时间")),
    ]
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
        """Return figures by state and a page of the items that were asked for."""
        now = timezone.now()
        counts = count_items(self.job)
        pending = counts.get(ItemState.PENDING, 0)
        shown = shown_states(self.request.GET.get("items", ""))
        items = self.job.items.filter(state__in=shown.states).order_by("position")
        return super().get_context_data(
            job=self.job,
            done=sum(counts.values()) - pending,
            words=figures_in_words(figures_of(self.job, counts)),
            rows_done=self.job.params.get("rows_done", 0),
            rows_total=self.job.params.get("rows_total", 0),
            waits=what_it_waits_for(self.job, now),
            left=time_left_in_words(self.job, pending, now),
            filters=item_filters(self.job, counts),
            shown=shown,
            items=Paginator(items, ITEMS_PER_PAGE).get_page(self.request.GET.get("p")),
            refreshes=self.refreshes,
            link=link_of(self.job),
            result=self._result(now),
            can_cancel=not self.job.is_finished,
            can_resume=self.job.state in RESUMABLE_JOBS and self.job.items_swept_at is None,
            can_retry=self.job.state == JobState.DONE and bool(counts.get(ItemState.SET_ASIDE)),
            **kwargs,
        )

    def _result(self, now: dt.datetime) -> StoredFile | None:
        file = self.job.result
        if file is None or not file.content or (file.expires_at is not None and file.expires_at <= now):
            return None
        return file


@require_POST
def cancel(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Cancel a job."""
    return _act(request, pk, cancel_job, _("任务已取消，已经办好的不受影响。"))


@require_POST
def resume(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Let a failed or cancelled job go on."""
    return _act(request, pk, resume_job, _("任务接着做。"))


@require_POST
def retry(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Try again what was set aside: the item that the button names, or all."""

    def service(job: Job, *, by: Any, at: dt.datetime) -> Job:
        items = job.items.filter(state=ItemState.SET_ASIDE)
        chosen = request.POST.get("item", "")
        return retry_items(job, items.filter(pk=chosen) if chosen.isdecimal() else items, by=by, at=at)

    return _act(request, pk, service, _("已经重新排队，马上再试一次。"))


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
def download(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Hand out a private file to who may have it; handing out a sensitive kind is on record.

    Exports are not for this door: they are handed out with a reason, at the batch or the record.
    """
    user: Any = request.user
    at = timezone.now()
    file = get_visible_or_404(StoredFile.objects.exclude(kind__in=_HAVE_A_DOOR), user, pk=pk)
    if file.expires_at is not None and file.expires_at <= at:
        raise Http404
    content = stream_file(file)
    if file.kind in SENSITIVE_FILES:
        with transaction.atomic():
            audit.record("file.download", file, by=user, at=at, sha256=file.sha256)
    return as_download(file, content)
