"""Every action that the code writes to the audit log has words that a clerk reads."""

from __future__ import annotations

import ast
import re

from cms.audit_words import action_words
from tests.guards.source import python_trees

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
WRITERS = {"record", "record_many", "_move"}


def written_actions() -> set[str]:
    found = set()
    for _name, tree in python_trees():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) in WRITERS
            ):
                found |= {
                    value.value
                    for argument in node.args
                    for value in ast.walk(argument)
                    if isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and CODE.fullmatch(value.value)
                }
    return found


def test_every_written_action_has_words() -> None:
    written = written_actions()
    assert {"enrolment.enrol", "claim.approve", "certificate.issue"} <= written, (
        "the search finds what is written"
    )
    assert not {action for action in written if action not in action_words}
