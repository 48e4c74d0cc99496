"""The back office's own two pages of Wagtail's: the home screen and one's own settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import View
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.forms.account import LocalePreferencesForm
from wagtail.admin.ui.components import Component
from wagtail.admin.views.account import (
    AccountView,
    BaseSettingsPanel,
    LocaleSettingsPanel,
)
from wagtail.admin.views.home import HomeView
from wagtail.users.models import UserProfile

from cms.backoffice.gate import is_editor
from cms.backoffice.staff import posts_of


def office_view(view: type[View]) -> Callable[..., HttpResponseBase]:
    """Return a view of ours dressed as Wagtail dresses those that its hooks add."""
    plain = view.as_view()
    dressed: Callable[..., HttpResponseBase] = update_wrapper(never_cache(require_admin_access(plain)), plain)
    return dressed


class OfficeHome(HomeView):
    """Who one is here, what waits, and for editors Wagtail's own panels below."""

    template_name = "cms/backoffice/home.html"
    page_title = gettext_lazy("工作首页")
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the posts held now."""
        user: Any = self.request.user
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "posts": posts_of(user)}

    def get_panels(self) -> list[Component]:
        """Return what waits; moderation, recent edits and locks are questions about pages."""
        user: Any = self.request.user
        if is_editor(user):
            panels: list[Component] = super().get_panels()
            return panels
        panels = []
        for add in hooks.get_hooks("construct_homepage_panels"):
            add(self.request, panels)
        return panels


class LanguageForm(LocalePreferencesForm):
    """The language of the back office; there is one time zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["preferred_language"]
        field.label = _("界面语言")
        field.choices = [("", _("跟浏览器走")), *settings.LANGUAGES]


class LanguagePanel(LocaleSettingsPanel):
    """The form under its heading."""

    title = gettext_lazy("语言")
    form_class = LanguageForm


class OfficeAccount(AccountView):
    """The language; the password is changed at /me/, the name and the address are kept by who appoints."""

    page_title = gettext_lazy("我的设置")

    def get_panels(self) -> list[BaseSettingsPanel]:
        """Return the panels that ask for nothing that our accounts do not have."""
        user: Any = self.request.user
        return [LanguagePanel(self.request, user, UserProfile.get_for_user(user))]

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Name the page in our words."""
        return [*self.breadcrumbs_items, {"url": "", "label": _("我的设置")}]
