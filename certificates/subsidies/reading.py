"""Read the facts of claims and the schemes from the rows; a fixed number of queries for any number of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from certificates.issuing.enums import VALID, CertificateState
from certificates.issuing.models import Certificate
from certificates.subsidies.enums import (
    LIVE_CLAIMS,
    ClaimState,
    PaymentOutcome,
    RateUnit,
    RecoveryEntryKind,
)
from certificates.subsidies.facts import (
    ClaimFacts,
    EarlierClaim,
    GroupFact,
    InsuranceFact,
    ProofFact,
    RateFact,
    SchemeFact,
)
from certificates.subsidies.models import Claim, InsuranceCheck, Payment, Recovery, SubsidyScheme
from cms.models import GroupTag
from courses.enums import Component
from courses.models import CourseVersion, ExternalCertificate, RecordComponent

Proof = Certificate | ExternalCertificate
_HOURS = [Component.THEORY_HOURS, Component.PRACTICE_HOURS, Component.COMMUNITY_HOURS]


def facts_of(proofs: Sequence[Proof], *, leaving_out: Iterable[int] = ()) -> list[ClaimFacts]:
    """Return one ``ClaimFacts`` a proof, in order; claims with ids in ``leaving_out`` are not "earlier".

    Proofs need ``person`` joined, certificates also ``record__course_version``.
    """
    people = {proof.person_id for proof in proofs}
    tags = _tags(people)
    insured = _insured(people)
    earlier = _earlier(people, set(leaving_out))
    attended = attended_hours([proof for proof in proofs if isinstance(proof, Certificate)])
    return [
        ClaimFacts(
            proof=_proof(proof, attended),
            sex=proof.person.sex,
            birth_date=proof.person.birth_date,
            groups=tuple(tags[proof.person_id]),
            insurance=tuple(insured[proof.person_id]),
            earlier=tuple(earlier[proof.person_id]),
        )
        for proof in proofs
    ]


def _tags(people: set[int]) -> dict[int, list[GroupFact]]:
    found: dict[int, list[GroupFact]] = defaultdict(list)
    for tag in GroupTag.objects.current().filter(person_id__in=people).order_by("valid_from"):
        found[tag.person_id].append(
            GroupFact(tag.group, tag.get_group_display(), tag.checked_on, tag.valid_from, tag.valid_until)
        )
    return found


def _insured(people: set[int]) -> dict[int, list[InsuranceFact]]:
    """All answers, of one day the one recorded last first: the rule takes the first of the latest day."""
    found: dict[int, list[InsuranceFact]] = defaultdict(list)
    for row in InsuranceCheck.objects.filter(person_id__in=people).order_by("-recorded_at"):
        found[row.person_id].append(InsuranceFact(row.checked_on, row.insured_months))
    return found


def _counts() -> Q:
    """Return which claims use up a limit: those that stand, and recovered ones of which some money stayed out."""
    paid = Payment.objects.filter(claim=OuterRef("claim"), outcome=PaymentOutcome.PAID).values("amount")
    stayed = Q(amount__lt=Subquery(paid)) | Q(entries__kind=RecoveryEntryKind.WRITTEN_OFF)
    return Q(state__in=sorted(LIVE_CLAIMS - {ClaimState.DRAFT})) | (
        Q(state=ClaimState.RECOVERED) & Q(Exists(Recovery.objects.filter(stayed, claim=OuterRef("pk"))))
    )


def _earlier(people: set[int], leaving_out: set[int]) -> dict[int, list[EarlierClaim]]:
    found: dict[int, list[EarlierClaim]] = defaultdict(list)
    rows = (
        Claim.objects.filter(_counts(), person_id__in=people)
        .exclude(pk__in=leaving_out)
        .select_related("scheme", "certificate__record__course_version", "external_certificate")
    )
    for row in rows:
        kind, number = _kind_of(row)
        day = timezone.localdate(row.submitted_at) if row.submitted_at else timezone.localdate(row.created_at)
        found[row.person_id].append(
            EarlierClaim(
                scheme_code=row.scheme.code,
                scheme_type=row.scheme.subsidy_type,
                occupation_id=kind.occupation_id,
                work_type_id=kind.work_type_id,
                skill_level=kind.skill_level,
                submitted_on=day,
                proof_number=number,
            )
        )
    return found


def _kind_of(claim: Claim) -> tuple[CourseVersion | ExternalCertificate, str]:
    if claim.certificate is not None:
        return claim.certificate.record.course_version, claim.certificate.number
    if claim.external_certificate is None:
        raise ValueError("a claim without a proof cannot be stored")
    return claim.external_certificate, claim.external_certificate.number


def attended_hours(certificates: Iterable[Certificate]) -> Mapping[int, Decimal]:
    """Return record id → 学时 attended, only of records with any (one query)."""
    rows = (
        RecordComponent.objects.filter(
            record_id__in=[row.record_id for row in certificates],
            component__in=_HOURS,
            superseded_at__isnull=True,
        )
        .values_list("record_id")
        .annotate(total=Sum("value"))
    )
    return dict(rows)


def _proof(proof: Proof, attended: Mapping[int, Decimal]) -> ProofFact:
    if isinstance(proof, Certificate):
        version = proof.record.course_version
        return ProofFact(
            kind=proof.kind,
            kind_label=proof.get_kind_display(),
            number=proof.number,
            issued_on=proof.issued_on,
            is_ours=True,
            # A revoked one was issued: the rule looks at the day of the revocation.
            is_issued=proof.state in VALID | {CertificateState.REVOKED},
            revoked_on=timezone.localdate(proof.revoked_at) if proof.revoked_at else None,
            occupation_id=version.occupation_id,
            work_type_id=version.work_type_id,
            skill_level=version.skill_level,
            attended_hours=attended.get(proof.record_id),
            course_hours=version.total_hours,
        )
    return ProofFact(
        kind=proof.kind,
        kind_label=proof.get_kind_display(),
        number=proof.number,
        issued_on=proof.issued_on,
        is_ours=False,
        is_issued=True,
        is_in_register=proof.is_in_register,
        register_checked_on=proof.register_checked_on,
        occupation_id=proof.occupation_id,
        work_type_id=proof.work_type_id,
        skill_level=proof.skill_level,
    )


def scheme_fact(scheme: SubsidyScheme) -> SchemeFact:
    """Return the scheme as plain values (groups and rates should be prefetched)."""
    return SchemeFact(
        code=scheme.code,
        name=scheme.name,
        scheme_type=scheme.subsidy_type,
        valid_from=scheme.valid_from,
        valid_until=scheme.valid_until,
        certificate_kind=scheme.certificate_kind,
        external_kind=scheme.external_kind,
        needs_register_check=scheme.needs_register_check,
        claim_window_months=scheme.claim_window_months,
        groups=tuple((row.group, row.get_group_display()) for row in scheme.groups.all()),
        min_insured_months=scheme.min_insured_months,
        min_attended_hours=scheme.min_attended_hours,
        min_attendance_percent=scheme.min_attendance_percent,
        min_age=scheme.min_age,
        max_age_men=scheme.max_age_men,
        max_age_women=scheme.max_age_women,
        max_claims_a_year=scheme.max_claims_a_year,
        once_per_occupation_level=scheme.once_per_occupation_level,
        rates=tuple(
            RateFact(row.occupation_id, row.skill_level, row.amount, RateUnit(row.unit), row.cap)
            for row in scheme.rates.all()
        ),
    )
