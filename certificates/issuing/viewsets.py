"""Back-office lists of certificates and designs; facts are changed by services only."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSet
from wagtail.admin.widgets.button import Button, HeaderButton

from certificates.issuing.editions import newest_edition
from certificates.issuing.enums import CERTIFICATE_MOVES, CertificateState
from certificates.issuing.models import Certificate, CertificateDesign
from certificates.issuing.permissions import runs_issuer
from certificates.issuing.views import life, office
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet

_ACTIONS = (
    (CertificateState.REISSUED, "reissue", _("补发证书"), "doc-full"),
    (CertificateState.REVOKED, "revoke", _("撤销证书"), "warning"),
)


class StateColumn(Column):
    """A state as our tag."""

    cell_template_name = "certificates/issuing/admin/state_cell.html"


class CertificateIndexView(ScopedIndexView):
    """All certificates one may see, newest first."""

    list_select_related = ("organisation",)
    default_ordering = ["-issued_on", "number"]

    def get_base_queryset(self) -> QuerySet[Any]:
        """Leave the snapshots in the database: the list shows none of them."""
        return super().get_base_queryset().defer("snapshot")

    def _get_title_column(self, field_name: str, *args: Any, **kwargs: Any) -> Column:
        # A number in two lines is hard to compare with paper.
        return super()._get_title_column(field_name, *args, classname="w-whitespace-nowrap", **kwargs)


class CertificateInspectView(ScopedInspectView):
    """One certificate: what is printed, its file, and what happened to it."""

    template_name = "certificates/issuing/admin/inspect.html"
    page_title = pgettext_lazy("menu", "证书")

    @cached_property
    def header_buttons(self) -> list[Button]:
        """Offer what is possible now: the file once it is made."""
        if newest_edition(self.object).file is None:
            return []
        address = reverse("certificate:download", args=[self.object.pk])
        return [HeaderButton(_("下载证书"), url=address, icon_name="download")]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Offer the issuer's office what the state allows."""
        if not runs_issuer(self.request.user, self.object):
            return []
        moves = CERTIFICATE_MOVES[self.object.state]
        return [
            Button(label, url=reverse(f"certificate:{name}", args=[self.object.pk]), icon_name=icon)
            for state, name, label, icon in _ACTIONS
            if state in moves
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give what is printed now to the template, and every printing before."""
        newest = newest_edition(self.object)
        reissues = self.object.reissues.select_related("file", "reissued_by").order_by("-serial")
        return super().get_context_data(  # type: ignore[no-any-return]  # untyped base
            certificate=self.object,
            snapshot=newest.snapshot,
            printed=newest.data,
            file=newest.file,
            reissues=reissues,
            **kwargs,
        )


class CertificateViewSet(ScopedModelViewSet):
    """The certificates of one's organisation or region."""

    model = Certificate
    name = "certificate"
    icon = "doc-full"
    menu_label = pgettext_lazy("menu", "证书")
    index_view_class = CertificateIndexView
    inspect_view_class = CertificateInspectView
    list_select_related = ("organisation",)
    list_display = [
        "number",
        "holder_name",
        "course_title",
        "kind",
        StateColumn("state", label=_("状态"), sort_key="state"),
        "issued_on",
        "organisation",
    ]
    # No filter by issuer: its choices would name every organisation to everybody.
    list_filter = ["state", "kind"]
    search_fields = ["number", "holder_name"]
    form_fields: list[str] = []

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add download, reissue and revocation."""
        return [
            *super().get_urlpatterns(),
            path("download/<int:pk>/", office.download, name="download"),
            path("download/<int:pk>/<int:serial>/", office.download, name="download_edition"),
            path("reissue/<int:pk>/", life.reissue, name="reissue"),
            path("revoke/<int:pk>/", life.revoke, name="revoke"),
        ]


class DesignViewSet(ScopedModelViewSet):
    """The designs in use; read only."""

    model = CertificateDesign
    name = "certificate_design"
    icon = "image"
    menu_label = _("证书样式")
    list_display = ["name", "kind", "version", "is_current"]
    inspect_view_fields = ["name", "kind", "template", "version", "is_current"]
    form_fields: list[str] = []


class IssuingMenuItem(MenuItem):
    """Shown to who issues."""

    def is_shown(self, request: Any) -> bool:
        """Ask the roles."""
        return office.issues_certificates(request.user)


class IssuingViewSet(ViewSet):
    """Classes that wait for certificates, and the button."""

    name = "certificate_issuing"
    icon = "check"
    menu_label = _("签发证书")
    menu_item_class = IssuingMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return list and action."""
        return [
            path("", office.issue_list, name="index"),
            path("<str:class_no>/", office.issue_class, name="issue"),
        ]
