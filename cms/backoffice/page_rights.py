"""Wagtail's page, image and document rights through roles.

Wagtail reads these rights from ``user.groups``; a role here is held through a live ``Membership`` and its
group has no members. These policies read both: the group of a role while it is held, and real groups,
so that an editor may be given one branch of the site in the ordinary way.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import GroupCollectionPermission, GroupPagePermission, Page
from wagtail.permission_policies.collections import CollectionOwnershipPermissionPolicy
from wagtail.permission_policies.pages import PagePermissionPolicy
from wagtail.permissions import register_permission_policy

from cms.models import User
from cms.roles import group_name


def _groups_of(user: User) -> Q:
    return Q(group__user=user) | Q(group__name__in=[group_name(role) for role in user.live_roles()])


def _decides_alone(user: Any) -> bool:
    return user.is_anonymous or not user.is_active or user.is_superuser


class RolePagePolicy(PagePermissionPolicy):
    """Rights over branches of the page tree."""

    def get_all_permissions_for_user(self, user: Any) -> QuerySet[GroupPagePermission]:
        """Return the rights of the groups and of the roles held now."""
        rows: QuerySet[GroupPagePermission] = GroupPagePermission.objects.select_related("page", "permission")
        return rows.none() if _decides_alone(user) else rows.filter(_groups_of(user)).distinct()


class RoleCollectionPolicy(CollectionOwnershipPermissionPolicy):
    """Rights over collections of images or documents."""

    def get_all_permissions_for_user(self, user: Any) -> QuerySet[GroupCollectionPermission]:
        """Return the rights of the groups and of the roles held now."""
        rows = GroupCollectionPermission.objects.select_related("collection", "permission")
        found: QuerySet[GroupCollectionPermission] = (
            rows.none() if _decides_alone(user) else rows.filter(_groups_of(user)).distinct()
        )
        return found


def register_role_policies() -> None:
    """Put the policies in the place of Wagtail's; called when its hooks are read, before anybody asks."""
    register_permission_policy(Page, RolePagePolicy())
    for model in (get_image_model(), get_document_model()):
        policy = RoleCollectionPolicy(model, auth_model=model, owner_field_name="uploaded_by_user")
        # Exact: Wagtail's apps may register theirs for the class after our hooks are read.
        register_permission_policy(model, policy, exact_class=True)
