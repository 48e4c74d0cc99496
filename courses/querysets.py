"""Named reads of courses and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Q

from courses.enums import RecordState

if TYPE_CHECKING:
    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


class OpenQuerySet(models.QuerySet[AnyModel]):
    """The public catalogue: everybody may read it."""

    def visible_to(self, user: User) -> OpenQuerySet[AnyModel]:
        """Return all: what is taught is no secret."""
        return self


class RecordQuerySet(models.QuerySet[AnyModel]):
    """Training records by state and scope."""

    def open(self) -> RecordQuerySet[AnyModel]:
        """Records still being worked on."""
        return self.filter(state=RecordState.OPEN)

    def completed(self) -> RecordQuerySet[AnyModel]:
        """Records that met the rule."""
        return self.filter(state=RecordState.COMPLETED)

    def visible_to(self, user: User) -> RecordQuerySet[AnyModel]:
        """One's own people, the hosting organisation's, the region's."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
            | Q(person__accounts__user=user, person__accounts__until__isnull=True)
        ).distinct()


class ExternalCertificateQuerySet(models.QuerySet[AnyModel]):
    """Certificates of others, by scope."""

    def visible_to(self, user: User) -> ExternalCertificateQuerySet[AnyModel]:
        """Those one's organisation recorded, one's region's, one's own people's."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
            | Q(person__accounts__user=user, person__accounts__until__isnull=True)
        ).distinct()
