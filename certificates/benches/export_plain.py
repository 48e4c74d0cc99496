"""The plain way: a ``ModelResource`` with one field a column."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from import_export import resources
from import_export.fields import Field

from certificates.subsidies.enums import PaymentOutcome
from certificates.subsidies.exports import CLAIMS
from certificates.subsidies.models import Claim

_TITLES = {column.key: column.title for column in CLAIMS.columns}


def _field(key: str, attribute: str | None = None) -> Any:
    return Field(column_name=_TITLES[key], attribute=attribute)


class ClaimResource(resources.ModelResource):
    """The claims' columns, as a developer would write them."""

    claim_number = _field("claim_number", "number")
    scheme = _field("scheme", "scheme__name")
    name = _field("name", "person__legal_name")
    number = _field("number")
    phone = _field("phone", "person__phone")
    organisation = _field("organisation", "organisation__name")
    region_code = _field("region_code", "region_code")
    occupation = _field("occupation")
    work_type = _field("work_type")
    level = _field("level")
    certificate_kind = _field("certificate_kind")
    certificate_number = _field("certificate_number")
    issued_on = _field("issued_on")
    issuer = _field("issuer")
    employer = _field("employer")
    state = _field("state", "get_state_display")
    assessed = _field("assessed", "assessed_amount")
    approved = _field("approved", "approved_amount")
    submitted_at = _field("submitted_at")
    deadline = _field("deadline", "deadline")
    batch = _field("batch", "batch__number")
    payment = _field("payment")
    paid_on = _field("paid_on")

    class Meta:
        model = Claim
        fields = tuple(_TITLES)
        export_order = tuple(_TITLES)

    def _kind(self, claim: Claim) -> Any:
        if claim.certificate is not None:
            return claim.certificate.record.course_version
        return claim.external_certificate

    def dehydrate_number(self, claim: Claim) -> str:
        """The masked number of the current document."""
        return getattr(claim, "masked", None) or ""

    def dehydrate_occupation(self, claim: Claim) -> str:
        """By the certificate."""
        return str(self._kind(claim).occupation.name)

    def dehydrate_work_type(self, claim: Claim) -> str:
        """By the certificate."""
        kind = self._kind(claim)
        return str(kind.work_type.name) if kind.work_type else ""

    def dehydrate_level(self, claim: Claim) -> str:
        """In words."""
        kind = self._kind(claim)
        return str(kind.get_skill_level_display()) if kind.skill_level else ""

    def _proof(self, claim: Claim) -> Any:
        return claim.certificate or claim.external_certificate

    def dehydrate_certificate_kind(self, claim: Claim) -> str:
        """In words."""
        return str(self._proof(claim).get_kind_display())

    def dehydrate_certificate_number(self, claim: Claim) -> str:
        """Whoever issued it."""
        return str(self._proof(claim).number)

    def dehydrate_issued_on(self, claim: Claim) -> str:
        """As 2026-03-24."""
        return str(self._proof(claim).issued_on.isoformat())

    def dehydrate_issuer(self, claim: Claim) -> str:
        """Ours by its organisation."""
        if claim.certificate is not None:
            return str(claim.certificate.organisation.name)
        return str(self._proof(claim).issuer)

    def dehydrate_employer(self, claim: Claim) -> str:
        """As it was handed in."""
        return str(claim.snapshot.get("employer", ""))

    def dehydrate_payment(self, claim: Claim) -> str:
        """In words, of the last attempt."""
        outcome = getattr(claim, "told", None)
        return str(PaymentOutcome(outcome).label) if outcome else ""

    def dehydrate_paid_on(self, claim: Claim) -> str:
        """As 2026-03-24."""
        day = getattr(claim, "told_on", None)
        return str(day.isoformat()) if day else ""

    def dehydrate_submitted_at(self, claim: Claim) -> str:
        """Local time."""
        return f"{timezone.localtime(claim.submitted_at):%Y-%m-%d %H:%M}" if claim.submitted_at else ""
