"""账号: who signs in, from where, and what an administrator may do about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permission_policies import ModelPermissionPolicy

from cms.access import get_visible_or_404
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.errors import DomainError
from cms.models import Membership, User
from cms.phones import mask_phone
from cms.services import codes, second_factor
from cms.services.sessions import end_sessions, signed_in_devices
from cms.slip_sheets import slip_link, slip_picture

# Who appoints people also looks after their accounts.
LOOK_AFTER = "cms.add_membership"


class AccountPermissionPolicy(ModelPermissionPolicy):
    """Administrators look; nobody adds, changes or deletes accounts here.

    The rights on ``User`` itself would open Wagtail's own screens, which know no scope.
    """

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Say whether the screen is for this user."""
        return action == "view" and bool(user.has_perm(LOOK_AFTER))

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        """Say whether one of ``actions`` is allowed."""
        return any(self.user_has_permission(user, action) for action in actions)


POLICY = AccountPermissionPolicy(User)


class AccountMenuItem(MenuItem):
    """The entry in the menu."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Say whether the screens are for this user."""
        return POLICY.user_has_permission(request.user, "view")


class AccountIndexView(ScopedIndexView):
    """Accounts in scope."""

    permission_policy = POLICY

    def get_base_queryset(self) -> QuerySet[Any]:
        """The newest last sign-in first is of no use to a clerk: by name."""
        rows: QuerySet[Any] = super().get_base_queryset().order_by("display_name", "username")
        return rows


class AccountInspectView(ScopedInspectView):
    """One account."""

    permission_policy = POLICY

    template_name = "cms/accounts/detail.html"

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the reader may see and do."""
        reader: User = self.request.user
        account: User = self.object
        key = self.request.session.session_key or ""
        posts = Membership.objects.visible_to(reader).filter(user=account).select_related("organisation")
        has_factor = second_factor.is_enrolled(account)
        context: dict[str, Any] = super().get_context_data(
            account=account,
            phone=mask_phone(account.phone) if account.phone else "",
            memberships=list(posts.order_by("-valid_from")),
            devices=signed_in_devices(account, current=key, at=timezone.now()),
            has_factor=has_factor,
            may_look_after=codes.may_look_after(reader, account),
            may_reset_factor=has_factor and reader.scope().everything,
            **kwargs,
        )
        return context


class AccountViewSet(ScopedModelViewSet):
    """账号."""

    model = User
    name = "accounts"
    icon = "key"
    menu_label = gettext_lazy("账号")
    index_view_class = AccountIndexView
    inspect_view_class = AccountInspectView
    inspect_template_name = "cms/accounts/detail.html"
    list_display = [
        Column("display_name", label=gettext_lazy("称呼"), accessor=str),
        Column("username", label=gettext_lazy("用户名")),
        DateColumn("last_login", label=gettext_lazy("最近登录")),
    ]
    search_fields = ["username", "display_name"]
    form_fields = ["display_name"]

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        """Show the entry to those whom the screens are for; Wagtail would ask the rights on ``User``."""
        return AccountMenuItem

    def register_admin_url_finder(self) -> None:
        """Wagtail's own screen of users keeps its place in Wagtail's links."""

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what an administrator does."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/end-sessions/", end, name="end_sessions"),
            path("<int:pk>/paper/", paper, name="paper"),
            path("<int:pk>/reset-factor/", reset_factor, name="reset_factor"),
        ]


def _looked_after(request: HttpRequest, pk: int) -> tuple[User, User]:
    by: Any = request.user
    if not by.has_perm(LOOK_AFTER):
        raise PermissionDenied
    account = get_visible_or_404(User.objects.all(), by, pk=pk)
    if not codes.may_look_after(by, account):
        raise PermissionDenied
    return account, by


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Sign the account out everywhere."""
    account, by = _looked_after(request, pk)
    keep = (request.session.session_key or "") if account.pk == by.pk else ""
    count = end_sessions(account, keep=keep, by=by, at=timezone.now())
    messages.success(request, _("%(count)s 台设备退出了。") % {"count": count})
    return redirect("accounts:inspect", pk)


@never_cache
@require_POST
def paper(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the paper with which the account gets a new password; the code is shown this once."""
    account, by = _looked_after(request, pk)
    row, code = codes.make_paper(account, by=by, at=timezone.now())
    context = {
        "account": account,
        "row": row,
        "code": f"{code[:4]} {code[4:]}",
        "link": slip_link(""),
        "picture": slip_picture(code),
    }
    return render(request, "cms/accounts/paper.html", context)


@require_POST
def reset_factor(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take the second factor off, with a reason."""
    account, by = _looked_after(request, pk)
    try:
        second_factor.reset(account, reason=request.POST.get("reason", ""), by=by, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("第二重验证重设了，账号在所有设备上退出。"))
    return redirect("accounts:inspect", pk)
