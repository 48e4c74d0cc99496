"""What the refresher registers with the apps below."""

from __future__ import annotations

from certificates.refreshers import (
    exports,  # noqa: F401  registers by import
    message_kinds,  # noqa: F401  registers by import
    todo,
)
from certificates.refreshers.enums import RefresherState
from certificates.refreshers.panels import RefresherCountdown
from cms.backoffice.panels import learner_panels
from cms.backoffice.todo import todos
from cms.ui import register_state_colours

register_state_colours(
    RefresherState,
    {
        RefresherState.CURRENT: "good",
        RefresherState.DUE_SOON: "warn",
        RefresherState.IN_GRACE: "warn",
        RefresherState.OVERDUE: "bad",
    },
)
learner_panels.register("refresher_countdown", RefresherCountdown())
todos.register("refreshers_due", todo.refreshers_due)
