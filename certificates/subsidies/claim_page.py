"""What the review page of a claim shows, read once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import get_language

from certificates.subsidies.enums import Outcome
from certificates.subsidies.models import Check, Claim, InsuranceCheck
from certificates.subsidies.money import ClaimMoney, money_of
from certificates.subsidies.on_the_day import document_on
from certificates.subsidies.services.review import (
    KEPT_IN,
    OPEN_STATES,
    highest_amount,
    is_untouched,
    standing_assessment,
    why_approval_is_shut,
)
from cms.models import GroupTag, PersonDocument, User
from courses.models import RecordComponent


@dataclass(frozen=True)
class Finding:
    """One rule on the page; ``before`` is what it said at submission, where that was something else."""

    title: str
    outcome: Outcome
    explanation: str
    before: str = ""


@dataclass
class ClaimPage:
    """Findings worst first, the facts, and why approval is shut (empty: it is not)."""

    claim: Claim
    bad: list[Finding]
    open: list[Finding]
    good: list[Finding]
    checked_at: dt.datetime | None
    highest: Decimal | None
    shut_because: str
    is_untouched: bool
    days_left: int
    document: PersonDocument | None
    group_tags: list[GroupTag]
    components: list[RecordComponent]
    insurance: list[InsuranceCheck]
    money: ClaimMoney


def read_page(pk: int, user: User, at: dt.datetime) -> ClaimPage:
    """Read claim ``pk``; while it is open its rules are asked again with today's facts."""
    claim = (
        Claim.objects.select_related(
            "scheme",
            "person",
            "organisation",
            "certificate__person",
            "certificate__organisation",
            "certificate__record__course_version__occupation",
            "external_certificate__person",
            "external_certificate__occupation",
            "submitted_by",
            "decided_by",
            "batch",
        )
        .prefetch_related(
            Prefetch("checks", Check.objects.order_by("order")),
            "scheme__groups",
            "scheme__rates",
            "person__documents",
        )
        .get(pk=pk)
    )
    findings, shut, highest = _findings(claim, user, at)
    checks = list(claim.checks.all())
    return ClaimPage(
        claim=claim,
        bad=[item for item in findings if item.outcome == Outcome.NO],
        open=[item for item in findings if item.outcome == Outcome.NO_DATA],
        good=[item for item in findings if item.outcome == Outcome.YES],
        checked_at=at if claim.state in OPEN_STATES else (checks[0].checked_at if checks else None),
        highest=highest,
        shut_because=shut,
        is_untouched=is_untouched(claim),
        days_left=(claim.deadline - timezone.localdate(at)).days,
        document=document_on(claim.person.documents.all(), claim.submitted_at or at),
        group_tags=list(GroupTag.objects.current().filter(person=claim.person).order_by("valid_from")),
        components=_components(claim),
        insurance=list(
            InsuranceCheck.objects.filter(person=claim.person).order_by("-checked_on", "-recorded_at")[:5]
        ),
        money=money_of(claim),
    )


def _findings(claim: Claim, user: User, at: dt.datetime) -> tuple[list[Finding], str, Decimal | None]:
    kept = {row.code: row for row in claim.checks.all()}
    if claim.state not in OPEN_STATES:
        found = [Finding(row.title, Outcome(row.outcome), row.explanation) for row in kept.values()]
        return found, "", claim.approved_amount
    assessment = standing_assessment(claim, at, language=get_language() or KEPT_IN)
    found = []
    for rule in assessment.rules:
        row = kept.get(rule.code)
        before = row.explanation if row is not None and row.outcome != rule.outcome else ""
        found.append(Finding(rule.title, rule.outcome, rule.explanation, before))
    return found, why_approval_is_shut(claim, assessment, user), highest_amount(claim, assessment)


def _components(claim: Claim) -> list[RecordComponent]:
    if claim.certificate is None:
        return []
    rows = RecordComponent.objects.filter(record=claim.certificate.record_id, superseded_at__isnull=True)
    return list(rows.order_by("pk"))
