"""The frozen rows of a batch: everything a column profile may ask for, as text and figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from certificates.subsidies.models import Claim
from certificates.subsidies.on_the_day import document_on, employer_on
from certificates.subsidies.reading import attended_hours, facts_of, scheme_fact
from certificates.subsidies.rules import rate_of
from certificates.subsidies.services.review import proof_of
from cms import crypto
from cms.models import GroupTag, InPostPeriod, PersonDocument


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
    documents = _documents(claims, people)
    groups = _groups(claims, people)
    employers = _employers(claims, people)
    attended = attended_hours([claim.certificate for claim in claims if claim.certificate is not None])
    return [
        {
            "position": position,
            "name": claim.person.legal_name,
            "sex": claim.person.get_sex_display(),
            "document_number": documents.get(claim.pk, ""),
            "group": groups.get(claim.pk, ""),
            "phone": claim.person.phone,
            **_proof_cells(claim, attended),
            **employers[claim.pk],
            "rate": rate,
            "amount": f"{claim.approved_amount or Decimal(0):.2f}",
            "deadline": claim.deadline.isoformat(),
            "signature": "",
        }
        for position, (claim, rate) in enumerate(zip(claims, _rates(claims), strict=True), start=1)
    ]


def _claimed_at(claim: Claim) -> dt.datetime:
    return claim.submitted_at or claim.created_at


def _documents(claims: Sequence[Claim], people: set[int]) -> dict[int, str]:
    """The number of the document that the claim was handed in with, else of the one that stood then."""
    rows: dict[int, list[PersonDocument]] = {}
    for row in PersonDocument.objects.filter(person_id__in=people):
        rows.setdefault(row.person_id, []).append(row)
    found = {}
    for claim in claims:
        held = rows.get(claim.person_id, [])
        frozen = next((row for row in held if row.pk == claim.snapshot.get("document_id")), None)
        if document := frozen or document_on(held, _claimed_at(claim)):
            found[claim.pk] = crypto.decrypt_text(document.number_token)
    return found


def _employers(claims: Sequence[Claim], people: set[int]) -> dict[int, dict[str, str]]:
    """The employer that the claim was handed in with, else the one of that day."""
    rows: dict[int, list[InPostPeriod]] = {}
    for row in InPostPeriod.objects.current().filter(person_id__in=people).select_related("organisation"):
        rows.setdefault(row.person_id, []).append(row)
    found = {}
    for claim in claims:
        if claim.snapshot.get("employer"):
            found[claim.pk] = {name: claim.snapshot[name] for name in ("employer", "employed_on")}
            continue
        day = timezone.localdate(_claimed_at(claim))
        period = employer_on(rows.get(claim.person_id, []), day, claim.organisation_id)
        found[claim.pk] = {
            "employer": period.organisation.name if period else "",
            "employed_on": period.started_on.isoformat() if period else "",
        }
    return found


def _groups(claims: Sequence[Claim], people: set[int]) -> dict[int, str]:
    """The group of the certificate's day, as the rule asks: a verified one of the scheme before others."""
    wanted = {claim.scheme_id: {row.group for row in claim.scheme.groups.all()} for claim in claims}
    tags: dict[int, list[GroupTag]] = {}
    for tag in GroupTag.objects.current().filter(person_id__in=people).order_by("-valid_from", "-pk"):
        tags.setdefault(tag.person_id, []).append(tag)
    found = {}
    for claim in claims:
        day = proof_of(claim).issued_on
        held = [
            tag
            for tag in tags.get(claim.person_id, [])
            if tag.valid_from <= day and (tag.valid_until is None or tag.valid_until >= day)
        ]
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
