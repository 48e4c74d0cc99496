"""Apps know only what lies below them: imports, migrations, reverse accessors and strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from importlinter.cli import lint_imports

from tests.guards.source import APPS, COMPOSITION_ROOTS, ROOT, files, name, python_trees, strings


def test_imports_follow_the_contracts() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_migrations_depend_downward() -> None:
    wrong = [
        f"{app}.{migration} depends on {other}"
        for (app, migration), found in MigrationLoader(None).disk_migrations.items()
        for other, _ in found.dependencies
        if app in APPS and other in APPS and APPS.index(other) > APPS.index(app)
    ]
    assert not wrong


def reverse_names() -> dict[str, str]:
    """Return each name by which a lower model reaches an upper one, with the upper field it comes from."""
    names: dict[str, str] = {}
    for model in apps.get_models():
        upper = model._meta.app_label
        own: list[Any] = [*model._meta.local_fields, *model._meta.local_many_to_many]
        for field in own:
            target = getattr(field, "related_model", None)
            lower = target._meta.app_label if target and not isinstance(target, str) else None
            if field.remote_field is None or upper not in APPS or lower not in APPS:
                continue
            if APPS.index(lower) < APPS.index(upper) and not field.remote_field.hidden:
                source = f"{model.__name__}.{field.name}"
                names[field.remote_field.get_accessor_name()] = source
                names[field.related_query_name()] = source
    return names


def upward_in_python(app: str, tree: ast.AST, names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield line and text of each reverse name or dotted string that reaches above ``app``."""
    above = "|".join(APPS[APPS.index(app) + 1 :])
    accessor = re.compile(rf"({'|'.join(names)})(__\w+)?")
    dotted = re.compile(rf"({above})[.:/]\w")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and accessor.fullmatch(node.attr):
            yield node.lineno, f".{node.attr}"
        if isinstance(node, ast.keyword) and node.arg and accessor.fullmatch(node.arg):
            yield node.value.lineno, f"{node.arg}="
    for line, text in strings(tree):
        if accessor.fullmatch(text) or dotted.match(text):
            yield line, repr(text)


def upward_in_template(app: str, text: str, names: Iterable[str]) -> Iterator[str]:
    """Yield each tag or variable of a template of ``app`` that reaches above it."""
    above = "|".join(APPS[APPS.index(app) + 1 :])
    for tag in re.findall(r"{[%{].*?[%}]}", text, flags=re.DOTALL):
        if re.search(rf"\.({'|'.join(names)})\b", tag) or (above and re.search(rf"['\"]({above})[:/.]", tag)):
            yield tag


def test_reverse_names_say_whose_they_are() -> None:
    wrong = {name: source for name, source in reverse_names().items() if not name.startswith(APPS[1:])}
    assert not wrong


def test_lower_apps_name_no_upper_app() -> None:
    names = reverse_names()
    assert names
    wrong = []
    for app in APPS[:-1]:
        own = [name for name in names if name.startswith(APPS[APPS.index(app) + 1 :])]
        for file, tree in python_trees((app,)):
            if file not in COMPOSITION_ROOTS:
                wrong += [f"{file}:{line} {text}" for line, text in upward_in_python(app, tree, own)]
        for path in files(".html", ".txt", apps=(app,)):
            text = path.read_text(encoding="utf-8")
            wrong += [f"{name(path)} {tag}" for tag in upward_in_template(app, text, own)]
    assert not wrong, "\n".join(wrong)


def test_the_guard_sees_each_way_up() -> None:
    planted = """
course.caravan_classes.all()
Course.objects.filter(caravan_classes__state="open")
Course.objects.prefetch_related("caravan_classes__sessions")
apps.get_model("caravan.TrainingClass")
reverse("certificates:verify")
"""
    names = ["caravan_classes"]
    assert len(list(upward_in_python("courses", ast.parse(planted), names))) == 5
    harmless = 'person.courses_records; name = "caravan_job"; "a caravan came"'
    assert not list(upward_in_python("courses", ast.parse(harmless), names))
    assert list(upward_in_template("cms", '{% include "caravan/card.html" %}', names))
    assert list(upward_in_template("courses", "{{ course.caravan_classes.count }}", names))
    assert not list(upward_in_template("caravan", '{% include "caravan/card.html" %}', names))
