"""What the assessment reads: plain values as known on the day of the assessment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from certificates.subsidies.enums import RateUnit


@dataclass(frozen=True)
class GroupFact:
    """A person category; only one that was checked proves anything ("served" is not "eligible")."""

    group: str
    label: str
    checked_on: dt.date | None
    valid_from: dt.date
    valid_until: dt.date | None


@dataclass(frozen=True)
class InsuranceFact:
    """What the insurance office said on a day."""

    checked_on: dt.date
    months: int


@dataclass(frozen=True)
class ProofFact:
    """The certificate a claim stands on, ours or another's."""

    kind: str
    kind_label: str
    number: str
    issued_on: dt.date
    is_ours: bool
    is_issued: bool
    occupation_id: int | None
    skill_level: int | None
    work_type_id: int | None = None
    revoked_on: dt.date | None = None
    is_in_register: bool | None = None
    register_checked_on: dt.date | None = None
    attended_hours: Decimal | None = None
    course_hours: Decimal | None = None


@dataclass(frozen=True)
class EarlierClaim:
    """A claim that stands already, in any scheme."""

    scheme_code: str
    scheme_type: str
    occupation_id: int | None
    skill_level: int | None
    submitted_on: dt.date
    proof_number: str
    work_type_id: int | None = None


@dataclass(frozen=True)
class ClaimFacts:
    """One person with one certificate; every fact carries the day from which it was known."""

    proof: ProofFact
    sex: str
    birth_date: dt.date | None
    groups: tuple[GroupFact, ...] = ()
    insurance: tuple[InsuranceFact, ...] = ()
    earlier: tuple[EarlierClaim, ...] = ()


@dataclass(frozen=True)
class RateFact:
    """One rate; None matches any occupation or level."""

    occupation_id: int | None
    skill_level: int | None
    amount: Decimal
    unit: RateUnit
    cap: Decimal | None = None


@dataclass(frozen=True)
class SchemeFact:
    """A scheme with its conditions; None means the scheme does not ask."""

    code: str
    name: str
    scheme_type: str
    valid_from: dt.date
    valid_until: dt.date | None
    certificate_kind: str
    external_kind: str
    needs_register_check: bool
    claim_window_months: int
    groups: tuple[tuple[str, str], ...] = ()
    min_insured_months: int | None = None
    min_attended_hours: Decimal | None = None
    min_attendance_percent: int | None = None
    min_age: int | None = None
    max_age_men: int | None = None
    max_age_women: int | None = None
    max_claims_a_year: int | None = None
    once_per_occupation_level: bool = True
    rates: tuple[RateFact, ...] = ()
