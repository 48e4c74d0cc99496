"""Claims: who may do what, in which state, on which facts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from certificates.issuing.enums import RevocationReason
from certificates.issuing.services.revoking import revoke_certificate
from certificates.subsidies.enums import CLAIM_MOVES, ClaimState
from certificates.subsidies.models import Claim, ColumnProfile, Rate
from certificates.subsidies.services import batches, claims, insurance, review
from certificates.subsidies.views import legal_acts
from cms.errors import DomainError, Refusals
from cms.models import Affiliation, AuditEntry, Region, User
from cms.roles import Role
from cms.services.memberships import grant_role
from tests.certificates.claims_world import OTHER_COUNTY, ClaimsWorld, at, make_claims_world
from tests.certificates.issuing_world import AT, COUNTY


@pytest.fixture
def world(db: None) -> ClaimsWorld:
    return make_claims_world()


def refused(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


def test_a_claim_goes_from_submission_to_payable_with_two_people(world: ClaimsWorld) -> None:
    claim = world.submitted()
    assert (claim.state, claim.assessed_amount, claim.deadline) == (
        ClaimState.SUBMITTED, Decimal("800.00"), dt.date(2027, 3, 24),
    )  # fmt: skip
    claim = claims.start_review(claim, by=world.officer, at=at(4, 2))
    claim = claims.approve_claim(claim, amount=Decimal(750), note="核对过", by=world.approver, at=at(4, 3))
    assert (claim.state, claim.notice_until, claim.approved_amount) == (
        ClaimState.NOTICE,
        dt.date(2026, 4, 8),
        Decimal(750),
    )
    with pytest.raises(DomainError) as error:
        claims.end_notice(claim, by=world.officer, at=at(4, 8, 23))
    assert refused(error) == "notice_running", "the last day of the notice is a day of notice"
    assert claims.end_notice(claim, by=world.officer, at=at(4, 9, 0)).state == ClaimState.PAYABLE
    said = (
        AuditEntry.objects.filter(object_label=claim.number).order_by("id").values_list("action", flat=True)
    )
    assert list(said) == ["claim.create", "claim.submit", "claim.review", "claim.approve", "claim.payable"]
    Affiliation.objects.get(person=claim.person, organisation=world.school, kind="claim")


def test_due_notices_end_by_themselves_and_once(world: ClaimsWorld) -> None:
    claim = world.on_notice()
    assert claims.end_due_notices(at(4, 8)) == 0
    assert claims.end_due_notices(at(4, 9)) == 1
    assert claims.end_due_notices(at(4, 9)) == 0
    claim.refresh_from_db()
    assert claim.state == ClaimState.PAYABLE


def test_the_table_alone_says_what_may_follow(world: ClaimsWorld) -> None:
    claim = world.submitted()
    for state in ClaimState:
        Claim.objects.filter(pk=claim.pk).update(state=state)
        claim.refresh_from_db()
        may = ClaimState.HOLD in CLAIM_MOVES[state]
        try:
            with transaction.atomic():
                claims.hold_claim(claim, note="等材料", by=world.officer, at=at(4, 2))
                transaction.set_rollback(True)
            assert may, state
        except DomainError as error:
            assert not may and error.code == "wrong_state", state


def test_who_is_not_eligible_is_told_every_reason(world: ClaimsWorld) -> None:
    certificate = world.certificate(group=False)
    claim = claims.create_claim(certificate, world.scheme, world.school, by=world.planner, at=at(4, 1))
    with pytest.raises(Refusals) as error:
        claims.submit_claim(claim, by=world.planner, at=at(4, 1, year=2028))
    assert {item.code for item in error.value.refusals} == {"not_eligible"}
    words = str(error.value)
    assert "过期" in words and "政策对象" in words
    claim.refresh_from_db()
    assert claim.state == ClaimState.DRAFT


def test_a_bulk_call_leaves_nothing_of_who_is_refused(world: ClaimsWorld) -> None:
    good, bad = world.certificate(), world.certificate(group=False)
    outcomes = claims.create_claims([bad, good], world.scheme, world.school, by=world.planner, at=at(4, 1))
    assert [item.code for item in outcomes] == ["not_eligible", ""]
    assert [claim.certificate_id for claim in Claim.objects.all()] == [good.pk]


def test_one_certificate_has_one_live_claim_under_a_scheme(world: ClaimsWorld) -> None:
    claim = world.submitted()
    certificate = claim.certificate
    assert certificate is not None
    with pytest.raises(DomainError) as error:
        claims.create_claim(certificate, world.scheme, world.school, by=world.planner, at=at(4, 2))
    assert refused(error) == "claim_exists"
    claims.withdraw_claim(claim, by=world.planner, at=at(4, 2))
    again = claims.create_claim(certificate, world.scheme, world.school, by=world.planner, at=at(4, 3))
    assert again.number != claim.number


def test_who_handed_in_does_not_approve(world: ClaimsWorld) -> None:
    claim = world.in_review()
    both = world.planner
    grant_role(
        both, Role.APPROVER, world.school, by=None, at=AT, regions=_county(), valid_from=dt.date(2020, 1, 1)
    )
    for act in (
        lambda: claims.approve_claim(claim, amount=Decimal(800), by=both, at=at(4, 3)),
        lambda: claims.reject_claim(claim, note="不行", by=both, at=at(4, 3)),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert refused(error) == "same_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(decided_by=both)


def _county() -> list[Region]:
    return [Region.objects.get(code="990101000000")]


def test_strangers_may_not_act(world: ClaimsWorld) -> None:
    claim = world.in_review()
    neighbour = world.office_user("邻县", Role.APPROVER, OTHER_COUNTY)
    for act in (
        lambda by: claims.approve_claim(claim, amount=Decimal(800), by=by, at=at(4, 3)),
        lambda by: claims.hold_claim(claim, note="x", by=by, at=at(4, 3)),
        lambda by: claims.withdraw_claim(claim, by=by, at=at(4, 3)),
    ):
        with pytest.raises(DomainError) as error:
            act(neighbour)
        assert refused(error) == "not_allowed"
    with pytest.raises(DomainError) as error:
        claims.approve_claim(claim, amount=Decimal(800), by=world.officer, at=at(4, 3))
    assert refused(error) == "not_allowed", "an officer reviews, an approver approves"
    with pytest.raises(DomainError) as error:
        claims.end_notice(world.on_notice(), by=world.planner, at=at(4, 20))
    assert refused(error) == "not_allowed"


def test_a_school_claims_only_for_its_own_people_and_place(world: ClaimsWorld) -> None:
    certificate = world.certificate()
    other = User.objects.create(username="other")
    grant_role(other, Role.PLANNER, world.base.other_school, by=None, at=AT, valid_from=dt.date(2020, 1, 1))
    with pytest.raises(DomainError) as error:
        claims.create_claim(certificate, world.scheme, world.school, by=other, at=at(4, 1))
    assert refused(error) == "not_allowed"
    with pytest.raises(DomainError) as error:
        claims.create_claim(certificate, world.scheme, world.base.other_school, by=other, at=at(4, 1))
    assert refused(error) == "not_your_person"
    world.scheme.region_code = OTHER_COUNTY
    with pytest.raises(DomainError) as error:
        claims.create_claim(certificate, world.scheme, world.school, by=world.planner, at=at(4, 1))
    assert refused(error) == "scheme_elsewhere"


def test_a_certificate_revoked_since_is_not_paid_for(world: ClaimsWorld) -> None:
    claim = world.in_review()
    certificate = claim.certificate
    assert certificate is not None
    revoke_certificate(certificate, reason=RevocationReason.FRAUD, note="查实", by=world.planner, at=at(4, 2))
    claim = Claim.objects.get(pk=claim.pk)
    assert review.why_approval_is_shut(claim, review.standing_assessment(claim, at(4, 3)), world.approver)
    with pytest.raises(Refusals) as error:
        claims.approve_claim(claim, amount=Decimal(800), by=world.approver, at=at(4, 3))
    assert "撤销" in str(error.value)


def test_an_office_that_takes_long_does_not_make_the_claim_late(world: ClaimsWorld) -> None:
    claim = claims.start_review(world.submitted(), by=world.officer, at=at(4, 2))
    claim = claims.approve_claim(claim, amount=Decimal(800), by=world.approver, at=at(4, 1, year=2028))
    assert claim.state == ClaimState.NOTICE


def test_what_is_not_known_needs_words_from_the_approver(world: ClaimsWorld) -> None:
    certificate = world.certificate(verified=False)
    claim = world.in_review(certificate)
    with pytest.raises(DomainError) as error:
        claims.approve_claim(claim, amount=Decimal(800), note=" ", by=world.approver, at=at(4, 3))
    assert refused(error) == "note_missing"
    claim = claims.approve_claim(
        claim, amount=Decimal(800), note="电话问过村里", by=world.approver, at=at(4, 3)
    )
    assert claim.decision_note == "电话问过村里"


@pytest.mark.parametrize(
    ("amount", "code"), [("800.01", "amount_too_high"), ("0", "amount_wrong"), ("-1", "amount_wrong")]
)
def test_absurd_amounts_are_refused(world: ClaimsWorld, amount: str, code: str) -> None:
    with pytest.raises(DomainError) as error:
        claims.approve_claim(world.in_review(), amount=Decimal(amount), by=world.approver, at=at(4, 3))
    assert refused(error) == code


def test_without_a_rate_nothing_is_approved_until_there_is_one(world: ClaimsWorld) -> None:
    Rate.objects.filter(scheme=world.scheme).delete()
    claim = world.in_review()
    assert claim.assessed_amount is None
    with pytest.raises(DomainError) as error:
        claims.approve_claim(claim, amount=Decimal(800), note="x", by=world.approver, at=at(4, 3))
    assert refused(error) == "rate_missing"
    Rate.objects.create(scheme=world.scheme, amount=Decimal(600), unit="per_person")
    with pytest.raises(DomainError) as error:
        claims.approve_claim(claim, amount=Decimal(601), by=world.approver, at=at(4, 3))
    assert refused(error) == "amount_too_high"
    assert (
        claims.approve_claim(claim, amount=Decimal(600), by=world.approver, at=at(4, 3)).approved_amount
        == 600
    )


def test_the_snapshot_stays_while_facts_move_and_tampering_is_seen(world: ClaimsWorld) -> None:
    claim = world.submitted(world.certificate(verified=False))
    frozen = claim.snapshot
    assert frozen["outcome"] == "no_data"
    assert review.is_untouched(claim)
    assert claim.person.documents.get().masked == frozen["document"]
    world.tag(claim.person)
    assert review.standing_assessment(claim, at(4, 5)).outcome == "yes"
    claim.refresh_from_db()
    assert claim.snapshot == frozen
    claim.snapshot["amount"] = "8000.00"
    assert not review.is_untouched(claim)


def test_an_answer_of_the_insurance_office_is_written_down_with_its_day(world: ClaimsWorld) -> None:
    proof = world.external()
    claim = claims.create_claim(proof, world.upgrade, world.school, by=world.planner, at=at(4, 1))
    claim = claims.submit_claim(claim, by=world.planner, at=at(4, 1))
    claim = claims.start_review(claim, by=world.officer, at=at(4, 2))
    assert review.standing_assessment(claim, at(4, 2)).outcome == "no_data"
    with pytest.raises(DomainError) as error:
        insurance.record_insurance_check(
            claim,
            insured_months=12,
            checked_on=dt.date(2026, 4, 4),
            source="联网",
            by=world.officer,
            at=at(4, 3),
        )
    assert refused(error) == "future_date"
    insurance.record_insurance_check(
        claim, insured_months=12, checked_on=dt.date(2026, 4, 3), source="联网", by=world.officer, at=at(4, 3)
    )
    assert review.standing_assessment(claim, at(4, 3)).outcome == "yes"
    claim = claims.approve_claim(claim, amount=Decimal(1000), by=world.approver, at=at(4, 4))
    assert claim.checks.get(code="insured").outcome == "yes", "the decision rests on what was known then"


def test_the_second_claim_for_the_same_level_is_refused_across_schemes(world: ClaimsWorld) -> None:
    claim = world.submitted()
    proof = world.external(claim.person)
    outcome = claims.create_claims([proof], world.upgrade, world.school, by=world.planner, at=at(4, 2))[0]
    assert outcome.code == "not_eligible"
    assert "同一职业" in outcome.text


def test_hold_and_reject_need_a_reason(world: ClaimsWorld) -> None:
    claim = world.in_review()
    for act in (claims.hold_claim, claims.reject_claim):
        with pytest.raises(DomainError) as error:
            act(claim, note="  ", by=world.approver, at=at(4, 3))
        assert refused(error) == "note_missing"
    held = claims.hold_claim(claim, note="等名单", by=world.officer, at=at(4, 3))
    assert held.decision_note == "等名单", "the applicant reads it on the claim"
    back = claims.start_review(held, by=world.officer, at=at(4, 4))
    assert (
        claims.reject_claim(back, note="名单上没有", by=world.approver, at=at(4, 5)).state
        == ClaimState.REJECTED
    )


@pytest.mark.postgresql
def test_of_eight_who_claim_for_one_certificate_one_wins(run_together, transactional_db) -> None:
    world = make_claims_world()
    certificate = world.certificate()

    def claim() -> str:
        by = User.objects.get(pk=world.planner.pk)
        return claims.create_claim(certificate, world.scheme, world.school, by=by, at=at(4, 1)).number

    results = run_together(*[claim] * 8)
    assert sum(isinstance(item, str) for item in results) == 1, results
    assert {item.code for item in results if isinstance(item, DomainError)} == {"claim_exists"}
    assert Claim.objects.count() == 1


@pytest.mark.postgresql
def test_two_claims_of_one_person_at_once_cannot_both_pass_a_limit(run_together, transactional_db) -> None:
    world = make_claims_world()
    person = world.base.person()
    made = []
    for level in (5, 4, 3):
        proof = world.external(person, skill_level=level)
        made.append(claims.create_claim(proof, world.upgrade, world.school, by=world.planner, at=at(4, 1)))
    world.upgrade.max_claims_a_year = 1
    world.upgrade.save()

    def hand_in(pk: int) -> str:
        by = User.objects.get(pk=world.planner.pk)
        return claims.submit_claim(Claim.objects.get(pk=pk), by=by, at=at(4, 2)).number

    results = run_together(*[lambda pk=claim.pk: hand_in(pk) for claim in made])
    assert sum(isinstance(item, str) for item in results) == 1, results


def test_a_certificate_revoked_during_the_notice_becomes_no_payment(world: ClaimsWorld) -> None:
    claim, payable = world.on_notice(), world.payable()
    for certificate in (claim.certificate, payable.certificate):
        assert certificate is not None
        revoke_certificate(
            certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=at(4, 20)
        )
    with pytest.raises(DomainError) as error:
        claims.end_notice(claim, by=world.officer, at=at(4, 21))
    assert refused(error) == "certificate_revoked"
    assert claims.end_due_notices(at(4, 21)) == 0
    with pytest.raises(DomainError) as error:
        batches.build_batch(world.scheme, COUNTY, by=world.officer, at=at(4, 21))
    assert refused(error) == "batch_empty"
    assert Claim.objects.get(pk=payable.pk).batch is None
    reviewed = claims.start_review(claim, by=world.officer, at=at(4, 22))
    done = claims.reject_claim(reviewed, note="证书已撤销", by=world.approver, at=at(4, 22))
    assert done.state == ClaimState.REJECTED


def test_a_payable_claim_whose_certificate_was_revoked_goes_back_and_is_rejected(world: ClaimsWorld) -> None:
    claim = world.payable()
    with pytest.raises(DomainError) as error:
        claims.start_review(claim, by=world.officer, at=at(4, 21))
    assert refused(error) == "wrong_state", "nothing speaks against it"
    assert "review" not in legal_acts(claim, world.officer)
    assert claim.certificate is not None
    revoke_certificate(
        claim.certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=at(4, 21)
    )
    claim = Claim.objects.get(pk=claim.pk)
    assert "review" in legal_acts(claim, world.officer)
    assert "review" not in legal_acts(claim, world.planner)
    assert list(Claim.objects.all().revoked_before_payment()) == [claim]
    back = claims.start_review(claim, by=world.officer, at=at(4, 22))
    assert (back.state, back.approved_amount, back.notice_until, back.decided_by) == (
        ClaimState.REVIEW, None, None, None,
    )  # fmt: skip
    entry = AuditEntry.objects.get(action="claim.reopen")
    assert (entry.data["because"], entry.data["amount"]) == ("certificate_revoked", "800.00")
    with pytest.raises(Refusals) as again:
        claims.approve_claim(back, amount=Decimal(800), by=world.approver, at=at(4, 22))
    assert "撤销" in str(again.value)
    assert claims.reject_claim(back, note="证书已撤销", by=world.approver, at=at(4, 22)).state == "rejected"


def test_what_was_sent_in_a_batch_does_not_go_back(world: ClaimsWorld) -> None:
    claim = world.batch().claims.get()
    revoke_certificate(
        claim.certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=at(4, 22)
    )
    claim.refresh_from_db()
    with pytest.raises(DomainError) as error:
        claims.start_review(claim, by=world.officer, at=at(4, 22))
    assert refused(error) == "in_batch"
    assert "review" not in legal_acts(Claim.objects.get(pk=claim.pk), world.officer)


def test_a_rate_a_day_is_no_amount_and_no_approval(world: ClaimsWorld) -> None:
    Rate.objects.filter(scheme=world.scheme).update(unit="per_day")
    claim = world.in_review()
    assert (claim.assessed_amount, claim.snapshot["outcome"]) == (None, "no_data")
    shut = review.why_approval_is_shut(claim, review.standing_assessment(claim, at(4, 3)), world.approver)
    assert "按天计" in shut
    with pytest.raises(DomainError) as error:
        claims.approve_claim(claim, amount=Decimal(800), note="x", by=world.approver, at=at(4, 3))
    assert refused(error) == "rate_missing" and "按天计" in str(error.value)


def test_no_column_profile_ends_before_it_begins(world: ClaimsWorld) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ColumnProfile.objects.update(valid_from=dt.date(2026, 1, 2), valid_until=dt.date(2026, 1, 1))
