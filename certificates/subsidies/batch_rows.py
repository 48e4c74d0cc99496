"""The frozen rows of a batch: everything a column profile may ask for, as text and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from certificates.subsidies.models import Claim
from certificates.subsidies.reading import facts_of, scheme_fact
from certificates.subsidies.rules import rate_of
from cms import crypto
from cms.models import GroupTag, InPostPeriod, PersonDocument
from courses.enums import Component
from courses.models import RecordComponent

_HOURS = [Component.THEORY_HOURS, Component.PRACTICE_HOURS, Component.COMMUNITY_HOURS]


def claims_with_facts(claims: Any) -> list[Claim]:
    """Join what the rows read: one query for the claims."""
    return list(
        claims.select_related(
            "scheme",
            "person",
            "certificate__organisation",
            "certificate__record__course_version__occupation",
            "certificate__record__course_version__work_type",
            "certificate__person",
            "external_certificate__occupation",
            "external_certificate__work_type",
            "external_certificate__person",
        )
        .prefetch_related("scheme__groups", "scheme__rates")
        .order_by("submitted_at", "pk")
    )


def rows_of(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Return one row a claim, numbered from 1, with full document numbers: encrypt what you keep."""
    people = {claim.person_id for claim in claims}
    documents = {
        row.person_id: crypto.decrypt_text(row.number_token)
        for row in PersonDocument.objects.filter(person_id__in=people, superseded_at__isnull=True)
    }
    groups = _groups(claims, people)
    employers = {
        row.person_id: row
        for row in InPostPeriod.objects.current()
        .filter(person_id__in=people)
        .select_related("organisation")
        .order_by("started_on")
    }
    attended = dict(
        RecordComponent.objects.filter(
            record__certificates_certificate__claims__in=claims,
            component__in=_HOURS,
            superseded_at__isnull=True,
        )
        .values_list("record_id")
        .annotate(total=Sum("value"))
    )
    return [
        {
            "position": position,
            "name": claim.person.legal_name,
            "sex": claim.person.get_sex_display(),
            "document_number": documents.get(claim.person_id, ""),
            "group": groups.get(claim.pk, ""),
            "phone": claim.person.phone,
            **_proof_cells(claim, attended),
            **_employer_cells(employers.get(claim.person_id)),
            "rate": rate,
            "amount": f"{claim.approved_amount or Decimal(0):.2f}",
            "deadline": claim.deadline.isoformat(),
            "signature": "",
        }
        for position, (claim, rate) in enumerate(zip(claims, _rates(claims), strict=True), start=1)
    ]


def _groups(claims: Sequence[Claim], people: set[int]) -> dict[int, str]:
    wanted = {claim.scheme_id: {row.group for row in claim.scheme.groups.all()} for claim in claims}
    tags: dict[int, list[GroupTag]] = {}
    for tag in GroupTag.objects.current().filter(person_id__in=people).order_by("-valid_from"):
        tags.setdefault(tag.person_id, []).append(tag)
    found = {}
    for claim in claims:
        held = tags.get(claim.person_id, [])
        fitting = [tag for tag in held if tag.is_verified and tag.group in wanted[claim.scheme_id]] or held
        if fitting:
            found[claim.pk] = fitting[0].get_group_display()
    return found


def _proof_cells(claim: Claim, attended: Mapping[int, Decimal]) -> dict[str, Any]:
    certificate, external = claim.certificate, claim.external_certificate
    if certificate is not None:
        record, version = certificate.record, certificate.record.course_version
        hours = attended.get(record.pk)
        return {
            "occupation": _occupation(version),
            "skill_level": version.get_skill_level_display() if version.skill_level else "--",
            "course_hours": _figure(version.total_hours),
            "attended_hours": _figure(hours) if hours is not None else "",
            "span": f"{record.started_on or ''}—{record.ended_on or ''}",
            "result": record.get_state_display(),
            "certificate_kind": certificate.get_kind_display(),
            "certificate_number": certificate.number,
            "issued_on": certificate.issued_on.isoformat(),
            "issuer": certificate.organisation.name,
        }
    if external is None:
        raise ValueError("a claim without a proof cannot be stored")
    return {
        "occupation": _occupation(external),
        "skill_level": external.get_skill_level_display() if external.skill_level else "--",
        "course_hours": "",
        "attended_hours": "",
        "span": "",
        "result": "",
        "certificate_kind": external.get_kind_display(),
        "certificate_number": external.number,
        "issued_on": external.issued_on.isoformat(),
        "issuer": external.issuer,
    }


def _occupation(holder: Any) -> str:
    name = str(holder.occupation)
    return f"{name}（{holder.work_type}）" if holder.work_type_id else name


def _employer_cells(period: InPostPeriod | None) -> dict[str, str]:
    if period is None:
        return {"employer": "", "employed_on": ""}
    return {"employer": period.organisation.name, "employed_on": period.started_on.isoformat()}


def _rates(claims: Sequence[Claim]) -> list[str]:
    """The rate that was applied to each claim, of the several a scheme may hold."""
    schemes = {claim.scheme_id: scheme_fact(claim.scheme) for claim in claims}
    facts = facts_of(
        [proof for claim in claims if (proof := claim.certificate or claim.external_certificate)]
    )
    rates = [rate_of(fact, schemes[claim.scheme_id]) for claim, fact in zip(claims, facts, strict=True)]
    return [f"{rate.amount:.2f}" if rate else "" for rate in rates]


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"
