"""Whom to claim for: the certificates of a class beside what each scheme says to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caravan.models import TrainingClass
from certificates.issuing.models import Certificate
from certificates.subsidies.assessment import Assessment, assess
from certificates.subsidies.enums import Outcome
from certificates.subsidies.models import SubsidyScheme
from certificates.subsidies.reading import facts_of, scheme_fact
from certificates.subsidies.services.claims import live_claim_keys


@dataclass(frozen=True)
class Proposal:
    """One certificate holder and the scheme's answer; ``claimed`` when a claim stands already."""

    certificate: Certificate
    assessment: Assessment
    claimed: bool

    @property
    def can_be_claimed(self) -> bool:
        """Nothing says no; what is not known yet is for the office to check."""
        return not self.claimed and self.assessment.outcome != Outcome.NO


def proposals(training_class: TrainingClass, scheme: SubsidyScheme, on: dt.date) -> list[Proposal]:
    """Return one proposal a certificate of the class, in number order; a fixed number of queries."""
    certificates = certificates_of(training_class)
    claimed = live_claim_keys(certificates, scheme)
    wanted = scheme_fact(scheme)
    return [
        Proposal(certificate, assess(facts, [wanted], on)[0], certificate.number in claimed)
        for certificate, facts in zip(certificates, facts_of(certificates), strict=True)
    ]


def certificates_of(training_class: TrainingClass) -> list[Certificate]:
    """Return the valid certificates of a class with what the assessment reads joined."""
    return list(
        Certificate.objects.valid()
        .filter(record__source=f"class:{training_class.class_no}")
        .select_related("person", "record__course_version__occupation")
        .order_by("number")
    )
