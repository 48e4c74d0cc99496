"""The life of a class: every move goes through here, by the one table."""

from __future__ import annotations

from django.utils.translation import gettext as _

from caravan.enums import CLASS_MOVES, PLANNABLE, ClassState
from caravan.models import TrainingClass
from cms.errors import DomainError

# From here on a change of date, place, trainer or head-count is a 变更备案 with a reason.
FILED_STATES = frozenset({ClassState.FILED, ClassState.RUNNING, ClassState.ASSESSING})


def lock_class(training_class: TrainingClass) -> TrainingClass:
    """Return the class as it is now, locked until the transaction ends: seats and plans change under this lock.

    ``no_key``: other transactions may still insert rows that point at the class; on SQLite the
    transaction itself is the one writer.
    """
    rows = TrainingClass.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organisation", "venue").get(pk=training_class.pk)


def can_move(training_class: TrainingClass, to: str) -> bool:
    """Say whether the table allows the step."""
    return to in CLASS_MOVES[training_class.state]


def require_move(training_class: TrainingClass, to: str) -> None:
    """Raise ``DomainError`` ``class_state`` for a step that the table does not know; change nothing."""
    if not can_move(training_class, to):
        raise DomainError(
            "class_state",
            _("班级现在是“%(now)s”，不能改成“%(to)s”。")
            % {"now": training_class.get_state_display(), "to": ClassState(to).label},
        )


def move_class(training_class: TrainingClass, to: str) -> TrainingClass:
    """Set the state of a locked class and save it; the caller writes the audit entry.

    Raises ``DomainError`` ``class_state`` for a step that the table does not know.
    """
    require_move(training_class, to)
    training_class.state = ClassState(to)
    training_class.save(update_fields=["state"])
    return training_class


def require_plannable(training_class: TrainingClass, *, reason: str) -> None:
    """Refuse a change of plan in a state that allows none, or without the reason that a filed class needs.

    Raises ``DomainError`` ``not_plannable`` or ``reason_missing`` (design §3, 变更备案).
    """
    if training_class.state not in PLANNABLE:
        raise DomainError(
            "not_plannable",
            _("班级现在是“%(now)s”，不能再改安排。") % {"now": training_class.get_state_display()},
        )
    if training_class.state in FILED_STATES and not reason.strip():
        raise DomainError("reason_missing", _("班级已经备案，改安排要写明变更原因。"), field="reason")
