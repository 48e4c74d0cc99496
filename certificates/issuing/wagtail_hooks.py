"""Registers issuing's screens with Wagtail; imported by ``certificates.wagtail_hooks``."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from certificates.issuing.viewsets import CertificateViewSet, DesignViewSet, IssuingViewSet


class CertificateGroup(ViewSetGroup):
    """证书 in the side bar."""

    menu_label = pgettext_lazy("menu", "证书")
    menu_name = "certificates"
    menu_icon = "doc-full"
    menu_order = 400
    items = (IssuingViewSet, CertificateViewSet, DesignViewSet)


@hooks.register("register_admin_viewset")
def register_certificates() -> CertificateGroup:
    """Add the group."""
    return CertificateGroup()
