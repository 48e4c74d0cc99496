"""The rules, and the way to the list of who is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSet

from certificates.refreshers.forms import RuleForm
from certificates.refreshers.models import RefresherRule
from certificates.refreshers.permissions import DUE_LIST_ROLES
from certificates.refreshers.services.rules import save_rule
from certificates.refreshers.views import DueListPage
from certificates.refreshers.words import rule_sentence, worked_example
from cms.backoffice.viewsets import ScopedCreateView, ScopedInspectView, ScopedModelViewSet
from cms.models import Region, User


def create_rule(*, form: RuleForm, by: User, at: dt.datetime) -> RefresherRule:
    """Save what the form holds."""
    values = dict(form.cleaned_data)
    return save_rule(values.pop("region"), **values, by=by, at=at)


class RuleCreate(ScopedCreateView):
    """A new rule; rules are added, never changed: answers for old days stay."""


class RuleInspect(ScopedInspectView):
    """The rule as a sentence, with an example."""

    template_name = "certificates/refreshers/rule.html"
    page_title = _("回炉规定")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say the rule, and work it for somebody who began on the first day it held."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        rule: RefresherRule = self.object
        region = Region.objects.filter(code=rule.region_code).first()
        context |= {
            "rule": rule,
            "sentence": rule_sentence(rule, str(region or rule.region_code)),
            "example": worked_example(rule, rule.valid_from),
            "today": timezone.localdate(),
        }
        return context


class RuleViewSet(ScopedModelViewSet):
    """Rules everybody in the office may read; the system administrator adds them."""

    model = RefresherRule
    name = "certificates_refresher_rule"
    url_prefix = "refresher-rules"
    icon = "doc-full"
    menu_label = _("回炉规定")
    list_display = [
        "region_code",
        Column("interval_months", label=_("几个月回炉一次"), classname="num"),
        Column("window_days", label=_("提前几天提醒"), classname="num"),
        "valid_from",
        "valid_until",
        "document",
    ]
    form_fields = ["interval_months"]
    create_with = create_rule
    add_view_class = RuleCreate
    inspect_view_class = RuleInspect

    def get_form_class(self, for_update: bool = False) -> Any:
        """Return our own form: the region is chosen by name."""
        return RuleForm


class DueMenuItem(MenuItem):
    """Shown to who may ask."""

    def is_shown(self, request: Any) -> bool:
        """Ask the roles."""
        return bool(request.user.has_role(*DUE_LIST_ROLES))


class DueViewSet(ViewSet):
    """Who is due."""

    name = "certificates_due"
    url_prefix = "refreshers"
    icon = "calendar"
    menu_label = _("谁该回炉了")
    menu_item_class = DueMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        """One page."""
        return [path("", DueListPage.as_view(), name="index")]
