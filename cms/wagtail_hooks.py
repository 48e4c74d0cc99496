"""Registers the ground's back office; the screens live in ``cms/backoffice``."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.admin.viewsets.base import ViewSetGroup

from cms.access import role_required
from cms.backoffice.accounts import AccountViewSet
from cms.backoffice.audit import AuditViewSet
from cms.backoffice.corrections import ChangeViewSet
from cms.backoffice.data_requests import DataRequestViewSet
from cms.backoffice.exports import ExportRecordViewSet, ExportView
from cms.backoffice.history import URL_NAME, HistoryView
from cms.backoffice.imports import ImportViewSet
from cms.backoffice.jobs import JobView, JobViewSet, cancel, download, resume, retry
from cms.backoffice.keys import KeysMenuItem, KeysView
from cms.backoffice.menus import OwnOrganisationItem, keep_what_opens
from cms.backoffice.merges import MergeViewSet
from cms.backoffice.messages import DeliveryViewSet, QuietHoursViewSet
from cms.backoffice.organisations import MembershipViewSet, OrganisationViewSet
from cms.backoffice.page_rights import register_role_policies
from cms.backoffice.people import PersonViewSet
from cms.backoffice.policies import ConsentRuleViewSet, PolicyViewSet
from cms.backoffice.regions import RegionViewSet
from cms.backoffice.reveals import RevealViewSet
from cms.backoffice.seals import SealViewSet, SigningKeyViewSet
from cms.backoffice.site_guide import SiteGuideMenuItem, SiteGuideView, pages_to_approve
from cms.backoffice.successions import SuccessionViewSet
from cms.backoffice.todo import TodoPanel, todos
from cms.roles import Role

register_role_policies()


class PeopleGroup(ViewSetGroup):
    """人员与机构."""

    menu_label = gettext_lazy("人员与机构")
    menu_icon = "group"
    menu_order = 100
    items = (
        PersonViewSet,
        ChangeViewSet,
        MergeViewSet,
        DataRequestViewSet,
        ImportViewSet,
        OrganisationViewSet,
        MembershipViewSet,
        AccountViewSet,
        RegionViewSet,
        SuccessionViewSet,
        JobViewSet,
        ExportRecordViewSet,
        AuditViewSet,
        RevealViewSet,
        SealViewSet,
        SigningKeyViewSet,
    )


@hooks.register("register_admin_viewset")
def register_people() -> PeopleGroup:
    """Register 人员与机构."""
    return PeopleGroup()


class MessageGroup(ViewSetGroup):
    """消息."""

    menu_label = gettext_lazy("消息")
    menu_name = "messages"
    menu_icon = "mail"
    menu_order = 700
    items = (DeliveryViewSet, QuietHoursViewSet)


@hooks.register("register_admin_viewset")
def register_messages() -> MessageGroup:
    """Register 消息."""
    return MessageGroup()


@hooks.register("register_admin_menu_item")
def inbox_menu_item() -> MenuItem:
    """Lead to one's own inbox, which is a plain page."""
    return MenuItem(
        gettext_lazy("我的消息"), reverse("account:messages"), name="inbox", icon_name="mail", order=90
    )


class SiteGroup(ViewSetGroup):
    """说明与同意."""

    menu_label = gettext_lazy("说明与同意")
    menu_icon = "doc-full"
    menu_order = 190
    items = (PolicyViewSet, ConsentRuleViewSet)


@hooks.register("register_admin_viewset")
def register_site() -> SiteGroup:
    """Register 说明与同意."""
    return SiteGroup()


@hooks.register("register_admin_menu_item")
def site_guide_menu_item() -> SiteGuideMenuItem:
    """Link to 怎么写网站."""
    return SiteGuideMenuItem(
        _("怎么写网站"), reverse("caravan_site_guide"), name="site-guide", icon_name="help", order=195
    )


todos.register("pages_to_approve", pages_to_approve)


@hooks.register("register_admin_urls")
def register_urls() -> list[URLPattern]:
    """Register the pages that are no listing."""
    return [
        path("jobs/<uuid:pk>/", JobView.as_view(), name="caravan_job"),
        path("jobs/<uuid:pk>/cancel/", cancel, name="caravan_job_cancel"),
        path("jobs/<uuid:pk>/resume/", resume, name="caravan_job_resume"),
        path("jobs/<uuid:pk>/retry/", retry, name="caravan_job_retry"),
        path("files/<uuid:pk>/", download, name="caravan_file"),
        path("export/<slug:slug>/", ExportView.as_view(), name="caravan_export"),
        path("site-guide/", SiteGuideView.as_view(), name="caravan_site_guide"),
        path("keys/", role_required(Role.SYSTEM_ADMIN)(KeysView.as_view()), name="caravan_keys"),
        path("history/<str:label>/<str:pk>/", HistoryView.as_view(), name=URL_NAME),
    ]


@hooks.register("register_settings_menu_item")
def keys_menu_item() -> KeysMenuItem:
    """Link to 密钥."""
    return KeysMenuItem(_("密钥"), reverse("caravan_keys"), name="keys", icon_name="key", order=900)


@hooks.register("register_account_menu_item")
def own_account(request: HttpRequest) -> dict[str, str]:
    """Lead from Wagtail's preferences to where password, devices and second factor are."""
    return {
        "url": reverse("account:security"),
        "label": _("账号与安全"),
        "help_text": _("改密码，看看在哪些设备上登录着，第二重验证。"),
    }


@hooks.register("insert_global_admin_css")
def admin_css() -> SafeString:
    """Add our tags and review panels to Wagtail's look."""
    return format_html('<link rel="stylesheet" href="{}">', static("cms/admin.css"))


@hooks.register("register_admin_menu_item")
def own_organisation() -> MenuItem:
    """Say at the top of the side bar whose desk this is."""
    return OwnOrganisationItem()


# Last: what other hooks add is judged too.
for _menu in ("main", "reports", "settings", "help"):
    hooks.register(f"construct_{_menu}_menu", keep_what_opens, order=1000)


@hooks.register("construct_homepage_panels")
def home_panels(request: HttpRequest, panels: list[Component]) -> None:
    """Put what waits on top of the home screen."""
    panels.insert(0, TodoPanel())
