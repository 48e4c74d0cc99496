"""开班备案: the officer's inbox; what was filed is shown as it was frozen."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn

from caravan.backoffice.columns import StateColumn
from caravan.enums import ClassState, SessionKind
from caravan.models import ClassFiling
from caravan.permissions import can_answer_filing
from caravan.services.filing import accept_filing, return_filing
from cms.access import get_visible_or_404
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.errors import DomainError
from cms.models import User


class FilingIndexView(ScopedIndexView):
    """Unanswered filings first, oldest of them on top."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Sort by what waits for an answer."""
        waiting = Case(
            When(decision="", training_class__state=ClassState.SUBMITTED, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        rows: QuerySet[Any] = super().get_base_queryset().annotate(waiting=waiting)
        return rows

    def order_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the inbox's order unless the reader sorts."""
        if self.request.GET.get("ordering"):
            return cast("QuerySet[Any]", super().order_queryset(queryset))
        return queryset.order_by("waiting", "-submitted_at", "-pk")


class FilingInspectView(ScopedInspectView):
    """One filing with its snapshot, and the answer."""

    template_name = "caravan/admin/filing.html"
    page_title = gettext_lazy("开班备案")

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Read the filing with its class and people."""
        found = super().get_object(*args, **kwargs)
        rows = ClassFiling.objects.select_related(
            "training_class__organisation", "submitted_by", "decided_by"
        )
        return rows.get(pk=found.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the snapshot in words."""
        snapshot = self.object.snapshot
        return {
            **super().get_context_data(**kwargs),
            "filing": self.object,
            "filed": snapshot,
            "sessions": [_session_words(row) for row in snapshot["sessions"]],
            "may_answer": can_answer_filing(self.request.user, self.object),
        }


def _session_words(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "starts_at": parse_datetime(row["starts_at"]),
        "ends_at": parse_datetime(row["ends_at"]),
        "kind": SessionKind(row["kind"]).label,
        "trainer": " ".join(row["trainer"]),
    }


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the filing, or return it with remarks."""
    user = cast(User, request.user)
    filing = get_visible_or_404(ClassFiling.objects.select_related("training_class"), user, pk=pk)
    if not user.has_perm("caravan.change_classfiling"):
        raise PermissionDenied
    accepts = request.POST.get("decision") == "accept"
    service = accept_filing if accepts else return_filing
    try:
        service(filing, remarks=request.POST.get("remarks", "")[:300], by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("filings:inspect", filing.pk)
    messages.success(
        request, _("准予备案了，可以报名了。") if accepts else _("退回了，承办机构会看到您写的备注。")
    )
    return redirect("filings:index")


class FilingViewSet(ScopedModelViewSet):
    """开班备案."""

    model = ClassFiling
    name = "filings"
    icon = "mail"
    menu_label = gettext_lazy("开班备案")
    index_view_class = FilingIndexView
    inspect_view_class = FilingInspectView
    inspect_template_name = "caravan/admin/filing.html"
    list_select_related = ("training_class__organisation", "submitted_by")
    list_display = [
        TitleColumn("training_class", label=gettext_lazy("班级"), url_name="filings:inspect"),
        Column("training_class.class_no", label=gettext_lazy("班号")),
        Column("training_class.organisation", label=gettext_lazy("承办机构")),
        DateColumn("submitted_at", label=gettext_lazy("报备时间"), sort_key="submitted_at"),
        StateColumn("decision", label=gettext_lazy("意见")),
    ]
    list_filter = ["decision"]
    search_fields = ["training_class__title", "training_class__class_no"]
    form_fields = ["remarks"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the answer."""
        return [*super().get_urlpatterns(), path("inspect/<int:pk>/answer/", answer, name="answer")]
