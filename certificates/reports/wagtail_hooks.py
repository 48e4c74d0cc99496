"""Registers the reports with Wagtail's Reports menu; imported by ``certificates.wagtail_hooks``."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from certificates.reports.permissions import REPORT_ROLES
from certificates.reports.views import TrainingReportPage


class ReportMenuItem(MenuItem):
    """Shown to who reports."""

    def is_shown(self, request: Any) -> bool:
        """Ask the roles."""
        return bool(request.user.has_role(*REPORT_ROLES))


@hooks.register("register_reports_menu_item")
def register_training_report() -> ReportMenuItem:
    """Add the training report."""
    return ReportMenuItem(
        _("培训人次"),
        reverse("certificates_training_report"),
        name="training-report",
        icon_name="doc-full",
        order=100,
    )


@hooks.register("register_admin_urls")
def register_report_urls() -> list[URLPattern]:
    """Add the pages."""
    return [path("reports/training/", TrainingReportPage.as_view(), name="certificates_training_report")]
