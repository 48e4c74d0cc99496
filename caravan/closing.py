"""What stands between a class and its closing, for the two screens that close it."""

from __future__ import annotations

from dataclasses import dataclass

from caravan.enums import ClassState, EnrolmentState
from caravan.models import Session, TrainingClass
from caravan.services.running import closing_refusals
from caravan.standing import PersonStanding, open_rolls, standing_of
from cms.errors import DomainError


@dataclass(frozen=True)
class ClosingReport:
    """Everybody's standing and what is missing before the class may close."""

    training_class: TrainingClass
    people: list[PersonStanding]
    refusals: list[DomainError]
    open_sessions: list[Session]

    @property
    def done(self) -> int:
        """Return how many would complete now."""
        return sum(person.is_done for person in self.people)

    @property
    def short(self) -> int:
        """Return how many would be recorded as not completed; lack of hours keeps no class from closing."""
        return sum(
            not person.is_done and person.enrolment.state == EnrolmentState.ENROLLED for person in self.people
        )

    @property
    def is_closed(self) -> bool:
        """Whether the results stand and are shown in place of what was lacking."""
        return self.training_class.state in {ClassState.CLOSED, ClassState.ARCHIVED}

    @property
    def completed(self) -> int:
        """Return how many have completed."""
        return sum(person.enrolment.state == EnrolmentState.COMPLETED for person in self.people)

    @property
    def not_completed(self) -> int:
        """Return how many have not; who never came is neither."""
        return sum(person.enrolment.state == EnrolmentState.NOT_COMPLETED for person in self.people)

    @property
    def can_close(self) -> bool:
        """Whether the class is where it can be closed."""
        return self.training_class.state == ClassState.ASSESSING

    @property
    def can_end_teaching(self) -> bool:
        """Whether teaching can be declared over."""
        return self.training_class.state == ClassState.RUNNING


def closing_report(training_class: TrainingClass) -> ClosingReport:
    """Read the report: a fixed number of queries."""
    rows = training_class.enrolments.filter(
        state__in=[
            EnrolmentState.ENROLLED, EnrolmentState.NO_SHOW, EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED,
        ]
    )  # fmt: skip
    people = standing_of(training_class, rows.select_related("person").order_by("roll_no"))
    return ClosingReport(
        training_class, people, closing_refusals(training_class, people), open_rolls(training_class)
    )
