"""The version of this code, as ``pyproject.toml`` says it."""

from __future__ import annotations

import tomllib
from functools import cache

from django.conf import settings


@cache
def version() -> str:
    """Return the project's version, or ``unknown`` where the file was not installed."""
    path = settings.BASE_DIR / "pyproject.toml"
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError):
        return "unknown"
