"""Accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.querysets import UserQuerySet
from cms.roles import BACKOFFICE_ROLES, Role
from cms.scope import Scope, scope_of

if TYPE_CHECKING:
    from cms.models.memberships import Membership
    from cms.querysets import MembershipQuerySet


class UserManager(DjangoUserManager["User"]):
    """Django's manager with our reads."""

    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet[User]:
        """Return accounts with ``visible_to``."""
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet[User]:
        """Return the accounts that ``user`` may see."""
        return self.get_queryset().visible_to(user)


class User(AbstractUser):
    """Somebody who signs in, by user name, phone or e-mail. A human being is a ``Person``."""

    last_name = None  # type: ignore[assignment]  # a Chinese name is one field
    display_name = models.CharField(_("称呼"), max_length=50, blank=True)
    email = models.EmailField(_("邮箱"), unique=True, null=True, blank=True)  # type: ignore[assignment]  # unique but optional
    phone = models.CharField(_("手机号"), max_length=20, unique=True, null=True, blank=True)

    REQUIRED_FIELDS = []

    objects: ClassVar[UserManager] = UserManager()

    if TYPE_CHECKING:
        memberships: MembershipQuerySet[Membership]

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def first_name(self) -> str:  # type: ignore[override]  # a Chinese name is one field
        """Return the name shown; Wagtail's side bar asks for it."""
        return str(self)

    def get_full_name(self) -> str:
        """Return the name shown; Wagtail asks for it."""
        return str(self)

    def get_short_name(self) -> str:
        """Return the name shown; Wagtail asks for it."""
        return str(self)

    def clean(self) -> None:
        """Keep empty addresses absent, so that uniqueness does not count them."""
        self.email = self.email or None
        self.phone = self.phone or None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save without empty addresses: Django's manager makes a missing e-mail an empty one."""
        self.email = self.email or None
        self.phone = self.phone or None
        super().save(*args, **kwargs)

    def scope(self) -> Scope:
        """Return what this user may see; reads memberships at the first call on this object."""
        cached: Scope | None = self.__dict__.get("_scope")
        if cached is None:
            cached = scope_of(self, timezone.localdate())
            self.__dict__["_scope"] = cached
        return cached

    def forget_scope(self) -> None:
        """Drop what was read, after a membership changed."""
        for name in ("_scope", "_perm_cache", "_group_perm_cache", "_user_perm_cache"):
            self.__dict__.pop(name, None)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Reload, and forget the scope that was read before."""
        super().refresh_from_db(*args, **kwargs)
        self.forget_scope()

    def live_roles(self) -> frozenset[Role]:
        """Return the roles of the live memberships."""
        return self.scope().roles()

    def has_role(self, *roles: Role) -> bool:
        """Say whether one of ``roles`` is held now; a system administrator holds all."""
        return self.scope().everything or bool(self.live_roles() & set(roles))

    @property
    def works_in_backoffice(self) -> bool:
        """Whether the back office at /admin/ is for this user."""
        return self.has_role(*BACKOFFICE_ROLES)
