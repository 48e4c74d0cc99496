"""操作记录 on screen: who did what, when; nothing here can be changed."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn

from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.models import AuditEntry, Organisation
from cms.registry import Registry

# What readers call an action; an app registers its own. The code itself stands where nobody did.
action_names: Registry[Promise] = Registry("audit action names")

for _code, _name in {
    "job.start": gettext_lazy("提交后台任务"),
    "job.cancel": gettext_lazy("取消后台任务"),
    "job.resume": gettext_lazy("继续后台任务"),
    "roster.upload": gettext_lazy("上传花名册"),
    "roster.confirm": gettext_lazy("确认导入花名册"),
    "roster.import": gettext_lazy("导入花名册"),
    "file.download": gettext_lazy("下载文件"),
    "membership.grant": gettext_lazy("授予角色"),
    "membership.end": gettext_lazy("结束任职"),
    "organisation.create": gettext_lazy("新登记机构"),
    "organisation.change": gettext_lazy("修改机构"),
    "organisation.licence": gettext_lazy("登记许可或备案"),
    "person.register": gettext_lazy("登记人员"),
    "person.fill": gettext_lazy("补全人员信息"),
    "person.document": gettext_lazy("登记证件"),
    "person.affiliate": gettext_lazy("关联机构"),
    "person.affiliate_again": gettext_lazy("恢复关联"),
    "person.in_post": gettext_lazy("登记在岗"),
    "person.in_post_end": gettext_lazy("登记离岗"),
    "person.tag": gettext_lazy("登记人员类别"),
}.items():
    action_names.register(_code, _name)


def action_name(entry: AuditEntry) -> str:
    """Return the action in words, or its code."""
    return str(action_names.get(entry.action)) if entry.action in action_names else entry.action


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
        return action_name(self.object)

    def get_action_display_value(self) -> str:
        """Return words and code."""
        return f"{action_name(self.object)}（{self.object.action}）"

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
            accessor=action_name,
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
