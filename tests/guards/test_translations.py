"""The English pages are complete: the check that `make check` runs can fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.guards.source import APPS, ROOT


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """The script ``deploy/messages.py`` as a module."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "deploy" / "messages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _project(folder: Path, catalogue: str) -> Path:
    for app in APPS:
        (folder / app).mkdir()
    (folder / "caravan" / "errors.py").write_text('_("班级已满")\n_("请您稍候")\n', encoding="utf-8")
    path = folder / "caravan" / "locale" / "en" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    path.write_text(head + catalogue, encoding="utf-8")
    return folder


def test_a_complete_catalogue_passes(messages: ModuleType, tmp_path: Path) -> None:
    full = 'msgid "班级已满"\nmsgstr "The class is full"\n\nmsgid "请您稍候"\nmsgstr "Please wait"\n'
    assert messages.check(_project(tmp_path, full)) == []


def test_a_missing_and_an_empty_translation_are_named(messages: ModuleType, tmp_path: Path) -> None:
    faults = messages.check(_project(tmp_path, 'msgid "请您稍候"\nmsgstr ""\n'))
    assert len(faults) == 2
    assert "班级已满" in "".join(faults)
    assert "请您稍候" in "".join(faults)
    assert "caravan/errors.py" in faults[0]


def test_a_lost_placeholder_is_named(messages: ModuleType, tmp_path: Path) -> None:
    wrong = '#, python-format\nmsgid "还有 %(count)s 人"\nmsgstr "more people"\n'
    assert any("count" in fault for fault in messages.check(_project(tmp_path, wrong)))
