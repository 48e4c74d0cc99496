"""Sign in by user name, phone or e-mail; rights come from live memberships."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from cms.models import User
from cms.roles import group_name


class RoleBackend(ModelBackend):
    """Password sign-in; the rights of a role hold while a membership with that role is live."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        name = (username or "").strip()
        if not name or not password:
            return None
        # A phone typed as somebody's user name must not shadow that phone's owner: names are never digits only.
        user = User.objects.filter(Q(username=name) | Q(phone=name) | Q(email__iexact=name)).first()
        if user is None:
            User().set_password(password)  # same time for unknown names
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def _get_group_permissions(self, user_obj: User) -> QuerySet[Permission]:
        names = [group_name(role) for role in user_obj.live_roles()]
        return Permission.objects.filter(group__name__in=names)
