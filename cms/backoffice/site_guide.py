"""怎么写网站: the editor's guide inside the back office."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy
from wagtail.admin.menu import MenuItem

from cms.backoffice.pages import OfficePage
from cms.backoffice.todo import Todo
from cms.models import NewsIndexPage, RoleApprovalTask, User
from cms.roles import SITE_ROLES, Role


class SiteGuideView(OfficePage):
    """How to write a piece of news, what a picture needs, how to submit."""

    template_name = "cms/backoffice/site_guide.html"
    page_title = gettext_lazy("怎么写网站")
    header_icon = "help"
    roles = tuple(sorted(SITE_ROLES))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Link to the form of a new piece of news."""
        parent = NewsIndexPage.objects.live().first()
        user: Any = self.request.user
        return super().get_context_data(
            add_url=reverse("wagtailadmin_pages:add", args=["cms", "newspage", parent.pk]) if parent else "",
            approves=user.has_role(Role.SYSTEM_ADMIN),
            **kwargs,
        )


class SiteGuideMenuItem(MenuItem):
    """The guide in the side bar, for who writes or approves."""

    def is_shown(self, request: Any) -> bool:
        """Ask for a role of the site."""
        return bool(request.user.has_role(*SITE_ROLES))


def pages_to_approve(user: User) -> Todo | None:
    """Pages that editors submitted, for who approves."""
    if not user.has_role(Role.SYSTEM_ADMIN):
        return None
    task = RoleApprovalTask.objects.first()
    count = task.get_task_states_user_can_moderate(user).count() if task else 0
    return Todo(
        gettext_lazy("网站消息等审核"),
        gettext_lazy("编辑交来的页面，看过再发布"),
        count,
        f"{reverse('wagtailadmin_reports:workflow_tasks')}?status=in_progress",
    )
