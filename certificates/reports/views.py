"""Reports inside the back office."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.reports.forms import PeriodForm
from certificates.reports.permissions import REPORT_ROLES
from certificates.reports.training import training_report
from cms.backoffice.pages import OfficePage


class TrainingReportPage(OfficePage):
    """开展家政服务职业培训（人次） between two days, by town and by organisation, down to the classes."""

    roles = REPORT_ROLES
    template_name = "certificates/reports/training.html"
    page_title = _("培训人次")
    header_icon = "doc-full"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count the chosen period, else this year so far."""
        context = super().get_context_data(**kwargs)
        today = timezone.localdate()
        this_year = {"start": dt.date(today.year, 1, 1).isoformat(), "end": today.isoformat()}
        form = PeriodForm(self.request.GET or this_year)
        context["form"] = form
        if form.is_valid():
            user: Any = self.request.user
            context["report"] = training_report(user, form.cleaned_data["start"], form.cleaned_data["end"])
        return context
