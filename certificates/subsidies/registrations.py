"""What subsidies register with the apps below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.subsidies import exports as claim_exports  # noqa: F401  registered by import
from certificates.subsidies import message_kinds, my_data, todo  # noqa: F401  registered by import
from certificates.subsidies.enums import BatchState, ClaimState, Outcome, PaymentOutcome, RecoveryEntryKind
from certificates.subsidies.models import Claim, ClaimBatch
from certificates.subsidies.panels import ClaimAdvice
from certificates.subsidies.services import exports
from cms.backoffice.panels import learner_panels
from cms.backoffice.todo import todos
from cms.enums import FileKind
from cms.rotation import keyed_stores, token_column
from cms.services.file_links import file_doors
from cms.services.successions import region_contents, rows_in_region
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
register_state_colours(PaymentOutcome, {PaymentOutcome.PAID: "good", PaymentOutcome.FAILED: "bad"})
register_state_colours(
    RecoveryEntryKind,
    {
        RecoveryEntryKind.NOTIFIED: "info",
        RecoveryEntryKind.RETURNED: "good",
        RecoveryEntryKind.WRITTEN_OFF: "warn",
    },
)
register_state_colours(BatchState, {BatchState.FROZEN: "info", BatchState.EXPORTED: "good"})
learner_panels.register("claim_advice", ClaimAdvice())

keyed_stores.register("claim_batches", token_column(ClaimBatch, "snapshot_token", _("补贴批次快照")))
file_doors.register(FileKind.BATCH_EXPORT, exports.may_have)
region_contents.register("claims", rows_in_region(Claim))

todos.register("claims_to_review", todo.claims_to_review)
todos.register("claims_to_approve", todo.claims_to_approve)
todos.register("claims_on_hold", todo.claims_on_hold)
todos.register("claims_to_send", todo.claims_to_send)
todos.register("claims_revoked", todo.claims_revoked)
todos.register("batches_to_export", todo.batches_to_export)
todos.register("batches_to_answer", todo.batches_to_answer)
todos.register("claims_not_paid", todo.claims_not_paid)
todos.register("claims_to_recover", todo.claims_to_recover)
todos.register("recoveries_running", todo.recoveries_running)
