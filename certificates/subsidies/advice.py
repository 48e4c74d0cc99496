"""What somebody could claim, and until when: advice from the assessment, never a promise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from certificates.issuing.models import Certificate
from certificates.subsidies.assessment import Assessment, assess
from certificates.subsidies.enums import LIVE_CLAIMS, Beneficiary, ClaimState, Outcome
from certificates.subsidies.facts import ClaimFacts
from certificates.subsidies.models import Claim, SubsidyScheme
from certificates.subsidies.reading import Proof, facts_of, scheme_fact
from certificates.subsidies.rules import RuleOutcome
from cms.models import Person
from cms.scope import succession_rows
from cms.territory import Succession, contains, places_of
from cms.ui import dates
from courses.models import ExternalCertificate

# Shown by the date, or nothing the person can do anything about; money is not promised.
_NOT_LISTED = frozenset({"in_time", "in_force", "certificate_kind", "rate"})


@dataclass(frozen=True)
class Advice:
    """One certificate under one scheme; ``claim`` stands already, if any."""

    scheme: SubsidyScheme
    proof: Proof
    title: str
    rules: tuple[RuleOutcome, ...]
    deadline: dt.date
    days_left: int
    claim: Claim | None

    @property
    def money(self) -> str:
        """Say in plain words where the money of the claim is; empty before that is a question."""
        return "" if self.claim is None else words_about_money(self.claim, self.scheme)


def advice_for(person: Person, on: dt.date) -> list[Advice]:
    """Return what fits the person's certificates in their regions, nearest last day first.

    A passed last day is shown too; schemes that are over and certificates of another kind are not.
    A fixed number of queries.
    """
    proofs = _proofs_of(person)
    if not proofs:
        return []
    schemes = list(SubsidyScheme.objects.prefetch_related("groups", "rates"))
    successions = succession_rows()
    claims = {
        (row.scheme_id, row.certificate_id, row.external_certificate_id): row
        for row in Claim.objects.filter(person=person, state__in=sorted(LIVE_CLAIMS)).prefetch_related(
            "payments"
        )
    }
    found = []
    for proof, facts in zip(proofs, facts_of(proofs), strict=True):
        for scheme in _around(schemes, proof, successions, on):
            ours = isinstance(proof, Certificate)
            claim = claims.get((scheme.pk, proof.pk if ours else None, None if ours else proof.pk))
            advice = _advise(scheme, proof, facts, claim, on)
            if advice is not None:
                found.append(advice)
    return sorted(
        found, key=lambda item: (item.claim is not None, item.days_left < 0, item.deadline, item.scheme.pk)
    )


def words_about_money(claim: Claim, scheme: SubsidyScheme) -> str:
    """Return where the money of a claim is, never how much; its payments are prefetched."""
    last = max(claim.payments.all(), key=lambda row: row.pk, default=None)
    words = {
        "day": dates.day(last.happened_on) if last else "",
        "why": last.failure_reason.rstrip("。.") if last else "",
        "who": scheme.get_beneficiary_display(),
    }
    is_hers = scheme.beneficiary == Beneficiary.PERSON
    if claim.state == ClaimState.PAYABLE:
        return _("公示完了，等着拨付。")
    if claim.state == ClaimState.PAYMENT_FAILED and is_hers:
        return _("没有拨成：%(why)s。请联系申报的单位或当地窗口更正，改好了再拨。") % words
    if claim.state == ClaimState.PAYMENT_FAILED:
        return _("还没有拨成，申报的单位会去更正。")
    if claim.state == ClaimState.PAID and is_hers:
        return _("%(day)s拨付了。过几天还没到账，请问当地窗口。") % words
    if claim.state == ClaimState.PAID:
        return _("%(day)s拨付给%(who)s了。") % words
    if claim.state == ClaimState.RECOVERING:
        return (
            _("这笔钱要退回，怎么退以当地窗口的通知为准。")
            if is_hers
            else _("这笔钱正在向%(who)s追回。") % words
        )
    return ""


def _proofs_of(person: Person) -> list[Proof]:
    ours = (
        Certificate.objects.valid().filter(person=person).select_related("person", "record__course_version")
    )
    others = ExternalCertificate.objects.filter(person=person).select_related("person", "occupation")
    return [*ours.order_by("issued_on", "pk"), *others.order_by("issued_on", "pk")]


def _around(
    schemes: Iterable[SubsidyScheme], proof: Proof, successions: list[Succession], on: dt.date
) -> list[SubsidyScheme]:
    """Return the schemes of the proof's place, as written and where it has gone over to by ``on``."""
    places = {proof.region_code, *places_of(proof.region_code, successions, on)}
    return [scheme for scheme in schemes if any(contains(scheme.region_code, place) for place in places)]


def _advise(
    scheme: SubsidyScheme, proof: Proof, facts: ClaimFacts, claim: Claim | None, on: dt.date
) -> Advice | None:
    answer: Assessment = assess(facts, [scheme_fact(scheme)], on)[0]
    outcomes = {rule.code: rule.outcome for rule in answer.rules}
    if claim is None and Outcome.NO in (outcomes["in_force"], outcomes["certificate_kind"]):
        return None
    return Advice(
        scheme=scheme,
        proof=proof,
        title=_title(proof),
        rules=tuple(rule for rule in answer.rules if rule.code not in _NOT_LISTED),
        deadline=claim.deadline if claim else answer.deadline,
        days_left=(answer.deadline - on).days,
        claim=claim,
    )


def _title(proof: Proof) -> str:
    if isinstance(proof, Certificate):
        return f"{proof.course_title} {proof.get_kind_display()}"
    level = f" {proof.get_skill_level_display()}" if proof.skill_level else ""
    return f"{proof.occupation}{level} {proof.get_kind_display()}"
