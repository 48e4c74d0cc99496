"""Every action that the code writes to the audit log has words that a clerk reads."""

from __future__ import annotations

import ast
import re

from cms.audit import TYPED
from cms.audit_words import action_words, data_words
from tests.guards.source import python_trees

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
WRITERS = {"record", "record_many", "_move"}
NOT_DATA = {"by", "at", "for_person"}
# These hold other keys, or are shown side by side.
NESTED = {"changed", "facts", "old", "new"}


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


def written_keys() -> set[str]:
    """Return the keys of what entries hold beside the action: keyword arguments of ``audit.record``."""
    return {
        argument.arg
        for _name, tree in python_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"record", "record_many"}
        and getattr(node.func.value, "id", "") == "audit"
        for argument in node.keywords
        if argument.arg
    } - NOT_DATA


def test_every_key_of_an_entry_has_words() -> None:
    keys = written_keys()
    assert {"reason", "class_no", "amount"} <= keys, "the search finds what is written"
    assert set(data_words.keys()) | {"comment"} >= TYPED
    assert not {key for key in keys - NESTED if key not in data_words}
