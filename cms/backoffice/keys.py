"""密钥 on screen: what the newest keys hold, what older ones still hold, and the way to change that."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms import crypto
from cms.errors import DomainError
from cms.models import Job
from cms.roles import Role
from cms.services.rotation import KIND, key_states, start_rotation


class KeysMenuItem(MenuItem):
    """密钥 in the settings menu, for the system administrator alone."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Say whether the reader may open the page."""
        user: Any = request.user
        return bool(user.has_role(Role.SYSTEM_ADMIN))


class KeysView(WagtailAdminTemplateMixin, TemplateView):
    """The installation's keys by their public ids; the keys themselves are never shown."""

    template_name = "cms/keys/status.html"
    header_icon = "key"
    http_method_names = ["get", "post", "head", "options"]

    def get_page_title(self) -> str:
        """Return the heading."""
        return _("密钥")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return home and this page."""
        return [*self.breadcrumbs_items, {"url": "", "label": _("密钥")}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what each key holds."""
        states = key_states()
        return super().get_context_data(
            states=states,
            stale=sum(state.stale for state in states),
            field_keys=[crypto.key_id(key) for key in settings.FIELD_KEYS],
            lookup_keys=crypto.lookup_key_ids(),
            job=Job.objects.filter(kind=KIND).order_by("-created_at").first(),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Start the rotation and go on to its progress."""
        user: Any = request.user
        try:
            job = start_rotation(by=user, at=timezone.now())
        except DomainError as error:
            messages.info(request, str(error))
            return redirect("caravan_keys")
        return redirect("caravan_job", job.pk)
