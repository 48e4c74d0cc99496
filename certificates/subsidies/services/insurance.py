"""Write down what the insurance office said."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.subsidies.models import Claim, InsuranceCheck
from certificates.subsidies.permissions import can_review
from cms import audit
from cms.errors import DomainError
from cms.models import User


@transaction.atomic
def record_insurance_check(
    claim: Claim, *, insured_months: int, checked_on: dt.date, source: str, by: User, at: dt.datetime
) -> InsuranceCheck:
    """Add a dated answer for the claim's person; refuses ``future_date`` and ``not_allowed``."""
    if not can_review(by, claim):
        raise DomainError("not_allowed", _("这笔申领不归您办理。"))
    if checked_on > timezone.localdate(at):
        raise DomainError("future_date", _("核查日期不能晚于今天。"), field="checked_on")
    check = InsuranceCheck.objects.create(
        person=claim.person,
        organisation=claim.organisation,
        region_code=claim.region_code,
        insured_months=insured_months,
        checked_on=checked_on,
        source=source,
        recorded_by=by,
        recorded_at=at,
    )
    audit.record("insurance.check", check, by=by, at=at, months=insured_months, claim=claim.number)
    return check
