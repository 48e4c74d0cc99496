"""Named reads of schemes, claims and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Q

from certificates.issuing.enums import CertificateState
from certificates.subsidies.enums import LIVE_CLAIMS, BatchState, ClaimState

if TYPE_CHECKING:
    from cms.models import User

AnyModel = TypeVar("AnyModel", bound=models.Model)


class OpenRuleQuerySet(models.QuerySet[AnyModel]):
    """Schemes and profiles: rules everybody may read."""

    def visible_to(self, user: User) -> OpenRuleQuerySet[AnyModel]:
        """Return all: rules are no secret."""
        return self


class ClaimQuerySet(models.QuerySet[AnyModel]):
    """Claims by state and scope."""

    def live(self) -> ClaimQuerySet[AnyModel]:
        """Claims that stand."""
        return self.filter(state__in=sorted(LIVE_CLAIMS))

    def to_send(self) -> ClaimQuerySet[AnyModel]:
        """Payable claims that are in no batch; whose certificate was revoked is not paid for."""
        rows = self.filter(state=ClaimState.PAYABLE, batch__isnull=True)
        return rows.exclude(certificate__state=CertificateState.REVOKED)

    def revoked_before_payment(self) -> ClaimQuerySet[AnyModel]:
        """Approved claims, not sent or not paid, whose certificate was revoked: back to review with them."""
        waiting = Q(state__in=[ClaimState.NOTICE, ClaimState.PAYABLE], batch__isnull=True)
        return self.filter(
            waiting | Q(state=ClaimState.PAYMENT_FAILED), certificate__state=CertificateState.REVOKED
        )

    def revoked_after_payment(self) -> ClaimQuerySet[AnyModel]:
        """Paid claims whose certificate was revoked, no recovery open yet."""
        return self.filter(state=ClaimState.PAID, certificate__state=CertificateState.REVOKED)

    def visible_to(self, user: User) -> ClaimQuerySet[AnyModel]:
        """Claims of one's organisation or region, or of people one acts for."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(
            Q(organisation_id__in=scope.organisations())
            | scope.region_filter("region_code")
            | Q(person__accounts__user=user, person__accounts__until__isnull=True)
        ).distinct()


class BatchQuerySet(models.QuerySet[AnyModel]):
    """Batches belong to the office of a region."""

    def awaiting_results(self) -> BatchQuerySet[AnyModel]:
        """Batches that were sent and hold a claim of which nobody has told yet."""
        return self.filter(state=BatchState.EXPORTED, claims__state=ClaimState.PAYABLE).distinct()

    def visible_to(self, user: User) -> BatchQuerySet[AnyModel]:
        """Batches of one's region."""
        scope = user.scope()
        if scope.everything:
            return self
        return self.filter(scope.region_filter("region_code"))
