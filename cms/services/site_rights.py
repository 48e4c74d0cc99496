"""Who may write on the site and who approves: rights of Wagtail's, written from the roles in code."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext as _
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from cms.models import RoleApprovalTask
from cms.roles import COLLECTION_RIGHTS, PAGE_RIGHTS, Role, group_name


def set_site_rights(group: Group, role: Role) -> None:
    """Give the role's group its rights over the page tree and the collections, and no others."""
    GroupPagePermission.objects.filter(group=group).delete()
    GroupCollectionPermission.objects.filter(group=group).delete()
    rights = PAGE_RIGHTS.get(role)
    if not rights:
        return
    pages = Permission.objects.filter(content_type__app_label="wagtailcore", codename__in=rights)
    media = Permission.objects.filter(
        content_type__app_label__in=("wagtailimages", "wagtaildocs"), codename__in=COLLECTION_RIGHTS
    )
    root, collection = Page.objects.get(depth=1), Collection.objects.get(depth=1)
    GroupPagePermission.objects.bulk_create(
        GroupPagePermission(group=group, page=root, permission=right) for right in pages
    )
    GroupCollectionPermission.objects.bulk_create(
        GroupCollectionPermission(group=group, collection=collection, permission=right) for right in media
    )


def set_moderation() -> Workflow:
    """Have the system administrator approve what editors submit, on the whole tree (Wagtail's own step goes)."""
    root = Page.objects.get(depth=1)
    task = RoleApprovalTask.objects.first()
    if task is None:
        task = RoleApprovalTask.objects.create(name=_("系统管理员审核"), active=True)
    task.groups.set([Group.objects.get(name=group_name(Role.SYSTEM_ADMIN))])
    step = WorkflowTask.objects.filter(task=task.task_ptr).select_related("workflow").first()
    if step is None:
        workflow = Workflow.objects.create(name=_("发布前审核"), active=True)
        step = WorkflowTask.objects.create(workflow=workflow, task=task.task_ptr, sort_order=0)
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": step.workflow})
    return step.workflow
