"""The list of who is due, inside the back office."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.due_list import due_list, periods_of
from certificates.refreshers.forms import DueListForm
from certificates.refreshers.permissions import DUE_LIST_ROLES
from cms.backoffice.pages import OfficePage
from cms.models import InPostPeriod, Organisation, Region

PAGE = 50


class DueListPage(OfficePage):
    """Who is due on any day, worst first, with the counts and the compliance rate."""

    roles = DUE_LIST_ROLES
    template_name = "certificates/refreshers/due_list.html"
    page_title = _("谁该回炉了")
    header_icon = "calendar"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask the clock; a wrong day is said at its field and nothing is listed."""
        context = super().get_context_data(**kwargs)
        user: Any = self.request.user
        form = self._form(user)
        context["form"] = form
        if not form.is_valid():
            return context
        asked = form.cleaned_data
        on = asked["on"] or timezone.localdate()
        periods = periods_of(user, on, asked["region"].code if asked["region"] else "")
        if asked["employer"]:
            periods = periods.filter(organisation=asked["employer"])
        found = due_list(periods, on)
        lines = [line for line in found.lines if not asked["state"] or line.status.state == asked["state"]]
        page = Paginator(lines, PAGE).get_page(self.request.GET.get("page"))
        context |= {"found": found, "on": on, "page_obj": page, "people": len(found.lines)}
        return context

    def _form(self, user: Any) -> DueListForm:
        seen = InPostPeriod.objects.current().visible_to(user).order_by()
        return DueListForm(
            self.request.GET or {"on": timezone.localdate().isoformat()},
            employers=Organisation.objects.filter(pk__in=seen.values("organisation")).order_by("name"),
            regions=Region.objects.filter(code__in=seen.values("region_code")),
        )
