"""操作记录 on screen: who did what, when; nothing here can be changed."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn

from cms.audit_words import words_of
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.models import AuditEntry, Organisation


def object_name(entry: AuditEntry) -> str:
    """Return what the entry is about: the kind of object, its label if it has one, and its id."""
    try:
        kind = str(capfirst(apps.get_model(entry.object_type)._meta.verbose_name))
    except (LookupError, ValueError):
        kind = entry.object_type  # a model of an older version
    return f"{kind} {entry.object_label or entry.object_id}"


class AuditIndexView(ScopedIndexView):
    """Entries, newest first."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Ids are ordered by time, so the primary key serves."""
        rows: QuerySet[Any] = super().get_base_queryset().order_by("-pk")
        return rows


class AuditInspectView(ScopedInspectView):
    """One entry in words."""

    def get_page_subtitle(self) -> str:
        """Return the action in words."""
        return words_of(self.object.action)

    def get_action_display_value(self) -> str:
        """Return words and code."""
        return f"{words_of(self.object.action)}（{self.object.action}）"

    def get_organisation_id_display_value(self) -> str:
        """Return the organisation's name; an entry keeps its id alone."""
        found = Organisation.objects.filter(pk=self.object.organisation_id).first()
        return str(found) if found else "-"


class AuditViewSet(ScopedModelViewSet):
    """操作记录."""

    model = AuditEntry
    name = "audit"
    icon = "history"
    menu_label = gettext_lazy("操作记录")
    index_view_class = AuditIndexView
    inspect_view_class = AuditInspectView
    list_display = [
        TitleColumn(
            "action",
            label=gettext_lazy("操作"),
            accessor=lambda entry: words_of(entry.action),
            get_url=lambda entry: reverse("audit:inspect", args=[entry.pk]),
        ),
        Column("object_type", label=gettext_lazy("对象"), accessor=object_name),
        Column("actor_name", label=gettext_lazy("操作人")),
        DateColumn("at", label=gettext_lazy("时间")),
    ]
    search_fields = ["action", "actor_name", "object_id", "object_label"]
    form_fields = ["action"]
    inspect_view_fields = [
        "at",
        "action",
        "actor_name",
        "object_type",
        "object_id",
        "object_label",
        "organisation_id",
        "region_code",
        "data",
        "digest",
    ]
