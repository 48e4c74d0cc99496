"""Registers the subsidy desk with Wagtail; imported by ``certificates.wagtail_hooks``."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from certificates.subsidies import views
from certificates.subsidies.payment_views import RecordPaymentsPage
from certificates.subsidies.viewsets import BatchViewSet, ClaimViewSet, SchemeViewSet


class SubsidyGroup(ViewSetGroup):
    """补贴 in the side bar."""

    menu_label = _("补贴")
    menu_name = "subsidies"
    menu_icon = "form"
    menu_order = 600
    items = (ClaimViewSet, BatchViewSet, SchemeViewSet)


@hooks.register("register_admin_viewset")
def register_subsidies() -> SubsidyGroup:
    """Add the group."""
    return SubsidyGroup()


@hooks.register("register_admin_urls")
def register_subsidy_urls() -> list[URLPattern]:
    """Add the pages and acts that are no list."""
    return [
        path("subsidies/new-claims/", views.NewClaimsPage.as_view(), name="certificates_new_claims"),
        path("subsidies/new-batch/", views.NewBatchPage.as_view(), name="certificates_new_batch"),
        path("subsidies/claims/<int:pk>/<slug:act>/", views.act_on_claim, name="certificates_claim_act"),
        path("subsidies/batches/<int:pk>/export/", views.export_batch, name="certificates_export_batch"),
        path(
            "subsidies/batches/<int:pk>/payments/",
            RecordPaymentsPage.as_view(),
            name="certificates_record_payments",
        ),
        path("subsidies/exports/<int:pk>/", views.download_export, name="certificates_download_export"),
    ]
