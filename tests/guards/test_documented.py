"""What an operator can say to the project is written down in docs/."""

from __future__ import annotations

import ast
import re

from django.core.management import get_commands

from tests.guards.source import APPS, ROOT, python_trees

_READERS = {
    "env_str", "env_bool", "env_int", "env_list", "env_secret", "env_secret_or_empty", "env_secrets", "env_pems",
}  # fmt: skip


def documentation() -> str:
    """Return all that the README and docs/ say."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def environment_names() -> set[str]:
    """Return every environment variable that the settings read."""
    names = set()
    for _, tree in python_trees(("cms",)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _READERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    names.add(str(first.value))
    return names


def test_every_environment_variable_is_documented() -> None:
    text = documentation()
    names = environment_names()
    assert {"SECRET_KEY", "DATABASE_URL"} <= names
    missing = {name for name in names if not re.search(rf"`{name}(\(_FILE\))?`", text)}
    assert not missing


def test_every_command_is_documented() -> None:
    text = documentation()
    ours = {command for command, app in get_commands().items() if str(app).split(".")[0] in APPS}
    assert "serve" in ours
    missing = {command for command in ours if not re.search(rf"`(manage\.py )?{command}\b", text)}
    assert not missing
