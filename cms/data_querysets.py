"""Named reads of what people ask about their data, and of who looked at their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Q

from cms.enums import OPEN_REQUESTS

if TYPE_CHECKING:
    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


class RevealQuerySet(models.QuerySet[AnyModel]):
    """Who looked at a number in clear; insert only, so update and delete are refused here too."""

    def visible_to(self, user: User) -> RevealQuerySet[AnyModel]:
        """What was looked at for an organisation one administers, and in a region one audits."""
        from cms.roles import Role

        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations(Role.ORG_ADMIN))
            | scope.region_filter("region_code", Role.AUDITOR)
        )

    def update(self, **kwargs: object) -> int:
        """Refuse: that somebody looked is never changed."""
        raise TypeError("reveal records are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: that somebody looked is never removed."""
        raise TypeError("reveal records are never removed")


class DataRequestQuerySet(models.QuerySet[AnyModel]):
    """Requests about one's own data: the officers' queue."""

    def open(self) -> DataRequestQuerySet[AnyModel]:
        """Those that wait for an answer or for a second person."""
        return self.filter(state__in=sorted(OPEN_REQUESTS))

    def visible_to(self, user: User) -> DataRequestQuerySet[AnyModel]:
        """Those of people in scope, and one's own."""
        from cms.models import Person

        if user.scope().everything:
            return self
        return self.filter(person_id__in=Person.objects.visible_to(user).values("pk"))
