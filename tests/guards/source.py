"""Where the guards find our own source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("cms", "courses", "caravan", "certificates")  # each may import those before it
# The only files that may name an app above their own: they put the house together.
COMPOSITION_ROOTS = {"cms/urls.py", "cms/settings/base.py", "cms/settings/embedded.py"}


def files(*suffixes: str, apps: tuple[str, ...] = APPS) -> Iterator[Path]:
    """Yield our files with one of ``suffixes``, without migrations."""
    for app in apps:
        for path in sorted((ROOT / app).rglob("*")):
            if path.suffix in suffixes and "migrations" not in path.parts and path.is_file():
                yield path


def name(path: Path) -> str:
    """Return the path as a reader of the repository knows it."""
    return path.relative_to(ROOT).as_posix()


def python_trees(apps: tuple[str, ...] = APPS) -> Iterator[tuple[str, ast.Module]]:
    """Yield each Python file's name with its syntax tree."""
    for path in files(".py", apps=apps):
        yield name(path), ast.parse(path.read_text(encoding="utf-8"))


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and value of each string that is not a docstring."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value
