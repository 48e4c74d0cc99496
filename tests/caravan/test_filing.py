"""开班备案: what must be complete, what is frozen, who answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caravan.backoffice.todo import filings_to_answer
from caravan.enums import ClassState, FilingDecision, SessionKind, StaffRole
from caravan.models import ClassFiling, TrainerProfile
from caravan.permissions import can_answer_filing
from caravan.services.filing import accept_filing, missing_for_filing, return_filing, submit_class
from caravan.services.planning import assign_staff
from caravan.services.running import cancel_class
from caravan.services.scheduling import move_session
from cms.errors import DomainError, Refusals
from cms.models import AuditEntry
from cms.roles import Role
from cms.services.memberships import grant_role
from tests.caravan.planning_world import NOW, World, local, make_world

pytestmark = pytest.mark.both


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def test_an_empty_class_is_refused_with_every_gap(world: World) -> None:
    opened = world.open()
    with pytest.raises(Refusals) as error:
        submit_class(opened, by=world.planner, at=NOW)
    codes = [one.code for one in error.value.refusals]
    assert codes == [
        "no_class_teacher", "no_sessions", "hours_short", "hours_short", "no_assessor", "no_assessment",
    ]  # fmt: skip
    opened.refresh_from_db()
    assert opened.state == ClassState.DRAFT


def test_hours_are_counted_by_course_and_kind(world: World) -> None:
    opened = world.open()
    world.schedule(opened)
    short = [
        str(one.message) for one in missing_for_filing(opened, on=NOW.date()) if one.code == "hours_short"
    ]
    assert short == [
        "“家务服务员（初级）”的理论要 8 学时，只排了 4 学时。",
        "“家务服务员（初级）”的实操要 16 学时，只排了 0 学时。",
    ]


def test_a_complete_class_is_frozen_and_accepted(world: World) -> None:
    opened = world.ready()
    filing = submit_class(opened, by=world.planner, at=NOW)
    assert filing.snapshot["class_no"] == opened.class_no
    assert filing.snapshot["courses"][0]["hours"]["practice"] == "16.0"
    assert len(filing.snapshot["sessions"]) == opened.sessions.count()
    before = filing.snapshot
    filed = accept_filing(filing, by=world.officer, at=NOW)
    assert filed.state == ClassState.FILED
    move_session(
        filed.sessions.order_by("starts_at")[0], starts_at=local(20, 8, 30), ends_at=local(20, 11, 45), reason="下雨",
        by=world.planner, at=NOW,
    )  # fmt: skip
    filing.refresh_from_db()
    assert filing.decision == FilingDecision.ACCEPTED
    assert filing.snapshot == before
    assert AuditEntry.objects.filter(action="class.accepted").exists()


def test_a_returned_class_can_be_put_right_and_filed_again(world: World) -> None:
    filing = submit_class(world.ready(), by=world.planner, at=NOW)
    with pytest.raises(DomainError) as error:
        return_filing(filing, remarks=" ", by=world.officer, at=NOW)
    assert error.value.code == "remarks_missing"
    returned = return_filing(filing, remarks="教室太小", by=world.officer, at=NOW)
    assert returned.state == ClassState.RETURNED
    again = submit_class(returned, by=world.planner, at=NOW)
    assert returned.filings.count() == 2
    assert accept_filing(again, by=world.officer, at=NOW).state == ClassState.FILED


def test_only_the_regions_officer_answers(world: World) -> None:
    filing = submit_class(world.ready(), by=world.planner, at=NOW)
    for stranger in (world.other_officer, world.planner, world.people["outsider"]):
        with pytest.raises(DomainError) as error:
            accept_filing(filing, by=stranger, at=NOW)
        assert error.value.code == "not_your_region"
    accept_filing(filing, by=world.officer, at=NOW)
    with pytest.raises(DomainError) as error:
        return_filing(filing, remarks="x", by=world.officer, at=NOW)
    assert error.value.code == "filing_answered"


def test_nobody_answers_their_own_filing(world: World) -> None:
    grant_role(world.officer, Role.PLANNER, world.provider, by=None, at=NOW)
    filing = submit_class(world.ready(), by=world.officer, at=NOW)
    with pytest.raises(DomainError) as error:
        accept_filing(filing, by=world.officer, at=NOW)
    assert error.value.code == "own_filing"


def test_who_teaches_cannot_be_the_only_assessor(world: World) -> None:
    opened = world.ready()
    opened.staff.filter(role=StaffRole.ASSESSOR).update(user=world.trainer.user)
    codes = [one.code for one in missing_for_filing(opened, on=NOW.date())]
    assert codes == ["assessor_teaches"]


def test_a_submitted_class_is_not_rearranged(world: World) -> None:
    opened = world.ready()
    submit_class(opened, by=world.planner, at=NOW)
    with pytest.raises(DomainError) as error:
        world.schedule(opened)
    assert error.value.code == "not_plannable"
    with pytest.raises(DomainError):
        assign_staff(opened, world.teacher, StaffRole.TRAINER, by=world.planner, at=NOW)


def test_a_class_cancelled_meanwhile_waits_for_no_answer(world: World) -> None:
    opened = world.ready()
    filing = submit_class(opened, by=world.planner, at=NOW)
    found = filings_to_answer(world.officer)
    assert found is not None and found.count == 1
    assert can_answer_filing(world.officer, ClassFiling.objects.get(pk=filing.pk))
    cancel_class(opened, reason="没有人", by=world.planner, at=NOW)
    found = filings_to_answer(world.officer)
    assert found is not None and found.count == 0
    assert not can_answer_filing(world.officer, ClassFiling.objects.get(pk=filing.pk))


def test_an_assessor_gives_no_lecture_in_the_class(world: World) -> None:
    opened = world.open()
    world.staff(opened)
    speaker = TrainerProfile.objects.create(organisation=world.provider, user=world.assessor, name="考评员")
    with pytest.raises(DomainError) as error:
        world.schedule(opened, kind=SessionKind.LECTURE, class_course=None, hours=Decimal(0), trainer=speaker)
    assert error.value.code == "trainer_assesses"
