"""Plain screens inside Wagtail's admin: title, breadcrumbs, role, and one template."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.roles import Role


class OfficePage(WagtailAdminTemplateMixin, TemplateView):
    """A back-office screen for some roles: others get 403, strangers to the office the sign-in page."""

    roles: ClassVar[tuple[Role, ...]] = ()
    request: HttpRequest
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the role before anything is read."""
        user: Any = request.user
        if not user.has_role(*self.roles):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """End the trail with this page's own name."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]
