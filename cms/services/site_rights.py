"""Who may write on the site and who approves: rights of Wagtail's, written from the roles in code."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
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


def set_site_rights() -> None:
    """Give each role's group its rights over the page tree and the collections, and no others."""
    groups = dict(Group.objects.values_list("name", "pk"))
    pages = dict(
        Permission.objects.filter(content_type__app_label="wagtailcore").values_list("codename", "pk")
    )
    media = Permission.objects.filter(
        content_type__app_label__in=("wagtailimages", "wagtaildocs"), codename__in=COLLECTION_RIGHTS
    ).values_list("pk", flat=True)
    root, collection = Page.objects.get(depth=1), Collection.objects.get(depth=1)
    writers = {groups[group_name(role)]: rights for role, rights in PAGE_RIGHTS.items() if rights}
    roles = [groups[group_name(role)] for role in Role]
    _keep(
        GroupPagePermission.objects.filter(group__in=roles),
        {(group, root.pk, pages[name]) for group, rights in writers.items() for name in rights},
        ("group_id", "page_id", "permission_id"),
    )
    _keep(
        GroupCollectionPermission.objects.filter(group__in=roles),
        {(group, collection.pk, right) for group in writers for right in media},
        ("group_id", "collection_id", "permission_id"),
    )


def _keep(rows: QuerySet[Any], wanted: set[tuple[int, int, int]], names: tuple[str, str, str]) -> None:
    """Delete of ``rows`` what is not wanted, and add what is wanted and not there."""
    there = {row[1:]: row[0] for row in rows.values_list("pk", *names)}
    if gone := [pk for facts, pk in there.items() if facts not in wanted]:
        rows.filter(pk__in=gone).delete()
    rows.model._base_manager.bulk_create(
        rows.model(**dict(zip(names, facts, strict=True))) for facts in sorted(wanted - there.keys())
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
