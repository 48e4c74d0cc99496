"""The buttons of a class: one table of what may be done when, by whom, by which service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from caravan.duties import leads_class
from caravan.enums import ClassState
from caravan.models import TrainingClass
from caravan.services import filing, running
from caravan.services.states import can_move
from cms.models import User


@dataclass(frozen=True)
class ClassAction:
    """One step in a class's life; ``reason``: required, or asked for and may stay empty."""

    key: str
    label: str | Promise
    to: ClassState
    service: Callable[..., Any]
    done: str | Promise
    asks_reason: bool = False
    needs_reason: bool = False
    is_serious: bool = False


ACTIONS = {
    action.key: action
    for action in (
        ClassAction("submit", _("报备开班"), ClassState.SUBMITTED, filing.submit_class, _("报上去了，等补贴专员答复。")),
        ClassAction("start", _("开班"), ClassState.RUNNING, running.start_class, _("开班了。")),
        ClassAction(
            "end_teaching", _("课上完了"), ClassState.ASSESSING, running.end_teaching, _("转入考核。"), asks_reason=True
        ),
        ClassAction(
            "close", _("结业"), ClassState.CLOSED, running.close_class, _("结业了，学时和成绩都记进了培训记录。"),
            asks_reason=True,
        ),
        ClassAction(
            "archive", _("归档"), ClassState.ARCHIVED, running.archive_class, _("归档了，公开的课表上不再显示。")
        ),
        ClassAction(
            "cancel", _("取消班级"), ClassState.CANCELLED, running.cancel_class, _("班级取消了，教室和讲师都空出来了。"),
            asks_reason=True, needs_reason=True, is_serious=True,
        ),
    )
}  # fmt: skip


def legal_actions(user: User, training_class: TrainingClass) -> list[ClassAction]:
    """Return the buttons for ``user``: legal by the table of states, and theirs to press."""
    if not leads_class(user, training_class):
        return []
    return [action for action in ACTIONS.values() if can_move(training_class, action.to)]
