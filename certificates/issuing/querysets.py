"""Named reads of certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Q

from certificates.issuing.enums import VALID

if TYPE_CHECKING:
    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


class CertificateQuerySet(models.QuerySet[AnyModel]):
    """Certificates by state and scope."""

    def valid(self) -> CertificateQuerySet[AnyModel]:
        """Certificates that are good today."""
        return self.filter(state__in=sorted(VALID))

    def visible_to(self, user: User) -> CertificateQuerySet[AnyModel]:
        """Those one's organisation issued, one's region's, one's own people's."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
            | Q(person__accounts__user=user, person__accounts__until__isnull=True)
        ).distinct()


class DesignQuerySet(models.QuerySet[AnyModel]):
    """Certificate designs: shared by all issuers."""

    def visible_to(self, user: User) -> DesignQuerySet[AnyModel]:
        """Return all: a design holds nothing personal."""
        return self
