"""The header's menus: lists that upper apps fill from ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.registry import Registry

Visitor = AbstractBaseUser | AnonymousUser


def everyone(user: Visitor) -> bool:
    """Show the entry to all."""
    return True


@dataclass(frozen=True)
class MenuEntry:
    """One entry: ``url_name`` is reversed, or ``path`` is taken as it is (for Wagtail pages).

    ``line`` is the one line of explanation that the home page shows under the label.
    An entry whose address does not exist is left out, so that a menu never links to a 404.
    """

    label: str | Promise
    url_name: str = ""
    path: str = ""
    order: int = 100
    icon: str = "chevron"
    line: str | Promise = ""
    is_shown: Callable[[Visitor], bool] = everyone

    def href(self) -> str | None:
        """Return the address, or ``None`` when the name is not in the URL conf."""
        if self.path:
            return self.path
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return None


@dataclass(frozen=True)
class MenuLink:
    """An entry as the template shows it."""

    label: str | Promise
    url: str
    icon: str
    line: str | Promise
    is_current: bool


public_menu: Registry[MenuEntry] = Registry("public menu")
work_menu: Registry[MenuEntry] = Registry("trainer's desk menu")
footer_menu: Registry[MenuEntry] = Registry("footer menu")

public_menu.register(
    "me",
    MenuEntry(_("我的学习"), url_name="account:home", order=30, icon="person", line=_("签到码、证书、回炉")),
)
work_menu.register("messages", MenuEntry(_("消息"), url_name="account:messages", order=90, icon="bell"))
footer_menu.register("seal", MenuEntry(_("操作记录封存"), url_name="site:seal", order=90))

footer_menu.register("privacy", MenuEntry(_("隐私与同意"), url_name="site:privacy", order=90, icon="lock"))


def links_for(menu: Registry[MenuEntry], request: HttpRequest | None) -> list[MenuLink]:
    """Return the entries that ``request``'s user sees, in order; no query for anonymous visitors."""
    user: Visitor = getattr(request, "user", None) or AnonymousUser()
    path = request.path if request else ""
    shown = [
        (entry, url)
        for entry in sorted(menu, key=lambda item: item.order)
        if (url := entry.href()) is not None and entry.is_shown(user)
    ]
    # /teach/classes/ lies below /teach/: only the longest address that fits is the current one.
    current = max((url for _entry, url in shown if path.startswith(url)), key=len, default=None)
    return [MenuLink(entry.label, url, entry.icon, entry.line, url == current) for entry, url in shown]
