"""The list of who is due, inside the back office."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.refreshers.exports import asked_list, due_form
from certificates.refreshers.permissions import DUE_LIST_ROLES
from cms.backoffice.export_buttons import export_buttons
from cms.backoffice.pages import OfficePage

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
        form = due_form(user, self.request.GET or {"on": timezone.localdate().isoformat()})
        context["form"] = form
        context["header_buttons"] = export_buttons(self.request, "certificates_due:index")
        if not form.is_valid():
            return context
        asked = form.cleaned_data
        on = asked["on"] or timezone.localdate()
        found, lines = asked_list(user, asked, on)
        page = Paginator(lines, PAGE).get_page(self.request.GET.get("page"))
        context |= {"found": found, "on": on, "page_obj": page, "people": len(found.lines)}
        return context
