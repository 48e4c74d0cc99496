"""The side bar: one's own organisation first, then our work in its order, and nothing that leads to a 403."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.sidebar import LinkMenuItem

from cms.backoffice.gate import is_editor, leads_somewhere
from cms.backoffice.staff import posts_of
from cms.models import Organisation

# Wagtail's own help is about pages; its news are for who installs it, and its guide is not about this site.
_FOR_EDITORS = frozenset({"help"})
_FOR_NOBODY = ("whats-new-in-wagtail", "editor-guide")


class OwnOrganisationItem(MenuItem):
    """The organisation one works for, by name; it leads to its page."""

    def __init__(self) -> None:
        super().__init__(
            "", "", name="own-organisation", classname="own-organisation", icon_name="home", order=0
        )

    def is_shown(self, request: HttpRequest) -> bool:
        """Only who holds a post has one."""
        user: Any = request.user
        return bool(posts_of(user))

    def render_component(self, request: HttpRequest) -> LinkMenuItem:
        """Return the link with the name of the first post's organisation."""
        user: Any = request.user
        post = posts_of(user)[0]
        seen = Organisation.objects.visible_to(user).filter(pk=post.organisation_id).exists()
        url = (
            reverse("organisations:inspect", args=[post.organisation_id])
            if seen
            else reverse("wagtailadmin_home")
        )
        return LinkMenuItem(
            self.name, post.organisation, url, icon_name=self.icon_name, classname=self.classname
        )


def keep_what_opens(request: HttpRequest, items: list[MenuItem]) -> None:
    """Take out of a menu what the gate would refuse; a group keeps those of its items that open."""
    user: Any = request.user
    editor = is_editor(user)
    items[:] = [
        item
        for item in items
        if (editor or item.name not in _FOR_EDITORS)
        and not item.name.startswith(_FOR_NOBODY)
        and (item.url in {"", "#"} or leads_somewhere(user, item.url))
    ]
