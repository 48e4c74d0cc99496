"""The house stays legible: short modules and functions, and nothing sent before the commit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.guards.source import ROOT, files, name, python_trees

MODULE_LINES = 450
FUNCTION_LINES = 60
_HOST = re.compile(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
# Names in documents, never fetched: XML name spaces and places reserved for examples.
_NEVER_FETCHED = {"www.w3.org", "example.com", "www.example.com", "127.0.0.1", "ns.adobe.com", "purl.org"}
# A sweep sends again what was committed long ago.
_SWEEPS = {"cms/tasks.py"}


def test_modules_are_short() -> None:
    long = {name(path): lines for path in files(".py") if (lines := _lines(path)) > MODULE_LINES}
    assert not long


def _lines(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_functions_are_short() -> None:
    long = [
        f"{file}:{node.lineno} {node.name} has {length} lines"
        for file, tree in python_trees()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not long


def sent_at_once(tree: ast.AST) -> Iterator[int]:
    """Yield the line of each task sent without waiting for the commit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async"}:
            yield node.lineno


def test_tasks_are_sent_on_commit() -> None:
    wrong = [
        f"{file}:{line}"
        for file, tree in python_trees()
        if file not in _SWEEPS
        for line in sent_at_once(tree)
    ]
    assert not wrong, f"use delay_on_commit: {wrong}"


def test_the_guard_sees_a_task_sent_at_once() -> None:
    assert list(sent_at_once(ast.parse("run_job.delay(1)\nrun_job.delay_on_commit(2)"))) == [1]


def foreign_hosts(text: str) -> set[str]:
    """Return the hosts that a page with ``text`` could ask."""
    return {host.lower() for host in _HOST.findall(text)} - _NEVER_FETCHED


def test_pages_name_no_other_host() -> None:
    wrong = {}
    for path in files(".html", ".css", ".js", ".svg"):
        # A vendored file names its project's site in a comment; what it fetches is seen in the browser.
        if "vendor" not in path.parts and (hosts := foreign_hosts(path.read_text(encoding="utf-8"))):
            wrong[name(path)] = sorted(hosts)
    assert not wrong


def test_the_guard_sees_another_host() -> None:
    assert foreign_hosts('<script src="//cdn.host.net/x.js">') == {"cdn.host.net"}
    assert not foreign_hosts('xmlns="http://www.w3.org/2000/svg" // a comment')


def test_the_project_holds_no_folder_for_leftovers() -> None:
    names = {"utils", "helpers", "common", "misc"}
    assert not [name(path) for path in files(".py") if path.stem in names or path.parent.name in names]
    assert ROOT.joinpath("pyproject.toml").exists()
