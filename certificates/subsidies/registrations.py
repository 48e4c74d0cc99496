"""What subsidies register with the apps below."""

from __future__ import annotations

from certificates.subsidies import todo
from certificates.subsidies.enums import BatchState, ClaimState, Outcome
from certificates.subsidies.panels import ClaimAdvice
from cms.backoffice.panels import learner_panels
from cms.backoffice.todo import todos
from cms.ui import register_state_colours

register_state_colours(
    ClaimState,
    {
        ClaimState.SUBMITTED: "info",
        ClaimState.REVIEW: "info",
        ClaimState.HOLD: "warn",
        ClaimState.NOTICE: "warn",
        ClaimState.PAYABLE: "warn",
        ClaimState.PAID: "good",
        ClaimState.REJECTED: "bad",
        ClaimState.PAYMENT_FAILED: "bad",
        ClaimState.RECOVERING: "bad",
    },
)
register_state_colours(Outcome, {Outcome.YES: "good", Outcome.NO: "bad", Outcome.NO_DATA: "warn"})
register_state_colours(BatchState, {BatchState.FROZEN: "info", BatchState.EXPORTED: "good"})
learner_panels.register("claim_advice", ClaimAdvice())

todos.register("claims_to_review", todo.claims_to_review)
todos.register("claims_to_approve", todo.claims_to_approve)
todos.register("claims_to_send", todo.claims_to_send)
