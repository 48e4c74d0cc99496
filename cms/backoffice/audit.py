"""操作记录 on screen: who did what, when; nothing here can be changed, only typed words can be erased."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_filters import CharFilter, ChoiceFilter, DateFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.access import get_visible_or_404
from cms.audit_words import action_words, subject_names, words_of
from cms.backoffice.history import describe
from cms.backoffice.history_words import lines_of, object_name
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.models import AuditEntry, AuditNote, AuditSealEntry, Organisation, User
from cms.services.audit_notes import erase_notes
from cms.ui.dates import moment


def _actions() -> list[tuple[str, str]]:
    named = [(action, words_of(action)) for action in action_words.keys()]  # noqa: SIM118  a Registry
    return sorted(named, key=lambda pair: pair[1])


def _kinds() -> list[tuple[str, str]]:
    """Return the kinds of objects that entries are about."""
    return sorted(((label, describe(label)) for label in subject_names.keys()), key=lambda pair: pair[1])  # noqa: SIM118


def _organisations(request: HttpRequest) -> QuerySet[Organisation]:
    user: Any = request.user
    return Organisation.objects.visible_to(user).order_by("name")


class AuditFilterSet(WagtailFilterSet):
    """By day, action, kind of object, organisation and who did it."""

    since = DateFilter(label=gettext_lazy("从哪天起"), method="from_day", widget=DayInput)
    until = DateFilter(label=gettext_lazy("到哪天止"), method="to_day", widget=DayInput)
    action = ChoiceFilter(label=gettext_lazy("办了什么"), choices=_actions)
    object_type = ChoiceFilter(label=gettext_lazy("对象类型"), choices=_kinds)
    organisation = ModelChoiceFilter(
        label=gettext_lazy("机构"), queryset=_organisations, method="of_organisation"
    )
    actor = CharFilter(label=gettext_lazy("谁办的（账号或称呼）"), method="by_actor")

    class Meta:
        model = AuditEntry
        fields = ["since", "until", "action", "object_type", "organisation", "actor"]

    def from_day(self, rows: QuerySet[Any], name: str, day: dt.date) -> QuerySet[Any]:
        """Entries from the beginning of the local day on."""
        return rows.filter(at__gte=_midnight(day))

    def to_day(self, rows: QuerySet[Any], name: str, day: dt.date) -> QuerySet[Any]:
        """Entries up to the end of the local day."""
        return rows.filter(at__lt=_midnight(day + dt.timedelta(days=1)))

    def of_organisation(self, rows: QuerySet[Any], name: str, chosen: Organisation) -> QuerySet[Any]:
        """Entries made for the organisation."""
        return rows.filter(organisation_id=chosen.pk)

    def by_actor(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """Entries of accounts with that name; entries keep ids alone."""
        wanted = text.strip()
        users = User.objects.filter(Q(display_name__icontains=wanted) | Q(username=wanted))
        return rows.filter(actor_id__in=users.values("pk"))


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _actor(entry: Any) -> str:
    if entry.actor_id is None:
        return _("系统自动")
    return str(entry.actor_shown or entry.actor_name or _("已注销的账号"))


class AuditIndexView(ScopedIndexView):
    """Entries, newest first, each with the name of who acted: one query."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Ids are ordered by time, so the primary key serves."""
        shown = Coalesce(NullIf("display_name", Value("")), "username", output_field=CharField())
        actor = User.objects.filter(pk=OuterRef("actor_id")).annotate(shown=shown).values("shown")[:1]
        rows: QuerySet[Any] = super().get_base_queryset().annotate(actor_shown=Subquery(actor))
        return rows.order_by("-pk")


class AuditInspectView(ScopedInspectView):
    """One entry in words, the seal that holds it, and what it looks like inside."""

    template_name = "cms/history/entry.html"
    page_title = gettext_lazy("操作记录")

    def get_page_subtitle(self) -> str:
        """Return the action in words."""
        return words_of(self.object.action)

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the entry's line, its seal and its organisation."""
        user: Any = self.request.user
        entry: AuditEntry = self.object
        sealed = AuditSealEntry.objects.select_related("seal").filter(pk=entry.pk).first()
        has_notes = AuditNote.objects.filter(entry_id=entry.pk, erased_at__isnull=True).exists()
        context: dict[str, Any] = super().get_context_data(
            entry=entry,
            line=lines_of([entry], user)[0],
            sealed=sealed,
            place=sealed.position + 1 if sealed else 0,
            organisation=Organisation.objects.filter(pk=entry.organisation_id or 0).first(),
            can_see_seal=user.has_perm("cms.view_auditseal"),
            can_erase=has_notes and user.scope().everything,
            **kwargs,
        )
        return context


@require_POST
def erase(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Erase what was typed with one entry; a system administrator does it, on request."""
    user: Any = request.user
    entry = get_visible_or_404(AuditEntry.objects.all(), user, pk=pk)
    if not user.scope().everything:
        raise PermissionDenied
    erase_notes(AuditEntry.objects.filter(pk=entry.pk), by=user, at=timezone.now())
    messages.success(request, _("说明已经删除，记录本身没有变。"))
    return redirect(reverse("audit:inspect", args=[entry.pk]))


class AuditViewSet(ScopedModelViewSet):
    """操作记录."""

    model = AuditEntry
    name = "audit"
    icon = "history"
    menu_label = gettext_lazy("操作记录")
    index_view_class = AuditIndexView
    inspect_view_class = AuditInspectView
    inspect_template_name = "cms/history/entry.html"
    filterset_class = AuditFilterSet
    list_display = [
        TitleColumn(
            "action",
            label=gettext_lazy("办了什么"),
            accessor=lambda entry: words_of(entry.action),
            get_url=lambda entry: reverse("audit:inspect", args=[entry.pk]),
        ),
        Column("object_type", label=gettext_lazy("对象"), accessor=object_name),
        Column("actor", label=gettext_lazy("谁办的"), accessor=_actor),
        Column("at", label=gettext_lazy("时间"), accessor=lambda entry: moment(entry.at)),
    ]
    search_fields = ["object_label", "object_id"]
    form_fields = ["action"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the erasing of typed words."""
        return [*super().get_urlpatterns(), path("erase/<uuid:pk>/", erase, name="erase")]
